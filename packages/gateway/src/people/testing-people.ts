import { EventEmitter } from 'node:events';
import { openTestGateway, type TestGateway } from '../cli/test-gateway.ts';
import type { Clock } from '../core/clock.ts';
import type { PeopleConfig } from '../config/config.ts';
import { createAuth } from './better-auth/auth.ts';
import { endBrowserKeys } from './browser-keys.ts';
import type { PeopleDeps } from './deps.ts';
import { refusedDomains } from './disposable-domains.ts';
import { createGate, type AuthAsk, type AuthAnswer } from './gate.ts';
import { createHomeKeeper } from './home-account.ts';
import type { Mail, Mailer } from './mail.ts';
import { claimOperatorLink } from './operator-link.ts';
import { type Person, personActor } from './person.ts';
import { createPeopleSessions } from './sessions.ts';
import { createSignUpRules } from './sign-up.ts';
import { createUsedCodes } from './used-codes.ts';
import type { Fault } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import { type OpenedPeople, openPeopleStore } from '../store/sqlite/people/open.ts';

export const SITE = 'http://localhost:8080';
export const PASSWORD = 'correct horse 1';

/** People over real stores in a folder of their own, and a browser's side of `/api/auth`. */
export type TestPeople = {
  gateway: TestGateway;
  deps: PeopleDeps;
  mails: Mail[];
  /** The next mail to be sent from now on. */
  nextMail(): Promise<Mail>;
  /** `signUp` may be changed while it runs. */
  settings: Pick<PeopleConfig, 'signUp'>;
  database: OpenedPeople['database'];
  ask(
    path: string,
    fields?: Record<string, unknown>,
    more?: Partial<AuthAsk>,
  ): Promise<Result<AuthAnswer, Fault>>;
  /** Signs up and in; the person and their cookie. */
  join(email: string, more?: { ticket?: string; verified?: boolean; address?: string }): Promise<Joined>;
  person(cookie: string): Promise<Person | undefined>;
  resetToken(personId: string): Promise<string>;
  dispose(): Promise<void>;
};
export type Joined = { person: Person; cookie: string };

/** `ownMailer`: instead of one that keeps mails. */
export async function openTestPeople(
  clock: Clock,
  config: Partial<PeopleConfig> = {},
  ownMailer?: Mailer,
): Promise<TestPeople> {
  const gateway = await openTestGateway(clock);
  const mails: Mail[] = [];
  const { context } = gateway;
  const settings: Omit<PeopleConfig, 'freeCreditsPerAddress' | 'secret' | 'smtp'> = {
    signUp: 'open',
    requireVerifiedEmail: false,
    sessionMs: 7 * 86_400_000,
    refusedEmailDomains: ['throw.example'],
    wallet: true,
    oauth: [],
    ...config,
  };
  const sent = new EventEmitter<{ mail: [Mail] }>();
  const mailer = ownMailer ?? { send: (mail: Mail) => void (mails.push(mail), sent.emit('mail', mail)) };
  const deps: PeopleDeps = {
    ...context.people.deps,
    mailer,
    siteUrl: () => SITE,
    refusedDomains: refusedDomains(settings.refusedEmailDomains),
  };
  const { store } = deps;
  const opened = openPeopleStore(gateway.directory, clock);
  const signUp = createSignUpRules({ clock, store, registry: deps.registry, config: settings });
  const made = createAuth({
    clock,
    database: opened.database,
    secret: 'a secret of tests that has more than 32 characters',
    brand: 'Acme',
    siteUrl: SITE,
    otherOrigins: [],
    config: settings,
    mailer,
    usedCodes: createUsedCodes(clock),
    mayJoin: signUp.mayJoin,
    onSessionEnd: (personId) => endBrowserKeys(deps, personId, personActor(personId)),
    forgetOtherWays: (personId) => store.forgetOtherWays(personId),
  });
  const auth = () => Promise.resolve(made);
  const sessions = createPeopleSessions({ store, home: createHomeKeeper(deps), auth });
  const gate = createGate({
    clock,
    auth,
    sessions,
    claimOperator: (person, token) => claimOperatorLink(deps, person, token),
    signUp,
    siteUrl: () => SITE,
    origins: () => [SITE],
  });
  const ask: TestPeople['ask'] = (path, fields, more = {}) =>
    gate.handle({
      method: fields === undefined ? 'GET' : 'POST',
      path,
      query: '',
      body: Buffer.from(fields === undefined ? '' : JSON.stringify(fields)),
      address: '192.0.2.1',
      ...more,
      headers: { origin: SITE, 'sec-fetch-site': 'same-origin', ...more.headers },
    });
  const person: TestPeople['person'] = (cookie) => sessions.read({ cookie });
  return {
    gateway,
    deps,
    mails,
    nextMail: () => new Promise((resolve) => void sent.once('mail', resolve)),
    settings,
    database: opened.database,
    ask,
    person,
    resetToken: (personId) => made.resetToken(personId),
    async join(email, { ticket, verified = false, address = '192.0.2.1' } = {}) {
      const name = email.split('@')[0] ?? '';
      const ticketField = ticket === undefined ? {} : { ticket };
      const signedUp = await ask(
        '/sign-up/email',
        { name, email, password: PASSWORD, ...ticketField },
        { address },
      );
      if (!signedUp.ok) throw new Error(`sign-up: ${signedUp.error.code}`);
      if (verified) store.markEmailVerified(store.personByEmail(email)?.id ?? '');
      const signedIn = await ask('/sign-in/email', { email, password: PASSWORD }, { address });
      if (!signedIn.ok) throw new Error(`sign-in: ${signedIn.error.code}`);
      const cookie = cookieOf(signedIn.value);
      const found = await person(cookie);
      if (found === undefined) throw new Error('no session');
      return { person: found, cookie };
    },
    async dispose() {
      opened.store.close();
      await gateway.dispose();
    },
  };
}

/** What a browser sends back of the cookies that it got. */
export function cookieOf({ cookies }: AuthAnswer): string {
  return cookies.map((cookie) => cookie.split(';', 1)[0] ?? '').join('; ');
}

/** Asks for what must be given, and reads the answer. Throws with the code of a refusal. */
export async function askWell(
  people: TestPeople,
  path: string,
  { fields, cookie }: { fields: Record<string, unknown> | undefined; cookie: string },
) {
  const answer = await people.ask(path, fields, { headers: { cookie } });
  if (!answer.ok) throw new Error(`${path}: ${answer.error.code}`);
  return { cookie: cookieOf(answer.value), body: JSON.parse(answer.value.body) };
}
