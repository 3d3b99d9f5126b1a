import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { browserKeyId } from '../accounts/browser-key.ts';
import { createKey } from '../admin/keys.ts';
import { systemClock } from '../core/clock.ts';
import { ok } from '../core/result.ts';
import { hashSecret, createApiKeySecret } from '../accounts/key-secret.ts';
import { makeOperatorLink } from './operator-link.ts';
import { createAuthenticator } from './testing-authenticator.ts';
import { askWell, openTestPeople, PASSWORD, SITE, type Joined, type TestPeople } from './testing-people.ts';
import { totp } from './testing-totp.ts';

let people: TestPeople;
let ann: Joined;
beforeEach(async () => {
  people = await openTestPeople(systemClock);
  ann = await people.join('ann@example.com');
});
afterEach(() => people.dispose());

const ANN = { email: 'ann@example.com', password: PASSWORD };

const asked = (path: string, fields: Record<string, unknown> | undefined, cookie: string) =>
  askWell(people, path, { fields, cookie });
const signIn = async () => (await asked('/sign-in/email', ANN, '')).cookie;

async function registerPasskey(passkey: ReturnType<typeof createAuthenticator>, cookie: string) {
  const asks = await asked('/passkey/generate-register-options', undefined, cookie);
  expect(asks.body).toMatchObject({ authenticatorSelection: { userVerification: 'required' } });
  const headers = { cookie: `${cookie}; ${asks.cookie}` };
  const fields = { response: passkey.register(asks.body), name: 'key', createSession: true };
  return people.ask('/passkey/verify-registration', fields, { headers });
}
async function signInByPasskey(passkey: ReturnType<typeof createAuthenticator>) {
  const options = await asked('/passkey/generate-authenticate-options', undefined, '');
  const response = passkey.authenticate(options.body);
  return people.ask('/passkey/verify-authentication', { response }, { headers: { cookie: options.cookie } });
}
async function turnOnTotp(cookie: string) {
  const { totpURI } = (await asked('/two-factor/enable', { password: PASSWORD }, cookie)).body;
  const codeAfter = (ms: number) => ({ code: totp(totpURI, systemClock.nowMs() + ms) });
  const first = codeAfter(0);
  const on = await asked('/two-factor/verify-totp', first, cookie);
  // Each code counts once. The one of the next half minute is taken already, for apps whose clock is fast.
  return { first, code: () => codeAfter(30_000), on };
}

describe('a session that began without the second factor', () => {
  it('ends when the factor is turned on: it would count as one that has passed it', async () => {
    const thief = await signIn();
    const { on, code } = await turnOnTotp(ann.cookie);
    expect(await people.person(on.cookie)).toMatchObject({ twoFactor: true });
    expect(await people.person(thief)).toBeUndefined();
    // A second step of a sign-in ends no other session.
    const half = await asked('/sign-in/email', ANN, '');
    const whole = await asked('/two-factor/verify-totp', code(), half.cookie);
    expect(await people.person(whole.cookie)).toBeDefined();
    expect(await people.person(on.cookie)).toBeDefined();
  });
});

describe('the second step', () => {
  it('takes no code twice, and then the next one', async () => {
    const { first, code } = await turnOnTotp(ann.cookie);
    const step = (cookie: string, fields: object) =>
      people.ask('/two-factor/verify-totp', { ...fields }, { headers: { cookie } });
    const half = await asked('/sign-in/email', ANN, '');
    for (let again = 0; again < 2; again += 1) {
      expect(await step(half.cookie, first)).toMatchObject({
        error: { code: 'sign_in_failed', message: expect.stringContaining('used already') },
      });
    }
    const next = code();
    expect(await step(half.cookie, next)).toMatchObject({ ok: true });
    const other = await asked('/sign-in/email', ANN, '');
    expect(await step(other.cookie, next)).toMatchObject({ error: { code: 'sign_in_failed' } });
  });

  it('takes a code that was wrong a moment ago', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { code } = await turnOnTotp(ann.cookie);
      const half = await asked('/sign-in/email', ANN, '');
      vi.setSystemTime(systemClock.nowMs() + 60_000);
      const early = code();
      vi.setSystemTime(systemClock.nowMs() - 60_000);
      const step = () => people.ask('/two-factor/verify-totp', early, { headers: { cookie: half.cookie } });
      expect(await step()).toMatchObject({ error: { code: 'sign_in_failed' } });
      vi.setSystemTime(systemClock.nowMs() + 60_000);
      expect(await step()).toMatchObject({ ok: true });
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes one of two requests that bring a code at once', async () => {
    const { code } = await turnOnTotp(ann.cookie);
    const halves = [await asked('/sign-in/email', ANN, ''), await asked('/sign-in/email', ANN, '')];
    const fields = code();
    const answers = await Promise.all(
      halves.map(({ cookie }) => people.ask('/two-factor/verify-totp', fields, { headers: { cookie } })),
    );
    expect(answers.filter(({ ok: isTaken }) => isTaken)).toHaveLength(1);
  });

  it('takes five tries, then begins again with the password, and rests after ten in a row', async () => {
    const { code } = await turnOnTotp(ann.cookie);
    const step = (cookie: string, fields: object) =>
      people.ask('/two-factor/verify-totp', { ...fields }, { headers: { cookie }, address: '192.0.2.9' });
    for (let round = 0; round < 2; round += 1) {
      const half = await asked('/sign-in/email', ANN, '');
      for (let index = 0; index < 5; index += 1) {
        expect(await step(half.cookie, { code: '000000' })).toMatchObject({
          error: { code: 'sign_in_failed' },
        });
      }
      expect(await step(half.cookie, code())).toMatchObject({ ok: false });
    }
    const half = await asked('/sign-in/email', ANN, '');
    expect(await step(half.cookie, code())).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  });
});

describe("the operator's link", () => {
  it('makes one operator, also when two use it at once', async () => {
    const eve = await people.join('eve@example.com');
    const token = new URL((await makeOperatorLink(people.deps, 'test')).link).searchParams.get('token');
    const claim = ({ cookie }: Joined) => people.ask('/operator/claim', { token }, { headers: { cookie } });
    const answers = await Promise.all([claim(ann), claim(eve)]);
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    const sites = [await people.person(ann.cookie), await people.person(eve.cookie)].map((one) => one?.site);
    expect(new Set(sites)).toEqual(new Set(['operator', 'person']));
  });
});

describe('a passkey', () => {
  it('that asks nobody for a finger or a PIN is no second factor, so it is not taken', async () => {
    const touchOnly = createAuthenticator(SITE, { verifies: false });
    expect(await registerPasskey(touchOnly, ann.cookie)).toMatchObject({ ok: false });
    expect(people.deps.store.signInRecord(ann.person.id).passkeys).toEqual([]);
  });

  it('that was registered so is not taken later either without the question', async () => {
    const passkey = createAuthenticator(SITE);
    expect(await registerPasskey(passkey, ann.cookie)).toMatchObject({ ok: true });
    expect(await signInByPasskey(passkey)).toMatchObject({ ok: true });
    passkey.verifies = false;
    expect(await signInByPasskey(passkey)).toMatchObject({ ok: false, error: { code: 'sign_in_failed' } });
  });

  it('gives no token into the answer, neither when it is made nor when it is used', async () => {
    const passkey = createAuthenticator(SITE);
    const answers = [await registerPasskey(passkey, ann.cookie), await signInByPasskey(passkey)];
    for (const answer of answers) {
      if (!answer.ok) throw new Error(answer.error.code);
      expect(answer.value.body).not.toMatch(/session|token|192\.0\.2/i);
    }
    expect(answers[0]?.ok && answers[0].value.cookies.join()).not.toContain('session_token');
  });

  it('answers the question that it was asked, once', async () => {
    const passkey = createAuthenticator(SITE);
    await registerPasskey(passkey, ann.cookie);
    const options = await asked('/passkey/generate-authenticate-options', undefined, '');
    const fields = { response: passkey.authenticate(options.body) };
    const headers = { cookie: options.cookie };
    expect(await people.ask('/passkey/verify-authentication', fields, { headers })).toMatchObject({
      ok: true,
    });
    expect(await people.ask('/passkey/verify-authentication', fields, { headers })).toMatchObject({
      ok: false,
    });
  });

  it('of one person is no business of another', async () => {
    await registerPasskey(createAuthenticator(SITE), ann.cookie);
    const eve = await people.join('eve@example.com');
    const [passkey] = (await asked('/passkey/list-user-passkeys', undefined, ann.cookie)).body;
    expect((await asked('/passkey/list-user-passkeys', undefined, eve.cookie)).body).toEqual([]);
    const { id } = passkey;
    for (const [path, fields] of [
      ['/passkey/delete-passkey', { id }],
      ['/passkey/update-passkey', { id, name: 'mine' }],
    ] as const) {
      const answer = await people.ask(path, fields, { headers: { cookie: eve.cookie } });
      expect(answer.ok).toBe(false);
    }
    expect(people.deps.store.signInRecord(ann.person.id).passkeys).toMatchObject([{ name: 'key' }]);
  });
});

describe('the link that proves an address', () => {
  it('signs nobody in: who opens it has the mailbox, not the password nor the second factor', async () => {
    const mail = people.nextMail();
    await people.ask('/sign-up/email', { name: 'Ben', email: 'ben@example.com', password: PASSWORD });
    const query = new URL(/http:\S+/.exec((await mail).text)?.[0] ?? '').search;
    const answer = await people.ask('/verify-email', undefined, { query });
    expect(answer).toMatchObject({ ok: true, value: { status: 302, cookies: [] } });
    expect(people.deps.store.personByEmail('ben@example.com')).toMatchObject({ emailVerified: true });
  });
});

describe('a new password by mail', () => {
  it('takes away what a stranger has left who signed up with the address before its owner', async () => {
    const passkey = createAuthenticator(SITE);
    await registerPasskey(passkey, ann.cookie);
    await turnOnTotp(ann.cookie);
    const mail = people.nextMail();
    await people.ask('/request-password-reset', { email: ANN.email });
    const token = /token=(\w+)/.exec((await mail).text)?.[1];
    await asked('/reset-password', { newPassword: 'my own horse 3', token }, '');
    expect(await signInByPasskey(passkey)).toMatchObject({ ok: false });
    const owner = await asked('/sign-in/email', { ...ANN, password: 'my own horse 3' }, '');
    expect(await people.person(owner.cookie)).toMatchObject({ twoFactor: false });
  });

  it('leaves the passkeys of whoever has proved the address', async () => {
    const passkey = createAuthenticator(SITE);
    await registerPasskey(passkey, ann.cookie);
    people.deps.store.markEmailVerified(ann.person.id);
    const token = await people.resetToken(ann.person.id);
    await asked('/reset-password', { newPassword: 'my own horse 3', token }, '');
    expect(await signInByPasskey(passkey)).toMatchObject({ ok: true });
  });
});

describe('who is out', () => {
  it.each([
    ['signs out', () => asked('/sign-out', {}, ann.cookie)],
    ['is signed out elsewhere', async () => asked('/revoke-other-sessions', {}, await signIn())],
    [
      'gets a new password',
      async () => {
        const token = await people.resetToken(ann.person.id);
        return asked('/reset-password', { newPassword: 'another horse 2', token }, '');
      },
    ],
  ])('%s: the key of their open page pays no more', async (_name, act) => {
    const keyId = await putBrowserKey();
    const isLive = () => people.deps.registry.directory.key(keyId)?.identity.key.revokedAtMs === undefined;
    expect(isLive()).toBe(true);
    await act();
    expect(isLive()).toBe(false);
    expect(await people.person(ann.cookie)).toBeUndefined();
  });

  it('changes the password: everybody else is out, whatever the page asked for', async () => {
    const other = await signIn();
    const change = { currentPassword: PASSWORD, newPassword: 'another horse 2', revokeOtherSessions: false };
    const changed = await asked('/change-password', change, ann.cookie);
    expect(await people.person(changed.cookie)).toBeDefined();
    expect(await people.person(other)).toBeUndefined();
  });

  /** The key of a page that is open, as the console makes it. */
  async function putBrowserKey(): Promise<string> {
    const accountId = ann.person.memberships[0]?.accountId ?? '';
    const made = await createKey(people.gateway.context, {
      account: accountId,
      name: 'x',
      scopes: ['inference'],
    });
    const { registry } = people.deps;
    const entry = made.ok ? registry.directory.key(made.value.key.id) : undefined;
    if (entry === undefined) throw new Error('no key');
    const key = { ...entry.identity.key, id: browserKeyId({ accountId, personId: ann.person.id }) };
    const audit = { actor: 'test', action: 'key.browser', subject: key.id, detail: '' };
    const digest = hashSecret(createApiKeySecret('test'));
    await registry.change(() => ok({ changes: [{ type: 'put-key', key, digest }], audit, value: undefined }));
    return key.id;
  }
});

describe('signing up', () => {
  it('with the address that stands for a wallet is refused', async () => {
    const email = `0x${'ab'.repeat(20)}@siwe.placeholder.invalid`;
    expect(await people.ask('/sign-up/email', { name: 'Eve', email, password: PASSWORD })).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', param: 'email' },
    });
  });

  it('passes nothing on but what the form has, and cleans the name', async () => {
    const fields = { image: 'https://evil.example/x.png', emailVerified: true, role: 'operator' };
    const name = `Eve\u202e\u0007${'x'.repeat(5_000)}`;
    await asked('/sign-up/email', { ...fields, name, email: 'eve@example.com', password: PASSWORD }, '');
    const eve = people.deps.store.personByEmail('eve@example.com');
    expect(eve).toMatchObject({ emailVerified: false, name: `Eve ${'x'.repeat(96)}` });
    expect(JSON.stringify(people.database.prepare('SELECT * FROM "user"').all())).not.toContain('evil');
    const cookie = (await asked('/sign-in/email', { email: 'eve@example.com', password: PASSWORD }, ''))
      .cookie;
    await asked(
      '/update-user',
      { name: ' Eve\u2066\n2 ', image: 'https://evil.example/', email: 'x@y.zz' },
      cookie,
    );
    expect(await people.person(cookie)).toMatchObject({ name: 'Eve 2', email: 'eve@example.com' });
    expect(JSON.stringify(people.database.prepare('SELECT * FROM "user"').all())).not.toContain('evil');
  });
});
