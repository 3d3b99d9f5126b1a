import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiKeySecret, hashSecret } from '../accounts/key-secret.ts';
import { browserKeyId } from '../accounts/browser-key.ts';
import { createKey } from '../admin/keys.ts';
import { addNode } from '../admin/nodes.ts';
import { systemClock } from '../core/clock.ts';
import { micros } from '../core/money.ts';
import { ok } from '../core/result.ts';
import { reconcile } from '../store/sqlite/ledger/reconcile.ts';
import { LEDGER_DATABASE_FILE } from '../store/sqlite/main/data-folder.ts';
import { createVirtualClock, type VirtualClock } from '../testing/virtual-clock.ts';
import { closeAccount } from './close-account.ts';
import { deletePerson } from './delete-person.ts';
import { exportAccount, exportPerson } from './export.ts';
import { giveFreeCredit } from './free-credit.ts';
import { acceptInvitation, deleteInvitation, invite, listInvitations } from './invitations.ts';
import { changeMemberRole, listMembers, removeMember } from './members.ts';
import { openTestPeople, type Joined, type TestPeople } from './testing-people.ts';

let clock: VirtualClock;
let people: TestPeople;
let ann: Joined;
beforeEach(async () => {
  // Better Auth reads the clock of the system.
  clock = createVirtualClock(systemClock.nowMs());
  people = await openTestPeople(clock);
  ann = await people.join('ann@example.com', { verified: true });
  // Who came later is listed later.
  clock.advance(1);
});
afterEach(() => people.dispose());

const homeOf = ({ person }: Joined) => person.memberships[0]?.accountId ?? '';
const balanceOf = (accountId: string) => people.deps.ledger.balance(accountId);
const tokenIn = (link: string) => new URL(link).searchParams.get('token') ?? '';
const actorOf = ({ person }: Joined) => ({ personId: person.id, name: person.name });

async function inviteToHome(email: string, role: 'owner' | 'admin' | 'viewer' = 'viewer'): Promise<string> {
  const invited = await invite(people.deps, actorOf(ann), { accountId: homeOf(ann), email, role });
  if (!invited.ok) throw new Error(invited.error.code);
  return tokenIn(invited.value.link);
}

describe('the free credit', () => {
  it('is given once, to a proved address, however often a session is read', async () => {
    expect(balanceOf(homeOf(ann)).promoMicros).toBe(1_000_000);
    await people.person(ann.cookie);
    expect(balanceOf(homeOf(ann)).depositedMicros).toBe(1_000_000);
    const ben = await people.join('ben@example.com');
    expect(balanceOf(homeOf(ben)).promoMicros).toBe(0);
    people.deps.store.markEmailVerified(ben.person.id);
    await people.person(ben.cookie);
    expect(balanceOf(homeOf(ben)).promoMicros).toBe(1_000_000);
  });

  it('is given to a mailbox, not to each of its spellings, nor again after the person was removed', async () => {
    const twin = await people.join('ann+two@example.com', { verified: true });
    expect(balanceOf(homeOf(twin)).promoMicros).toBe(0);
    expect(await deletePerson(people.deps, ann.person.id, 'test')).toMatchObject({ ok: true });
    const again = await people.join('ann@example.com', { verified: true });
    expect(balanceOf(homeOf(again)).promoMicros).toBe(0);
  });

  it('is given three times a day to one network, however many IPv6 networks a customer has', async () => {
    const given: number[] = [];
    for (let index = 0; index < 4; index += 1) {
      const person = { email: `p${index}@example.com`, emailVerified: true };
      const accountId = `acc_${index}`;
      await giveFreeCredit(people.deps, person, { accountId, address: `2001:db8:0:${index}::1` });
      given.push(balanceOf(accountId).promoMicros);
    }
    expect(given).toEqual([1_000_000, 1_000_000, 1_000_000, 0]);
    clock.advance(86_400_001);
    const late = { email: 'p3@example.com', emailVerified: true };
    await giveFreeCredit(people.deps, late, { accountId: 'acc_3', address: '2001:db8::9' });
    expect(balanceOf('acc_3').promoMicros).toBe(1_000_000);
  });
});

describe('invitations', () => {
  it('work once, for the address that they were sent to, and keep only a digest', async () => {
    const token = await inviteToHome('Ben@example.com');
    expect(people.mails.at(-1)).toMatchObject({
      to: 'ben@example.com',
      subject: 'Acme: You are invited to ann',
    });
    expect(JSON.stringify(people.deps.store.invitations(homeOf(ann)))).not.toContain(token);
    const eve = await people.join('eve@example.com');
    const ben = await people.join('ben@example.com');
    expect(await acceptInvitation(people.deps, eve.person, token)).toMatchObject({ ok: false });
    expect(await acceptInvitation(people.deps, ben.person, token)).toMatchObject({
      ok: true,
      value: { accountId: homeOf(ann), name: 'ann', role: 'viewer' },
    });
    expect(await acceptInvitation(people.deps, ben.person, token)).toMatchObject({
      ok: false,
      error: { code: 'invalid_request' },
    });
    expect((await people.person(ben.cookie))?.memberships).toContainEqual({
      accountId: homeOf(ann),
      role: 'viewer',
    });
    expect(listMembers(people.deps, homeOf(ann)).map(({ email }) => email)).toEqual([
      'ann@example.com',
      'ben@example.com',
    ]);
  });

  it('end after seven days, when taken back, and when the same address is invited again', async () => {
    const ben = await people.join('ben@example.com');
    const first = await inviteToHome('ben@example.com');
    const second = await inviteToHome('ben@example.com');
    expect(await acceptInvitation(people.deps, ben.person, first)).toMatchObject({ ok: false });
    clock.advance(7 * 86_400_000);
    expect(await acceptInvitation(people.deps, ben.person, second)).toMatchObject({ ok: false });
    expect(listInvitations(people.deps, homeOf(ann))).toEqual([]);
    const third = await inviteToHome('ben@example.com');
    const [open] = listInvitations(people.deps, homeOf(ann));
    const where = { accountId: homeOf(ann), invitationId: open?.id ?? '' };
    expect(await deleteInvitation(people.deps, { personId: ann.person.id }, where)).toMatchObject({
      ok: true,
    });
    expect(await acceptInvitation(people.deps, ben.person, third)).toMatchObject({ ok: false });
  });

  it('never make a role less', async () => {
    const ben = await people.join('ben@example.com');
    await acceptInvitation(people.deps, ben.person, await inviteToHome('ben@example.com', 'admin'));
    const again = await invite(people.deps, actorOf(ann), {
      accountId: homeOf(ann),
      email: 'ben@example.com',
      role: 'viewer',
    });
    expect(again).toMatchObject({ ok: false, error: { param: 'email' } });
  });
});

describe('who was taken out of an account', () => {
  it('does not come back by an invitation that they had sent, nor does a demoted one give what they have lost', async () => {
    const accountId = homeOf(ann);
    const mallory = await people.join('mallory@example.com');
    const token = await inviteToHome('mallory@example.com', 'admin');
    expect(await acceptInvitation(people.deps, mallory.person, token)).toMatchObject({ ok: true });
    const second = await people.join('second@example.com');
    const sent = await invite(people.deps, actorOf(mallory), {
      accountId,
      email: 'second@example.com',
      role: 'admin',
    });
    if (!sent.ok) throw new Error(sent.error.code);
    const accept = () => acceptInvitation(people.deps, second.person, tokenIn(sent.value.link));
    const demote = { accountId, personId: mallory.person.id, role: 'developer' as const };
    await changeMemberRole(people.deps, actorOf(ann), demote);
    expect(await accept()).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    await changeMemberRole(people.deps, actorOf(ann), { ...demote, role: 'admin' });
    await removeMember(people.deps, actorOf(ann), { accountId, personId: mallory.person.id });
    expect(await accept()).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    expect(listMembers(people.deps, accountId).map(({ name }) => name)).toEqual(['ann']);
  });

  it('changes nothing there any more, though the session of a moment ago said owner', async () => {
    const accountId = homeOf(ann);
    const ben = await people.join('ben@example.com');
    await acceptInvitation(people.deps, ben.person, await inviteToHome('ben@example.com'));
    await changeMemberRole(people.deps, actorOf(ann), { accountId, personId: ben.person.id, role: 'owner' });
    await removeMember(people.deps, actorOf(ben), { accountId, personId: ann.person.id });
    const denied = { ok: false, error: { code: 'permission_denied' } };
    const change = { accountId, personId: ben.person.id };
    expect(await removeMember(people.deps, actorOf(ann), change)).toMatchObject(denied);
    expect(await changeMemberRole(people.deps, actorOf(ann), { ...change, role: 'viewer' })).toMatchObject(
      denied,
    );
    const asked = { accountId, email: 'ann@example.com', role: 'owner' as const };
    expect(await invite(people.deps, actorOf(ann), asked)).toMatchObject(denied);
  });
});

describe('mails of invitation', () => {
  it('are so many a day for an account, however often one is taken back', async () => {
    const accountId = homeOf(ann);
    const again = () =>
      invite(people.deps, actorOf(ann), { accountId, email: 'ben@example.com', role: 'viewer' });
    for (let count = 0; count < 50; count += 1) {
      const invited = await again();
      if (!invited.ok) throw new Error(`${count}: ${invited.error.code}`);
      const { id: invitationId } = invited.value.invitation;
      await deleteInvitation(people.deps, { personId: ann.person.id }, { accountId, invitationId });
    }
    expect(await again()).toMatchObject({ ok: false, error: { code: 'rate_limit_exceeded' } });
    expect(people.mails.filter(({ to }) => to === 'ben@example.com')).toHaveLength(50);
    clock.advance(86_400_000);
    people.deps.store.sweep(clock.nowMs());
    expect(await again()).toMatchObject({ ok: true });
  });
});

describe('members', () => {
  it('change by the rules, and the last owner stays', async () => {
    const ben = await people.join('ben@example.com');
    await acceptInvitation(people.deps, ben.person, await inviteToHome('ben@example.com'));
    const accountId = homeOf(ann);
    const itself = { accountId, personId: ann.person.id };
    expect(await removeMember(people.deps, actorOf(ann), itself)).toMatchObject({ ok: false });
    const promote = { accountId, personId: ben.person.id, role: 'owner' as const };
    expect(await changeMemberRole(people.deps, actorOf(ben), promote)).toMatchObject({
      ok: false,
      error: { code: 'permission_denied' },
    });
    expect(await changeMemberRole(people.deps, actorOf(ann), promote)).toMatchObject({
      ok: true,
      value: { role: 'owner', email: 'ben@example.com' },
    });
    expect(await removeMember(people.deps, actorOf(ann), itself)).toMatchObject({ ok: true });
    expect(listMembers(people.deps, accountId).map(({ name }) => name)).toEqual(['ben']);
  });
});

describe('the end of an account', () => {
  it('revokes keys and nodes, gives the balance back by a posting, and forgets names', async () => {
    const accountId = homeOf(ann);
    const { context } = people.gateway;
    const key = await createKey(context, { account: accountId, name: 'of Ann', scopes: ['inference'] });
    const node = await addNode(context, {
      account: accountId,
      name: "Ann's desk",
      pool: 'main',
      kind: 'shared',
    });
    if (!key.ok || !node.ok) throw new Error('no key or node');
    expect(await closeAccount(people.deps, accountId, 'test')).toEqual({
      ok: true,
      value: { forfeitedMicros: 1_000_000 },
    });
    const { directory } = people.deps.registry;
    expect(directory.identify(key.value.secret).ok).toBe(false);
    expect(directory.authenticateNode(node.value.token)).toBeUndefined();
    expect(directory.account(accountId)).toMatchObject({ name: 'closed', suspended: true });
    expect(balanceOf(accountId)).toMatchObject({
      availableMicros: 0,
      promoMicros: 0,
      depositedMicros: 1_000_000,
    });
    expect(listMembers(people.deps, accountId)).toEqual([]);
    const exported = await exportAccount(people.deps, accountId);
    expect(JSON.stringify(exported)).not.toMatch(/Ann/);
  });

  it('ends credit that would have ended by itself, too, and the books add up', async () => {
    const accountId = homeOf(ann);
    const { ledger } = people.gateway.context;
    for (const [id, balance] of [
      ['grant:1', 'promo'],
      ['grant:2', 'allowance'],
    ] as const) {
      const grant = { id, accountId, balance, amountMicros: micros(70), reason: 'test' };
      await ledger.grant({ ...grant, expiresAtMs: clock.nowMs() + 86_400_000 });
    }
    const given = { id: 'deposit:1', accountId, kind: 'deposit' as const, balance: 'paid' as const };
    await ledger.transfer({ ...given, amountMicros: micros(5), reason: '' });
    expect(await closeAccount(people.deps, accountId, 'test')).toEqual({
      ok: true,
      value: { forfeitedMicros: 1_000_145 },
    });
    const nothing = { paidMicros: 0, promoMicros: 0, allowanceMicros: 0, nextExpiry: undefined };
    expect(balanceOf(accountId)).toMatchObject(nothing);
    clock.advance(2 * 86_400_000);
    ledger.sweep();
    expect(await closeAccount(people.deps, accountId, 'test')).toEqual({
      ok: true,
      value: { forfeitedMicros: 0 },
    });
    const report = reconcile(join(people.gateway.directory, LEDGER_DATABASE_FILE), clock);
    expect(report.problems).toEqual([]);
  });

  it('takes the person with it, but not while others need them', async () => {
    const ben = await people.join('ben@example.com');
    await acceptInvitation(people.deps, ben.person, await inviteToHome('ben@example.com'));
    expect(await deletePerson(people.deps, ann.person.id, 'test')).toMatchObject({
      ok: false,
      error: { code: 'invalid_request' },
    });
    const page = await putBrowserKey({ accountId: homeOf(ann), personId: ben.person.id });
    expect(await deletePerson(people.deps, ben.person.id, 'test')).toEqual({
      ok: true,
      value: { closedAccounts: [homeOf(ben)] },
    });
    expect(people.deps.registry.directory.key(page)?.identity.key.revokedAtMs).toBeDefined();
    expect(await people.person(ben.cookie)).toBeUndefined();
    expect(exportPerson(people.deps, ben.person.id).ok).toBe(false);
    expect(listMembers(people.deps, homeOf(ann)).map(({ name }) => name)).toEqual(['ann']);
  });

  it.each([
    ['both are forgotten', (one: Joined) => deletePerson(people.deps, one.person.id, 'test')],
    [
      'the other one leaves',
      (one: Joined) =>
        removeMember(people.deps, actorOf(one), { accountId: homeOf(ann), personId: one.person.id }),
    ],
  ])('leaves no account without an owner when of two owners %s at once', async (_what, go) => {
    const ben = await people.join('ben@example.com');
    await acceptInvitation(people.deps, ben.person, await inviteToHome('ben@example.com', 'owner'));
    const ends = await Promise.all([deletePerson(people.deps, ben.person.id, 'test'), go(ann)]);
    expect(ends.map((end) => end.ok)).toEqual([true, true]);
    expect(listMembers(people.deps, homeOf(ann))).toEqual([]);
    expect(people.deps.registry.directory.account(homeOf(ann))).toMatchObject({
      name: 'closed',
      suspended: true,
    });
    expect(balanceOf(homeOf(ann)).promoMicros).toBe(0);
  });
});

/** The key of a page that is open, as the console makes it. */
async function putBrowserKey(owner: { accountId: string; personId: string }): Promise<string> {
  const asked = { account: owner.accountId, name: 'Browser', scopes: ['inference' as const] };
  const made = await createKey(people.gateway.context, asked);
  const { registry } = people.deps;
  const entry = made.ok ? registry.directory.key(made.value.key.id) : undefined;
  if (entry === undefined) throw new Error('no key');
  const key = { ...entry.identity.key, id: browserKeyId(owner) };
  const audit = { actor: 'test', action: 'key.browser', subject: key.id, detail: '' };
  const digest = hashSecret(createApiKeySecret('test'));
  await registry.change(() => ok({ changes: [{ type: 'put-key', key, digest }], audit, value: undefined }));
  return key.id;
}

it('exports what is kept, without a secret', async () => {
  const key = await createKey(people.gateway.context, {
    account: homeOf(ann),
    name: 'laptop',
    scopes: ['read'],
  });
  if (!key.ok) throw new Error('no key');
  const exported = JSON.stringify([
    await exportAccount(people.deps, homeOf(ann)),
    exportPerson(people.deps, ann.person.id),
  ]);
  for (const part of ['laptop', 'ann@example.com', 'credential', '192.0.2.1'])
    expect(exported).toContain(part);
  const token = decodeURIComponent(ann.cookie.split('=')[1] ?? '').split('.')[0] ?? 'none';
  for (const secret of [key.value.secret, token, 'digest', 'password'])
    expect(exported).not.toContain(secret);
});
