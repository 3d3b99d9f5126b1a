import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { faultOf, notOwnPage, OTHER_SITE, TOO_MANY } from './better-auth/answers.ts';
import type { Auth } from './better-auth/auth.ts';
import {
  ADDRESS_HEADER,
  AUTH_PATH,
  authPath,
  CLAIM_PATH,
  isReturn,
  type PathRow,
  RESET_REQUEST_PATH,
  REVOKE_OTHERS_PATH,
  SIGN_UP_PATH,
  TOTP_PATH,
} from './better-auth/paths.ts';
import { foreignPage } from './better-auth/wanted-page.ts';
import type { Person, PeopleSessions } from './person.ts';
import { cleanName } from './person-name.ts';
import { providerReturn } from './provider-return.ts';
import type { SignUpRules } from './sign-up.ts';
import { createTries } from './tries.ts';
import { createTurnstile } from './turnstile.ts';

/** A request below `/api/auth`. `path` begins with a slash; `query` is empty or begins with `?`. */
export type AuthAsk = {
  method: 'GET' | 'POST';
  path: string;
  query: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  address: string;
};

export type AuthAnswer = {
  status: number;
  /** Only what a browser needs of it. */
  location: string | undefined;
  cookies: readonly string[];
  body: string;
};

export type Gate = {
  /** Errors: `not_found`, `permission_denied`, `invalid_json`, `rate_limit_exceeded`, and those of `faultOf` and sign-up. */
  handle(ask: AuthAsk): Promise<Result<AuthAnswer, Fault>>;
};

export type GateDeps = {
  clock: Clock;
  auth(): Promise<Auth>;
  signUp: SignUpRules;
  sessions: PeopleSessions;
  /** Uses the operator's one-time link up. */
  claimOperator(person: Person, token: unknown): Promise<Result<undefined, Fault>>;
  siteUrl(): string;
  /** Every origin of this site. */
  origins(): readonly string[];
};

/**
 * Passwords that are hashed at once, and that wait for it: two leave the other threads of the process, which look up
 * hosts and read files, to the requests that are being served.
 */
const HASHES = { atOnceMax: 2, waitingMax: 40 };

/**
 * The only way to Better Auth. Deny by default: known paths and fields only, from pages of this site only, so many tries
 * only. Answers are cut down to what a browser needs, refusals are in the words of the catalogue.
 */
export function createGate(deps: GateDeps): Gate {
  const tries = createTries(deps.clock);
  const hashing = createTurnstile(HASHES);

  async function claim(ask: AuthAsk, token: unknown): Promise<Result<AuthAnswer, Fault>> {
    const person = await deps.sessions.read(ask.headers);
    if (person === undefined) return failed(fault('sign_in_failed', { message: 'Sign in first.' }));
    const claimed = await deps.claimOperator(person, token);
    return claimed.ok ? ok(answerWith({ done: true })) : claimed;
  }

  async function signUp(ask: AuthAsk, { ticket, ...fields }: Fields): Promise<Result<AuthAnswer, Fault>> {
    const allowed = deps.signUp.check({ email: fields['email'], ticket });
    if (!allowed.ok) return allowed;
    const response = await forward(deps, ask, fields);
    if (response.ok) await deps.signUp.done(allowed.value, await response.clone().json());
    return answerOf(response);
  }

  /** Answered at once: only for a known address something is written, and how long that takes would tell of it. */
  function requestReset(ask: AuthAsk, fields: Fields): Result<AuthAnswer, Fault> {
    void forward(deps, ask, fields).catch(() => undefined);
    return ok(answerWith({ status: true }));
  }

  /**
   * Who turns the second factor on ends the sessions that never passed it: they would count as if they had. A code that
   * ends a sign-in comes here, too, and ends none.
   */
  async function verifyTotp(ask: AuthAsk, fields: Fields): Promise<Result<AuthAnswer, Fault>> {
    const person = await deps.sessions.read(ask.headers);
    const response = await forward(deps, ask, fields);
    if (response.ok && person?.twoFactor === false) {
      const cookie = response.headers
        .getSetCookie()
        .map((line) => line.split(';', 1)[0])
        .join('; ');
      await forward(deps, { ...ask, path: REVOKE_OTHERS_PATH, headers: { ...ask.headers, cookie } }, {});
    }
    return answerOf(response);
  }

  async function act(ask: AuthAsk, fields: Fields): Promise<Result<AuthAnswer, Fault>> {
    if (isReturn(ask.path)) return ok(await providerReturn(deps, forward(deps, ask, fields)));
    switch (ask.path) {
      case CLAIM_PATH:
        return claim(ask, fields['token']);
      case SIGN_UP_PATH:
        return signUp(ask, fields);
      case RESET_REQUEST_PATH:
        return requestReset(ask, fields);
      case TOTP_PATH:
        return verifyTotp(ask, fields);
      default:
        return answerOf(await forward(deps, ask, fields));
    }
  }

  return {
    async handle(ask) {
      const row = authPath(ask.path);
      if (row === undefined) return failed(fault('not_found'));
      if (row.method !== ask.method) return failed(fault('method_not_allowed'));
      if (ask.method === 'POST' && !isSameSite(ask.headers, deps.origins())) return failed(OTHER_SITE);
      const sent = ask.method === 'POST' ? readFields(ask.body) : {};
      if (sent === undefined) return failed(fault('invalid_json'));
      const fields = takenFields(row, sent);
      const query = ask.method === 'GET' ? ask.query : '';
      const foreign = foreignPage(
        { ...Object.fromEntries(new URLSearchParams(query)), ...fields },
        deps.origins(),
      );
      if (foreign !== undefined) return failed(notOwnPage(foreign));
      const mayGoOn =
        row.counts === undefined ||
        (row.counts === 'try' ? tries.mayTry(ask.address, fields['email']) : tries.mayBegin(ask.address));
      if (!mayGoOn) return failed(TRY_LATER);
      const work = () => act({ ...ask, query }, fields);
      return row.hashes === true ? ((await hashing.pass(work)) ?? failed(TRY_LATER)) : work();
    },
  };
}

const TRY_LATER = fault('rate_limit_exceeded', { message: TOO_MANY, retryAfterMs: 60_000 });

type Fields = Readonly<Record<string, unknown>>;

function takenFields({ takes, always }: PathRow, sent: Fields): Fields {
  const taken = Object.entries(sent).filter(([name]) => takes.includes(name));
  const { name, ...rest } = Object.fromEntries(taken);
  return { ...rest, ...(typeof name === 'string' ? { name: cleanName(name) } : {}), ...always };
}

function answerWith(body: object): AuthAnswer {
  return { status: 200, location: undefined, cookies: [], body: JSON.stringify(body) };
}

/** Browsers say where a request comes from, and pages cannot change what they say. Other programs say nothing. */
export function isSameSite(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin } = headers;
  if (origin !== undefined) return origins.includes(origin);
  // Only a browser has cookies to send, and every browser names the origin.
  return headers.cookie === undefined;
}

function readFields(body: Buffer): Record<string, unknown> | undefined {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch {
    return undefined;
  }
}

/** What clients send besides these is not passed on, above all no header that names an address or a host. */
const PASSED_HEADERS = ['cookie', 'origin', 'user-agent'] as const;

async function forward(deps: GateDeps, ask: AuthAsk, fields: Fields): Promise<Response> {
  const headers = new Headers({ [ADDRESS_HEADER]: ask.address });
  for (const name of PASSED_HEADERS) {
    const value = ask.headers[name];
    if (value !== undefined) headers.set(name, value);
  }
  const url = `${deps.siteUrl()}${AUTH_PATH}${ask.path}${ask.query}`;
  const auth = await deps.auth();
  if (ask.method === 'GET') return auth.handle(new Request(url, { headers }));
  headers.set('content-type', 'application/json');
  return auth.handle(new Request(url, { method: 'POST', headers, body: JSON.stringify(fields) }));
}

async function answerOf(response: Response): Promise<Result<AuthAnswer, Fault>> {
  const text = await response.text();
  if (response.status >= 400) return failed(faultOf(response.status, codeOf(text)));
  return ok({
    status: response.status,
    location: response.headers.get('location') ?? undefined,
    cookies: response.headers.getSetCookie(),
    body: withoutSession(text),
  });
}

function codeOf(text: string): string {
  const value = parsed(text);
  return value !== undefined && typeof value['code'] === 'string' ? value['code'] : '';
}

/**
 * The session's token is in the cookie, where no script can read it; it shall not be in the body beside it, neither by
 * itself nor in the session that is told after a passkey.
 */
function withoutSession(text: string): string {
  const value = parsed(text);
  if (value === undefined) return text;
  const { token: _token, session: _session, ...rest } = value;
  return JSON.stringify(rest);
}

function parsed(text: string): Record<string, unknown> | undefined {
  return text.startsWith('{') ? readFields(Buffer.from(text)) : undefined;
}
