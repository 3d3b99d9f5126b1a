import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { isFreshlySignedIn } from './person.ts';
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

const asked = (path: string, fields: Record<string, unknown> | undefined, cookie: string) =>
  askWell(people, path, { fields, cookie });

it('asks for the second factor, takes a code of the app, and each backup code once', async () => {
  const enabled = await asked('/two-factor/enable', { password: PASSWORD }, ann.cookie);
  const { totpURI, backupCodes } = enabled.body;
  const on = await asked('/two-factor/verify-totp', { code: totp(totpURI, systemClock.nowMs()) }, ann.cookie);
  expect((await people.person(on.cookie))?.twoFactor).toBe(true);

  const first = { email: 'ann@example.com', password: PASSWORD };
  const half = await asked('/sign-in/email', first, '');
  expect(half.body).toMatchObject({ twoFactorRedirect: true });
  expect(await people.person(half.cookie)).toBeUndefined();
  const wrong = await people.ask(
    '/two-factor/verify-totp',
    { code: '000000' },
    { headers: { cookie: half.cookie } },
  );
  expect(wrong).toMatchObject({ ok: false, error: { code: 'sign_in_failed' } });
  // The first code counts once; the one after it is taken already, for apps whose clock is fast.
  const code = totp(totpURI, systemClock.nowMs() + 30_000);
  const whole = await asked('/two-factor/verify-totp', { code }, half.cookie);
  expect(await people.person(whole.cookie)).toMatchObject({ email: 'ann@example.com' });

  const backup = { code: backupCodes[0] };
  const again = await asked('/sign-in/email', first, '');
  const byBackup = await asked('/two-factor/verify-backup-code', backup, again.cookie);
  expect(await people.person(byBackup.cookie)).toMatchObject({ email: 'ann@example.com' });
  const third = await asked('/sign-in/email', first, '');
  expect(
    await people.ask('/two-factor/verify-backup-code', backup, { headers: { cookie: third.cookie } }),
  ).toMatchObject({ ok: false });
});

it('registers a passkey and signs in with it, and takes no answer for another site', async () => {
  const passkey = createAuthenticator(SITE);
  const asks = await asked('/passkey/generate-register-options', undefined, ann.cookie);
  expect(asks.body).toMatchObject({
    rp: { id: 'localhost', name: 'Acme' },
    user: { name: 'ann@example.com' },
  });
  const cookies = `${ann.cookie}; ${asks.cookie}`;
  await asked(
    '/passkey/verify-registration',
    { response: passkey.register(asks.body), name: 'laptop' },
    cookies,
  );

  const options = await asked('/passkey/generate-authenticate-options', undefined, '');
  const evil = createAuthenticator('http://localhost:9999').authenticate(options.body);
  expect(
    await people.ask(
      '/passkey/verify-authentication',
      { response: evil },
      { headers: { cookie: options.cookie } },
    ),
  ).toMatchObject({ ok: false });
  const fresh = await asked('/passkey/generate-authenticate-options', undefined, '');
  const signed = await asked(
    '/passkey/verify-authentication',
    { response: passkey.authenticate(fresh.body) },
    fresh.cookie,
  );
  expect(await people.person(signed.cookie)).toMatchObject({ email: 'ann@example.com' });
  expect(people.deps.store.signInRecord(ann.person.id).passkeys).toMatchObject([{ name: 'laptop' }]);
});

it('knows a fresh sign-in from an old one', () => {
  const { signedInAtMs } = ann.person;
  expect(isFreshlySignedIn(ann.person, signedInAtMs + 600_000)).toBe(true);
  expect(isFreshlySignedIn(ann.person, signedInAtMs + 600_001)).toBe(false);
});
