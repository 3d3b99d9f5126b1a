import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../testing/virtual-clock.ts';
import { systemClock } from '../core/clock.ts';
import { askForEmail, confirmEmail } from './add-email.ts';
import { deletePerson } from './delete-person.ts';
import { exportPerson } from './export.ts';
import type { Person } from './person.ts';
import { cookieOf, openTestPeople, PASSWORD, SITE, type TestPeople } from './testing-people.ts';
import { testWallet, type TestWallet } from './testing-wallet.ts';

const HOUR_MS = 3_600_000;

let clock: VirtualClock;
let people: TestPeople;
let mara: Person;
let maraCookie: string;
beforeEach(async () => {
  // Better Auth reads the clock of the system.
  clock = createVirtualClock(systemClock.nowMs());
  people = await openTestPeople(clock);
  maraCookie = await byWallet(testWallet(1));
  mara = await personOf(maraCookie);
});
afterEach(() => people.dispose());

/** Signs in with a wallet; the cookie. */
async function byWallet({ address, sign }: TestWallet): Promise<string> {
  const asked = await people.ask('/siwe/nonce', {});
  const { nonce } = JSON.parse(asked.ok ? asked.value.body : '{}') as { nonce: string };
  const message = `${new URL(SITE).host} wants you to sign in with your Ethereum account:
${address}

URI: ${SITE}
Version: 1
Chain ID: 1
Nonce: ${nonce}
Issued At: ${new Date(systemClock.nowMs()).toISOString()}`;
  const signedIn = await people.ask('/siwe/verify', { message, signature: sign(message) });
  if (!signedIn.ok) throw new Error(signedIn.error.code);
  return cookieOf(signedIn.value);
}

async function personOf(cookie: string): Promise<Person> {
  const person = await people.person(cookie);
  if (person === undefined) throw new Error('no session');
  return person;
}

const add = (person: Person, email: string) => askForEmail(people.deps, person, email);
const confirm = (person: Person, token: unknown) => confirmEmail(people.deps, person, token);

/** Of the newest mail. */
function lastToken(): string {
  const link = /http:\S+/.exec(people.mails.at(-1)?.text ?? '')?.[0] ?? 'none:';
  expect(new URL(link).pathname).toBe('/confirm-email');
  return new URL(link).searchParams.get('token') ?? '';
}

const depositOf = (person: Person) =>
  people.deps.ledger.balance(person.memberships[0]?.accountId ?? '').depositedMicros;

describe('an address for somebody who came with a wallet', () => {
  it('counts once it is confirmed, brings the credit once, and then a password can be set', async () => {
    expect(await add(mara, ' Mara@Example.com ')).toEqual({ ok: true, value: undefined });
    expect(people.mails).toMatchObject([
      { to: 'mara@example.com', subject: 'Acme: Confirm your e-mail address' },
    ]);
    expect(await personOf(maraCookie)).toMatchObject({ email: mara.email, emailVerified: false });
    expect(depositOf(mara)).toBe(0);

    const confirmed = await confirm(mara, lastToken());
    expect(confirmed).toEqual({ ok: true, value: { email: 'mara@example.com' } });
    const now = await personOf(maraCookie);
    expect(now).toMatchObject({ id: mara.id, email: 'mara@example.com', emailVerified: true });
    expect(depositOf(mara)).toBe(1_000_000);

    const token = await people.resetToken(mara.id);
    expect(await people.ask('/reset-password', { token, newPassword: PASSWORD })).toMatchObject({ ok: true });
    const byPassword = await people.ask('/sign-in/email', { email: 'mara@example.com', password: PASSWORD });
    expect(byPassword.ok && (await personOf(cookieOf(byPassword.value))).id).toBe(mara.id);
    expect((await personOf(await byWallet(testWallet(1)))).id).toBe(mara.id);
    expect(depositOf(mara)).toBe(1_000_000);
  });

  it('is one that nobody has: the answer is the same, and the owner hears of it', async () => {
    const ann = await people.join('ann@example.com', { verified: true });
    await people.join('open@example.com');
    const mails = people.mails.length;
    const unknown = await add(mara, 'nobody@example.com');
    for (const known of ['ann@example.com', 'ANN@example.com', 'open@example.com']) {
      expect(await add(mara, known)).toEqual(unknown);
    }
    const [, ...toOwners] = people.mails.slice(mails);
    for (const { subject, text } of toOwners) {
      expect(subject).toBe('Acme: Your e-mail address has an account already');
      expect(text).not.toContain('token');
    }
    expect(toOwners.map(({ to }) => to)).toEqual(['ann@example.com', 'ann@example.com', 'open@example.com']);
    expect(people.deps.store.personByEmail('ann@example.com')?.id).toBe(ann.person.id);
  });

  it('is not taken from somebody who was quicker', async () => {
    await add(mara, 'ann@example.com');
    const token = lastToken();
    const ann = await people.join('ann@example.com');
    expect(await confirm(mara, token)).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    expect(await personOf(maraCookie)).toMatchObject({ email: mara.email, emailVerified: false });
    expect(people.deps.store.personByEmail('ann@example.com')?.id).toBe(ann.person.id);
  });

  it('goes to one of two wallets that ask for it', async () => {
    const otherCookie = await byWallet(testWallet(2));
    const other = await personOf(otherCookie);
    await add(mara, 'both@example.com');
    const ofMara = lastToken();
    await add(other, 'both@example.com');
    expect(await confirm(other, lastToken())).toMatchObject({ ok: true });
    expect(await confirm(mara, ofMara)).toMatchObject({ ok: false });
    expect((await personOf(otherCookie)).email).toBe('both@example.com');
  });
});

describe('the link', () => {
  it('is worth nothing to anybody else, so that nobody can have a stranger confirm an address for them', async () => {
    const eve = await personOf(await byWallet(testWallet(2)));
    await add(eve, 'victim@example.com');
    const token = lastToken();
    const refused = await confirm(mara, token);
    expect(refused).toMatchObject({ ok: false, error: { code: 'invalid_request', param: 'token' } });
    expect(people.deps.store.personByEmail('victim@example.com')).toBeUndefined();
    // It is not used up by that.
    expect(await confirm(eve, token)).toMatchObject({ ok: true });
  });

  it('works once, for an hour, and only the newest one', async () => {
    await add(mara, 'one@example.com');
    const first = lastToken();
    await add(mara, 'two@example.com');
    const second = lastToken();
    expect(await confirm(mara, first)).toMatchObject({ ok: false });
    clock.advance(HOUR_MS);
    expect(await confirm(mara, second)).toMatchObject({ ok: false });
    await add(mara, 'three@example.com');
    const third = lastToken();
    clock.advance(HOUR_MS - 1);
    expect(await confirm(mara, third)).toMatchObject({ ok: true });
    expect(await confirm(await personOf(maraCookie), third)).toMatchObject({ ok: false });
  });

  it('is nothing else', async () => {
    await add(mara, 'one@example.com');
    for (const token of [undefined, '', 'x'.repeat(40), 7, null, { $ne: '' }]) {
      expect(await confirm(mara, token)).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    }
  });

  it('is kept as a digest only, and forgotten with the person or after a day', async () => {
    await add(mara, 'one@example.com');
    const token = lastToken();
    const rows = JSON.stringify(people.database.prepare('SELECT * FROM email_claim').all());
    expect(rows).toContain('one@example.com');
    expect(rows).not.toContain(token);
    expect(exportPerson(people.deps, mara.id)).toMatchObject({
      ok: true,
      value: { signIn: { wallets: [testWallet(1).address], askedEmails: ['one@example.com'] } },
    });
    const eve = await personOf(await byWallet(testWallet(2)));
    await add(eve, 'two@example.com');
    await deletePerson(people.deps, eve.id, 'test');
    clock.advance(24 * HOUR_MS + 1);
    people.deps.store.sweep(clock.nowMs());
    expect(people.database.prepare('SELECT * FROM email_claim').all()).toEqual([]);
  });
});

const NO_ADDRESSES = [
  '',
  'mara',
  'mara@',
  '@example.com',
  'a b@example.com',
  'a@b\nc',
  `${'x'.repeat(65)}@example.com`,
];
const REFUSED = ['m@mailinator.com', 'm@throw.example', 'm@x.yopmail.com', '0xab@siwe.placeholder.invalid'];

describe('what is refused', () => {
  it('what is no address, throw-away mail, and what stands for none', async () => {
    const refused = { ok: false, error: { code: 'invalid_request', param: 'email' } };
    for (const email of [...NO_ADDRESSES, ...REFUSED]) {
      expect([email, await add(mara, email)]).toMatchObject([email, refused]);
    }
    expect(people.mails).toEqual([]);
  });

  it('another address than the first', async () => {
    const { person } = await people.join('ann@example.com', { verified: true });
    expect(await add(person, 'other@example.com')).toMatchObject({ ok: false });
    await add(mara, 'mara@example.com');
    await confirm(mara, lastToken());
    expect(await add(await personOf(maraCookie), 'other@example.com')).toMatchObject({ ok: false });
  });

  it('a sixth mail of one person in a day', async () => {
    for (let count = 0; count < 5; count += 1) {
      expect(await add(mara, `m${count}@example.com`)).toMatchObject({ ok: true });
    }
    const tooMany = { ok: false, error: { code: 'rate_limit_exceeded' } };
    expect(await add(mara, 'm6@example.com')).toMatchObject(tooMany);
    expect(people.mails).toHaveLength(5);
    clock.advance(24 * HOUR_MS + 1);
    expect(await add(mara, 'm7@example.com')).toMatchObject({ ok: true });
  });

  it('an eleventh mail to one mailbox in a day, without a word', async () => {
    for (let index = 2; index < 5; index += 1) {
      const person = await personOf(await byWallet(testWallet(index)));
      for (let count = 0; count < 5; count += 1) {
        expect(await add(person, `victim+${index}${count}@example.com`)).toEqual({
          ok: true,
          value: undefined,
        });
      }
    }
    expect(people.mails).toHaveLength(10);
  });
});

describe('the free credit', () => {
  async function confirmedAs(email: string, wallet: TestWallet): Promise<Person> {
    const cookie = await byWallet(wallet);
    const person = await personOf(cookie);
    await add(person, email);
    expect(await confirm(person, lastToken())).toMatchObject({ ok: true });
    return personOf(cookie);
  }

  it('is given to a mailbox, not to each wallet', async () => {
    expect(depositOf(await confirmedAs('ann@example.com', testWallet(2)))).toBe(1_000_000);
    expect(depositOf(await confirmedAs('ann+2@example.com', testWallet(3)))).toBe(0);
    const gone = await confirmedAs('ben@example.com', testWallet(4));
    expect(depositOf(gone)).toBe(1_000_000);
    await deletePerson(people.deps, gone.id, 'test');
    expect(depositOf(await confirmedAs('ben@example.com', testWallet(5)))).toBe(0);
  });

  it('is never given for an address that no mail can reach', async () => {
    people.deps.store.markEmailVerified(mara.id);
    await personOf(maraCookie);
    expect(depositOf(mara)).toBe(0);
  });
});

it('sends nothing to the address that stands for a wallet, and lets nobody sign up with one', async () => {
  for (const path of ['/request-password-reset', '/send-verification-email']) {
    await people.ask(path, { email: mara.email });
  }
  expect(people.mails).toEqual([]);
  const squat = await people.ask('/sign-up/email', {
    name: 'Eve',
    email: `${testWallet(2).address.toLowerCase()}@siwe.placeholder.invalid`,
    password: PASSWORD,
  });
  expect(squat).toMatchObject({ ok: false, error: { code: 'invalid_request', param: 'email' } });
  expect(await personOf(await byWallet(testWallet(2)))).toMatchObject({ site: 'person' });
});
