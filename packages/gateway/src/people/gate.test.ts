import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { isSameSite } from './gate.ts';
import { makeOperatorLink } from './operator-link.ts';
import { openTestPeople, PASSWORD, SITE, type TestPeople } from './testing-people.ts';

let people: TestPeople;
beforeEach(async () => void (people = await openTestPeople(systemClock)));
afterEach(() => people.dispose());

const tokenIn = (link: string) => new URL(link).searchParams.get('token') ?? '';
const codeOf = async (answer: ReturnType<TestPeople['ask']>) => {
  const value = await answer;
  return value.ok ? value.value.status : value.error.code;
};

describe('signing up and in', () => {
  it('says the same of an address that is known and one that is not', async () => {
    await people.join('ann@example.com');
    const fields = { name: 'Ann', password: PASSWORD };
    const known = await people.ask('/sign-up/email', { ...fields, email: 'ann@example.com' });
    const fresh = await people.ask('/sign-up/email', { ...fields, email: 'new@example.com' });
    const shape = (answer: typeof known) =>
      answer.ok && JSON.stringify({ ...answer.value, body: Object.keys(JSON.parse(answer.value.body).user) });
    expect(shape(known)).toBe(shape(fresh));
    expect(shape(known)).toContain('emailVerified');
    const wrong = await people.ask('/sign-in/email', { email: 'ann@example.com', password: 'wrong horse 1' });
    const nobody = await people.ask('/sign-in/email', { email: 'no@example.com', password: 'wrong horse 1' });
    expect(wrong).toEqual(nobody);
    expect(wrong).toMatchObject({ ok: false, error: { code: 'sign_in_failed' } });
    const mail = people.nextMail();
    const resets = [
      await people.ask('/request-password-reset', { email: 'no@example.com' }),
      await people.ask('/request-password-reset', { email: 'ann@example.com' }),
    ];
    expect(resets[0]).toEqual(resets[1]);
    await mail;
    expect(people.mails.filter(({ to }) => to === 'ann@example.com').map(({ subject }) => subject)).toEqual([
      'Acme: Confirm your e-mail address',
      'Acme: You have an account already',
      'Acme: Choose a new password',
    ]);
  });

  it('hands the token to the cookie only, and makes one account, owned by the person', async () => {
    const { person, cookie } = await people.join('ann@example.com');
    expect(cookie).toMatch(/^switchyard\.session_token=/);
    expect(person).toMatchObject({ email: 'ann@example.com', name: 'ann', site: 'person', twoFactor: false });
    expect(person.memberships).toEqual([{ accountId: expect.stringMatching(/^acc_/), role: 'owner' }]);
    expect(await people.person(cookie)).toEqual(person);
    expect(await people.person(cookie.replace(/.$/, 'x'))).toBeUndefined();
    const signedIn = await people.ask('/sign-in/email', { email: 'ann@example.com', password: PASSWORD });
    expect(signedIn.ok && signedIn.value.body).not.toContain('token');
    expect(await codeOf(people.ask('/sign-out', {}, { headers: { cookie } }))).toBe(200);
    expect(await people.person(cookie)).toBeUndefined();
  });

  it.each([
    ['short', { password: 'too short' }, 'password'],
    ['long', { password: 'x'.repeat(129) }, 'password'],
    ['no address', { email: 'ann' }, 'email'],
    ['refused domain', { email: 'ann@a.throw.example' }, 'email'],
    ['throw-away mail', { email: 'ann@mailinator.com' }, 'email'],
  ])('refuses %s', async (_name, change, param) => {
    const fields = { name: 'Ann', email: 'ann@example.com', password: PASSWORD, ...change };
    expect(await people.ask('/sign-up/email', fields)).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', ...(param === 'password' ? { param } : {}) },
    });
  });

  it('sets a new password once with the link of the mail, and ends every session', async () => {
    const { cookie } = await people.join('ann@example.com');
    const mail = people.nextMail();
    await people.ask('/request-password-reset', { email: 'ann@example.com' });
    const token = /token=(\w+)/.exec((await mail).text)?.[1];
    const change = { newPassword: 'another horse 2', token };
    expect(await codeOf(people.ask('/reset-password', change))).toBe(200);
    expect(await codeOf(people.ask('/reset-password', change))).toBe('invalid_request');
    expect(await people.person(cookie)).toBeUndefined();
    const again = { email: 'ann@example.com', password: 'another horse 2' };
    expect(await codeOf(people.ask('/sign-in/email', again))).toBe(200);
  });

  it('lets so many tries through', async () => {
    const attempt = (address: string) =>
      codeOf(
        people.ask('/sign-in/email', { email: 'ann@example.com', password: 'wrong horse 1' }, { address }),
      );
    const tries: (string | number)[] = [];
    for (let index = 0; index < 11; index += 1) tries.push(await attempt('192.0.2.1'));
    expect(tries.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'sign_in_failed'));
    expect(tries[10]).toBe('rate_limit_exceeded');
    expect(await attempt('192.0.2.2')).toBe('sign_in_failed');
  });
});

describe('the gate', () => {
  it.each([
    ['/get-session', undefined, 'not_found'],
    ['/list-sessions', undefined, 'not_found'],
    ['/update-session', {}, 'not_found'],
    ['/change-email', {}, 'not_found'],
    ['/delete-user', {}, 'not_found'],
    ['/get-access-token', {}, 'not_found'],
    ['/__proto__', {}, 'not_found'],
    ['/sign-in/email/', {}, 'not_found'],
    ['/sign-in/email', undefined, 'method_not_allowed'],
    ['/operator/claim', { token: 'x' }, 'sign_in_failed'],
  ])('%s: %s', async (path, fields, code) => expect(await codeOf(people.ask(path, fields))).toBe(code));

  it.each([
    [{}, true],
    [{ origin: SITE }, true],
    [{ origin: SITE, cookie: 'a=b' }, true],
    [{ origin: SITE, 'sec-fetch-site': 'same-origin' }, true],
    [{ cookie: 'a=b' }, false],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: `${SITE}.evil.example` }, false],
    [{ origin: SITE, 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: SITE, 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'none' }, false],
  ])('headers %o are of this site: %s', (headers, same) => {
    expect(isSameSite(headers, [SITE])).toBe(same);
  });

  it('refuses a sign-in that another site sends', async () => {
    const fields = { email: 'ann@example.com', password: PASSWORD };
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect(await codeOf(people.ask('/sign-in/email', fields, { headers }))).toBe('permission_denied');
  });
});

describe('closed doors', () => {
  it.each(['invite', 'closed'] as const)(
    '%s: nobody signs up but with the link of the operator',
    async (signUp) => {
      const closed = await openTestPeople(systemClock, { signUp, requireVerifiedEmail: true });
      try {
        const fields = { name: 'Ann', email: 'ann@example.com', password: PASSWORD };
        expect(await codeOf(closed.ask('/sign-up/email', fields))).toBe('sign_up_closed');
        expect(await codeOf(closed.ask('/sign-up/email', { ...fields, ticket: 'a'.repeat(40) }))).toBe(
          'sign_up_closed',
        );
        const { link } = await makeOperatorLink(closed.deps, 'test');
        const { person, cookie } = await closed.join('ann@example.com', { ticket: tokenIn(link) });
        expect(person).toMatchObject({ emailVerified: true, site: 'person' });
        const claim = { token: tokenIn(link) };
        expect(await codeOf(closed.ask('/operator/claim', claim, { headers: { cookie } }))).toBe(200);
        expect(await closed.person(cookie)).toMatchObject({ site: 'operator' });
        expect(await codeOf(closed.ask('/operator/claim', claim, { headers: { cookie } }))).toBe(
          'invalid_request',
        );
      } finally {
        await closed.dispose();
      }
    },
  );
});
