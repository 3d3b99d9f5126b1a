import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeopleConfig } from '../config/config.ts';
import { secret } from '../config/secret.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { AuthAnswer } from './gate.ts';
import { invite } from './invitations.ts';
import { RETURN_TIMEOUT_MS } from './provider-return.ts';
import { startOidcProvider, type OidcFault, type OidcProvider } from './testing-oidc-provider.ts';
import { cookieOf, openTestPeople, PASSWORD, SITE, type TestPeople } from './testing-people.ts';
import { totp } from './testing-totp.ts';

let provider: OidcProvider;
let people: TestPeople;
beforeEach(async () => {
  provider = await startOidcProvider();
});
afterEach(async () => {
  provider.close();
  await people.dispose();
});

async function open(config: Partial<PeopleConfig> = {}, clock: Clock = systemClock): Promise<void> {
  const { discoveryUrl, clientId, clientSecret } = provider;
  const oauth = [{ name: 'acme', discoveryUrl, clientId, clientSecret: secret(clientSecret) }];
  people = await openTestPeople(clock, { oauth, ...config });
}

type Start = { url: string; cookie: string };

async function begin(path = '/sign-in/social', cookie = ''): Promise<Start> {
  const fields = { provider: 'acme', callbackURL: '/app/keys', errorCallbackURL: '/sign-in' };
  const answer = await people.ask(path, fields, { headers: { cookie } });
  if (!answer.ok) throw new Error(answer.error.code);
  const body: unknown = JSON.parse(answer.value.body);
  return { url: (body as { url: string }).url, cookie: joined(cookie, cookieOf(answer.value)) };
}

const joined = (...cookies: string[]) => cookies.filter((one) => one !== '').join('; ');

/** Where the provider sends the browser. */
async function atProvider(url: string): Promise<URL> {
  const response = await fetch(url, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? 'none:');
}

function comeBack(back: URL, cookie: string) {
  const path = back.pathname.replace('/api/auth', '');
  return people.ask(path, undefined, { query: back.search, headers: { cookie } });
}

async function flow(start?: Start): Promise<AuthAnswer> {
  const { url, cookie } = start ?? (await begin());
  const answer = await comeBack(await atProvider(url), cookie);
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value;
}

const personOf = (answer: AuthAnswer) => people.person(cookieOf(answer));
const balanceOf = (accountId = '') => people.deps.ledger.balance(accountId).promoMicros;

describe('with a provider', () => {
  it('makes a person whose address is proved, with credit, and knows them the next time', async () => {
    await open();
    const first = await flow();
    expect(first).toMatchObject({ status: 302, location: `${SITE}/app/keys` });
    const person = await personOf(first);
    expect(person).toMatchObject({ email: 'ann@example.com', name: 'Ann', emailVerified: true });
    expect(balanceOf(person?.memberships[0]?.accountId)).toBe(1_000_000);
    // The address may change at the provider; the subject is who it is.
    provider.person.email = 'ann.new@example.com';
    expect((await personOf(await flow()))?.id).toBe(person?.id);
    expect(people.deps.store.countPeople()).toBe(1);
    expect(people.mails).toEqual([]);
  });

  it('keeps no token of it', async () => {
    await open();
    await flow();
    const kept = people.database
      .prepare('SELECT "accessToken", "refreshToken", "idToken" FROM "account"')
      .all();
    expect(kept).toEqual([{ accessToken: null, refreshToken: null, idToken: null }]);
  });

  it('joins it to a person with the same address, if both have proved it', async () => {
    await open();
    const { person } = await people.join('ann@example.com', { verified: true });
    expect((await personOf(await flow()))?.id).toBe(person.id);
    expect(people.deps.store.signInRecord(person.id).methods).toEqual(['acme', 'credential']);
  });

  it('gives nobody the account of one who has not proved the address', async () => {
    await open();
    const { person } = await people.join('ann@example.com');
    const refused = await flow();
    expect(refused.location).toBe(`${SITE}/sign-in?error=address_taken`);
    expect(await personOf(refused)).toBeUndefined();
    expect(people.deps.store.signInRecord(person.id).methods).toEqual(['credential']);
  });

  it.each([true, false])('believes no address that it has not proved (known here: %s)', async (isKnown) => {
    await open();
    if (isKnown) await people.join('ann@example.com', { verified: true });
    provider.person.email_verified = false;
    const refused = await flow();
    expect(refused.location).toMatch(/\?error=address_(taken|not_confirmed)$/);
    expect(await personOf(refused)).toBeUndefined();
    expect(people.deps.store.countPeople()).toBe(isKnown ? 1 : 0);
  });

  it('is added by one who is signed in, for the same address only', async () => {
    await open();
    const ann = await people.join('ann@example.com', { verified: true });
    provider.person.email = 'eve@example.com';
    const other = await flow(await begin('/link-social', ann.cookie));
    expect(other.location).toBe(`${SITE}/sign-in?error=address_taken`);
    provider.person.email = 'ann@example.com';
    expect((await flow(await begin('/link-social', ann.cookie))).location).toBe(`${SITE}/app/keys`);
    expect(people.deps.store.signInRecord(ann.person.id).methods).toEqual(['acme', 'credential']);
  });
});

describe('providers that the library knows', () => {
  it.each([
    ['github', 'https://github.com/login/oauth/authorize', 'user:email'],
    ['google', 'https://accounts.google.com/o/oauth2/v2/auth', 'email'],
  ])('%s: leads there with our client and a challenge, and back here', async (name, page, scope) => {
    const known = { name, discoveryUrl: undefined, clientId: 'ours', clientSecret: secret('s') };
    await open({ oauth: [known] });
    const answer = await people.ask('/sign-in/social', { provider: name });
    const { url } = JSON.parse(answer.ok ? answer.value.body : '{}') as { url: string };
    const { origin, pathname, searchParams: query } = new URL(url);
    expect(origin + pathname).toBe(page);
    expect(query.get('client_id')).toBe('ours');
    expect(query.get('redirect_uri')).toBe(`${SITE}/api/auth/callback/${name}`);
    expect(query.get('scope')?.split(' ')).toContain(scope);
    expect(query.get('code_challenge_method')).toBe('S256');
    expect(query.get('state')?.length).toBeGreaterThan(20);
    expect(url).not.toContain('client_secret');
  });
});

describe('who may make an account', () => {
  it.each(['closed', 'invite'] as const)('%s: nobody who is new', async (signUp) => {
    await open({ signUp });
    const refused = await flow();
    expect(refused.location).toBe(`${SITE}/sign-in?error=sign_up_closed`);
    expect(people.deps.store.countPeople()).toBe(0);
  });

  it('invite: whoever was invited under the address that the provider has proved', async () => {
    await open();
    const owner = await people.join('owner@example.com');
    const accountId = owner.person.memberships[0]?.accountId ?? '';
    const by = { personId: owner.person.id, name: 'Owner', role: 'owner' as const };
    await invite(people.deps, by, { accountId, email: 'ann@example.com', role: 'viewer' });
    people.settings.signUp = 'invite';
    expect(await personOf(await flow())).toMatchObject({ email: 'ann@example.com' });
    provider.person = { ...provider.person, sub: 'subject-2', email: 'eve@example.com' };
    expect((await flow()).location).toBe(`${SITE}/sign-in?error=sign_up_closed`);
  });

  it('open: nobody with an address of a refused domain', async () => {
    await open();
    provider.person.email = 'ann@throw.example';
    expect((await flow()).location).toBe(`${SITE}/sign-in?error=sign_in_failed`);
    expect(people.deps.store.countPeople()).toBe(0);
  });
});

describe('what goes wrong', () => {
  it.each<[OidcFault, string]>([
    ['denied', 'cancelled'],
    ['wrong-state', 'sign_in_failed'],
    ['wrong-nonce', 'sign_in_failed'],
    ['wrong-audience', 'sign_in_failed'],
    ['wrong-issuer', 'sign_in_failed'],
    ['wrong-key', 'sign_in_failed'],
    ['expired', 'sign_in_failed'],
    ['unsigned', 'sign_in_failed'],
    ['token-refused', 'sign_in_failed'],
  ])('%s: back to the sign-in page with a word of ours', async (fault, problem) => {
    await open();
    provider.fault = fault;
    const refused = await flow();
    expect(refused.location).toBe(`${SITE}/sign-in?error=${problem}`);
    expect(await personOf(refused)).toBeUndefined();
    expect(people.deps.store.countPeople()).toBe(0);
  });

  it('takes a return in the browser that has begun it only, and once', async () => {
    await open();
    const { url, cookie } = await begin();
    const back = await atProvider(url);
    const foreign = await comeBack(back, '');
    expect(foreign).toMatchObject({ value: { location: `${SITE}/sign-in?error=sign_in_failed` } });
    const again = await begin();
    const backAgain = await atProvider(again.url);
    expect(await comeBack(backAgain, again.cookie)).toMatchObject({
      value: { location: `${SITE}/app/keys` },
    });
    expect(await comeBack(backAgain, again.cookie)).toMatchObject({
      value: { location: `${SITE}/sign-in?error=sign_in_failed` },
    });
    expect(cookie).not.toBe('');
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    `${SITE}.evil.example/`,
    `${SITE}@evil.example/`,
    ['/app'],
  ])('leads to no other site: %s', async (page) => {
    await open();
    for (const field of ['callbackURL', 'errorCallbackURL', 'newUserCallbackURL']) {
      const answer = await people.ask('/sign-in/social', { provider: 'acme', [field]: page });
      expect(answer).toMatchObject({ ok: false, error: { code: 'invalid_request', param: field } });
    }
    const query = `?token=x&callbackURL=${encodeURIComponent(String(page))}`;
    if (typeof page === 'string')
      expect(await people.ask('/verify-email', undefined, { query })).toMatchObject({ ok: false });
  });

  it('waits so long for an answer, and no longer', async () => {
    const clock = createVirtualClock();
    await open({}, clock);
    const { url, cookie } = await begin();
    provider.fault = 'token-hangs';
    const reached = provider.nextAsk('/token');
    const answer = comeBack(await atProvider(url), cookie);
    await reached;
    clock.advance(RETURN_TIMEOUT_MS);
    expect(await answer).toMatchObject({ value: { location: `${SITE}/sign-in?error=sign_in_failed` } });
  });

  it('leaves a provider out that cannot be reached, and finds it later', async () => {
    const clock = createVirtualClock();
    provider.fault = 'discovery-fails';
    await open({}, clock);
    await people.join('ben@example.com');
    const asked = () => people.ask('/sign-in/social', { provider: 'acme' });
    expect(await asked()).toMatchObject({ ok: false, error: { code: 'not_found' } });
    provider.fault = undefined;
    clock.advance(60_000);
    await expect.poll(async () => (await asked()).ok).toBe(true);
  });
});

describe('the second factor', () => {
  it('is asked for after a provider, too', async () => {
    await open();
    const ann = await people.join('ann@example.com', { verified: true });
    const headers = { cookie: ann.cookie };
    const enabled = await people.ask('/two-factor/enable', { password: PASSWORD }, { headers });
    const { totpURI } = JSON.parse(enabled.ok ? enabled.value.body : '{}');
    const code = (afterMs: number) => totp(totpURI, systemClock.nowMs() + afterMs);
    await people.ask('/two-factor/verify-totp', { code: code(0) }, { headers });

    const half = await flow();
    expect(half.location).toBe(`${SITE}/sign-in/second-factor?next=%2Fapp%2Fkeys`);
    expect(await personOf(half)).toBeUndefined();
    const whole = await people.ask(
      '/two-factor/verify-totp',
      { code: code(30_000) },
      { headers: { cookie: cookieOf(half) } },
    );
    expect(whole.ok && (await personOf(whole.value))?.id).toBe(ann.person.id);
  });
});
