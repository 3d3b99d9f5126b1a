import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { createAddressGuard } from '../limits/address-guard.ts';
import { faultOf, notOwnPage, OTHER_SITE, TOO_MANY } from './better-auth/answers.ts';
import type { Auth } from './better-auth/auth.ts';
import { ADDRESS_HEADER, AUTH_PATH, authPath, CLAIM_PATH, isReturn } from './better-auth/paths.ts';
import { foreignPage } from './better-auth/wanted-page.ts';
import { mailboxOf } from './email-address.ts';
import { networkOf } from './network.ts';
import type { Person, PeopleSessions } from './person.ts';
import { providerReturn } from './provider-return.ts';
import type { SignUpRules } from './sign-up.ts';

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

/** Tries with a secret per minute: of one network address, and for one mailbox from everywhere. */
const TRIES_PER_ADDRESS = 30;
const TRIES_PER_MAILBOX = 10;

/**
 * The only way to Better Auth. Deny by default: known paths only, from pages of this site only, so many tries only.
 * Answers are cut down to what a browser needs, refusals are in the words of the catalogue.
 */
export function createGate(deps: GateDeps): Gate {
  const byAddress = createAddressGuard(deps.clock, TRIES_PER_ADDRESS);
  const byMailbox = createAddressGuard(deps.clock, TRIES_PER_MAILBOX);

  function refusedTry(address: string, fields: Record<string, unknown>): Fault | undefined {
    const network = networkOf(address);
    const mailbox =
      typeof fields['email'] === 'string' ? mailboxOf(fields['email'].slice(0, 320)) : undefined;
    const free = byAddress.allows(network) && (mailbox === undefined || byMailbox.allows(mailbox));
    byAddress.noteFailure(network);
    if (mailbox !== undefined) byMailbox.noteFailure(mailbox);
    return free ? undefined : fault('rate_limit_exceeded', { message: TOO_MANY, retryAfterMs: 60_000 });
  }

  async function claim(ask: AuthAsk, token: unknown): Promise<Result<AuthAnswer, Fault>> {
    const person = await deps.sessions.read(ask.headers);
    if (person === undefined) return failed(fault('sign_in_failed', { message: 'Sign in first.' }));
    const claimed = await deps.claimOperator(person, token);
    if (!claimed.ok) return claimed;
    return ok({ status: 200, location: undefined, cookies: [], body: JSON.stringify({ done: true }) });
  }

  return {
    async handle(ask) {
      const row = authPath(ask.path);
      if (row === undefined) return failed(fault('not_found'));
      if (row.method !== ask.method) return failed(fault('method_not_allowed'));
      if (ask.method === 'POST' && !isSameSite(ask.headers, deps.origins())) return failed(OTHER_SITE);
      const sent = ask.method === 'POST' ? readFields(ask.body) : {};
      if (sent === undefined) return failed(fault('invalid_json'));
      const { takes } = row;
      const fields =
        takes === undefined
          ? sent
          : Object.fromEntries(Object.entries(sent).filter(([name]) => takes.includes(name)));
      const foreign = foreignPage(
        { ...Object.fromEntries(new URLSearchParams(ask.query)), ...fields },
        deps.origins(),
      );
      if (foreign !== undefined) return failed(notOwnPage(foreign));
      const refused = row.guess === true ? refusedTry(ask.address, fields) : undefined;
      if (refused !== undefined) return failed(refused);
      if (ask.path === CLAIM_PATH) return claim(ask, fields['token']);
      if (isReturn(ask.path)) return ok(await providerReturn(deps, forward(deps, ask, fields)));
      if (ask.path !== '/sign-up/email') return answerOf(await forward(deps, ask, fields));
      const { ticket, ...rest } = fields;
      const allowed = deps.signUp.check({ email: rest['email'], ticket });
      if (!allowed.ok) return allowed;
      const response = await forward(deps, ask, rest);
      if (response.ok) await deps.signUp.done(allowed.value, await response.clone().json());
      return answerOf(response);
    },
  };
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

async function forward(deps: GateDeps, ask: AuthAsk, fields: Record<string, unknown>): Promise<Response> {
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
    body: withoutToken(text),
  });
}

function codeOf(text: string): string {
  const value = parsed(text);
  return value !== undefined && typeof value['code'] === 'string' ? value['code'] : '';
}

/** The session's token is in the cookie, where no script can read it; it shall not be in the body beside it. */
function withoutToken(text: string): string {
  const value = parsed(text);
  if (value === undefined) return text;
  const { token: _token, ...rest } = value;
  return JSON.stringify(rest);
}

function parsed(text: string): Record<string, unknown> | undefined {
  return text.startsWith('{') ? readFields(Buffer.from(text)) : undefined;
}
