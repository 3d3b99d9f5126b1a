import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { cookieOf, openTestPeople, SITE, type TestPeople } from './testing-people.ts';
import { totp } from './testing-totp.ts';
import { personalSign, WALLET_ADDRESS } from './testing-wallet.ts';

let people: TestPeople;
beforeEach(async () => void (people = await openTestPeople(systemClock)));
afterEach(() => people.dispose());

async function newNonce(): Promise<string> {
  const answer = await people.ask('/siwe/nonce', {});
  const { nonce } = JSON.parse(answer.ok ? answer.value.body : '{}') as { nonce: string };
  expect(nonce).toMatch(/^[0-9A-Za-z]{24}$/);
  return nonce;
}

type Parts = { nonce: string; domain?: string; chainId?: number | string; address?: string; more?: string };

/** ERC-4361, eips.ethereum.org, read 2026-11. */
function messageOf({ nonce, domain = new URL(SITE).host, chainId = 1, address, more = '' }: Parts): string {
  return `${domain} wants you to sign in with your Ethereum account:
${address ?? WALLET_ADDRESS}

Sign in

URI: ${SITE}
Version: 1
Chain ID: ${chainId}
Nonce: ${nonce}
Issued At: ${new Date(systemClock.nowMs()).toISOString()}${more}`;
}

const verify = (message: string, signature = personalSign(message), cookie = '') =>
  people.ask('/siwe/verify', { message, signature }, { headers: { cookie } });

async function signIn(parts: Partial<Parts> = {}) {
  const answer = await verify(messageOf({ nonce: await newNonce(), ...parts }));
  if (!answer.ok) throw new Error(answer.error.code);
  return { cookie: cookieOf(answer.value), body: answer.value.body };
}

it('makes a person without an address, who gets no free credit, and knows them on every chain', async () => {
  const first = await people.person((await signIn()).cookie);
  expect(first).toMatchObject({
    name: '0xf39F…2266',
    emailVerified: false,
    site: 'person',
    memberships: [{ role: 'owner' }],
  });
  const [home] = first?.memberships ?? [];
  expect(people.deps.ledger.balance(home?.accountId ?? '').depositedMicros).toBe(0);
  expect(people.mails).toEqual([]);
  const elsewhere = await people.person((await signIn({ chainId: 8453 })).cookie);
  expect(elsewhere?.id).toBe(first?.id);
  expect(people.deps.store.countPeople()).toBe(1);
});

it('takes a nonce once, also when the first try was wrong', async () => {
  const nonce = await newNonce();
  const message = messageOf({ nonce });
  expect(await verify(message)).toMatchObject({ ok: true });
  const used = { code: 'sign_in_failed', message: expect.stringContaining('too old, or was used before') };
  expect(await verify(message)).toMatchObject({ ok: false, error: used });
  const spoilt = messageOf({ nonce: await newNonce() });
  const other = { code: 'sign_in_failed', message: expect.stringContaining('not that of the address') };
  expect(await verify(spoilt, personalSign('something else'))).toMatchObject({ ok: false, error: other });
  expect(await verify(spoilt)).toMatchObject({ ok: false });
});

it('hands out so many nonces to one network in a minute: each is a row', async () => {
  for (let count = 0; count < 30; count += 1) await newNonce();
  const tooMany = { ok: false, error: { code: 'rate_limit_exceeded' } };
  expect(await people.ask('/siwe/nonce', {})).toMatchObject(tooMany);
  expect(await people.ask('/siwe/nonce', {}, { address: '192.0.2.2' })).toMatchObject({ ok: true });
});

it.each<[string, Partial<Parts>]>([
  ['another site', { domain: 'evil.example' }],
  ['another port of this site', { domain: 'localhost:9999' }],
  ['a nonce of nobody', { nonce: 'a'.repeat(24) }],
  ['no chain', { chainId: 0 }],
  ['a chain that is no number', { chainId: 'x' }],
  ['the address of somebody else', { address: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8' }],
  ['a time that is over', { more: '\nExpiration Time: 2020-01-01T00:00:00Z' }],
  ['a time that has not come', { more: '\nNot Before: 2100-01-01T00:00:00Z' }],
])('refuses a message for %s', async (_name, parts) => {
  const message = messageOf({ nonce: await newNonce(), ...parts });
  expect(await verify(message)).toMatchObject({ ok: false, error: { code: 'sign_in_failed' } });
  expect(people.deps.store.countPeople()).toBe(0);
});

it.each([
  ['', ''],
  ['\u0000'.repeat(9_000), '0x'],
  ['wants you to sign in with your Ethereum account:', `0x${'f'.repeat(130)}`],
])('lives through what is no message at all', async (message, signature) => {
  expect(await verify(message, signature)).toMatchObject({ ok: false });
});

it('makes nobody where sign-up is not open', async () => {
  people.settings.signUp = 'invite';
  const answer = await verify(messageOf({ nonce: await newNonce() }));
  expect(answer).toMatchObject({ ok: false, error: { code: 'sign_up_closed' } });
  expect(people.deps.store.countPeople()).toBe(0);
});

it('is asked for the second factor where it is on', async () => {
  const { cookie } = await signIn();
  const person = await people.person(cookie);
  // Somebody without a password cannot turn it on, so one is set as the operator's link does.
  const reset = { token: await people.resetToken(person?.id ?? ''), newPassword: 'correct horse 2' };
  await people.ask('/reset-password', reset);
  const again = await signIn();
  const headers = { cookie: again.cookie };
  const enabled = await people.ask('/two-factor/enable', { password: reset.newPassword }, { headers });
  const { totpURI } = JSON.parse(enabled.ok ? enabled.value.body : '{}') as { totpURI: string };
  const code = (afterMs: number) => ({ code: totp(totpURI, systemClock.nowMs() + afterMs) });
  expect(await people.ask('/two-factor/verify-totp', code(0), { headers })).toMatchObject({ ok: true });

  const half = await signIn();
  expect(JSON.parse(half.body)).toMatchObject({ twoFactorRedirect: true });
  expect(await people.person(half.cookie)).toBeUndefined();
  const whole = await people.ask('/two-factor/verify-totp', code(30_000), {
    headers: { cookie: half.cookie },
  });
  expect(whole.ok && (await people.person(cookieOf(whole.value)))?.id).toBe(person?.id);
});
