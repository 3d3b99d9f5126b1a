import { afterEach, beforeEach, expect, it } from 'vitest';
import { createKey } from '../admin/keys.ts';
import { setMemberLimits } from '../admin/members.ts';
import { systemClock } from '../core/clock.ts';
import { micros } from '../core/money.ts';
import { receiptFor, reservation } from '../ledger/testing-receipt.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { deletePerson } from './delete-person.ts';
import { exportPerson } from './export.ts';
import { revokeStrayKeys } from './key-owners.ts';
import { changeMemberRole, removeMember } from './members.ts';
import { openTestPeople, type Joined, type TestPeople } from './testing-people.ts';

/** Keys that belong to a person: `ben`, a developer in the account of `ann`. */

let people: TestPeople;
let ann: Joined;
let ben: Joined;
let accountId: string;
beforeEach(async () => {
  // Better Auth reads the clock of the system.
  people = await openTestPeople(createVirtualClock(systemClock.nowMs()));
  ann = await people.join('ann@example.com', { verified: true });
  ben = await people.join('ben@example.com');
  accountId = ann.person.memberships[0]?.accountId ?? '';
  people.deps.store.putMembership({ ...bens(), role: 'developer', sinceMs: 1 });
});
afterEach(() => people.dispose());

const bens = () => ({ accountId, personId: ben.person.id });
const owner = () => ({ personId: ann.person.id, role: 'owner' as const });

async function newKey(person?: string): Promise<{ id: string; secret: string }> {
  const asked = { account: accountId, name: 'key', scopes: ['inference' as const] };
  const made = await createKey(people.gateway.context, person === undefined ? asked : { ...asked, person });
  if (!made.ok) throw new Error(made.error.code);
  return { id: made.value.key.id, secret: made.value.secret };
}
const opens = ({ secret }: { secret: string }) => people.deps.registry.directory.identify(secret).ok;
const limit = (change: object) =>
  setMemberLimits(people.gateway.context, { account: accountId, person: 'ben@example.com', ...change });

it.each<[string, () => Promise<{ ok: boolean }>]>([
  ['leave', () => removeMember(people.deps, { personId: ben.person.id }, bens())],
  ['are taken out', () => removeMember(people.deps, owner(), bens())],
  ['become viewers', () => changeMemberRole(people.deps, owner(), { ...bens(), role: 'viewer' as const })],
  ['are deleted', () => deletePerson(people.deps, ben.person.id, 'test')],
])('end when they %s, and those of the account and of others stay', async (_what, end) => {
  const [own, second, common, anns] = [
    await newKey('ben@example.com'),
    await newKey(ben.person.id),
    await newKey(),
    await newKey('ann@example.com'),
  ];
  expect([own, second].map(opens)).toEqual([true, true]);
  expect(await end()).toMatchObject({ ok: true });
  expect([own, second, common, anns].map(opens)).toEqual([false, false, true, true]);
});

it('are given to members who may have some only', async () => {
  const asked = { account: accountId, name: 'key', scopes: ['inference' as const] };
  const give = async (person: string) => {
    const made = await createKey(people.gateway.context, { ...asked, person });
    return made.ok ? 'made' : made.error.code;
  };
  expect(await give('ben@example.com')).toBe('made');
  await changeMemberRole(people.deps, owner(), { ...bens(), role: 'viewer' });
  expect(await give('ben@example.com')).toBe('invalid_request');
  await people.join('eve@example.com');
  expect(await give('eve@example.com')).toBe('not_found');
  expect(await give('nobody@example.com')).toBe('not_found');
});

it('that a crash has left are revoked at the next start', async () => {
  const [own, common] = [await newKey('ben@example.com'), await newKey()];
  people.deps.store.deleteMembership(bens());
  expect(opens(own)).toBe(true);
  await revokeStrayKeys(people.deps);
  expect([own, common].map(opens)).toEqual([false, true]);
  const [line] = await people.deps.registry.auditTrail(1);
  expect(line).toMatchObject({ actor: 'gateway', action: 'member.keys', subject: accountId });
});

it('have limits together, which count what was spent before and go with the member', async () => {
  const key = await newKey('ben@example.com');
  const { ledger, registry } = people.gateway.context;
  const held = ledger.reserve(reservation('req_1', accountId, 500, { keyId: key.id }));
  if (!held.ok) throw new Error(held.error);
  await ledger.settle(held.value, { amountMicros: micros(400), receipt: receiptFor(held.value) });
  expect(await limit({ dayLimitMicros: micros(1_000), requestsPerMinute: 7 })).toMatchObject({
    ok: true,
    value: {
      keys: 1,
      requestsPerMinute: 7,
      spend: { day: { spent: { micros: 400 }, limit: { micros: 1_000 } }, week: { limit: null } },
    },
  });
  expect(await limit({ requestsPerMinute: null })).toMatchObject({
    value: { requestsPerMinute: null, spend: { day: { limit: { micros: 1_000 } } } },
  });
  expect(registry.directory.memberLimits(bens())).toMatchObject({ spendLimits: { dayMicros: 1_000 } });
  const exported = exportPerson(people.deps, ben.person.id);
  expect(exported).toMatchObject({
    value: {
      memberships: expect.arrayContaining([
        expect.objectContaining({
          accountId,
          limits: expect.objectContaining({ spendLimits: { dayMicros: 1_000 } }),
          keys: [expect.objectContaining({ id: key.id })],
        }),
      ]),
    },
  });
  expect(JSON.stringify(exported)).not.toContain(key.secret);
  await removeMember(people.deps, owner(), bens());
  expect(registry.directory.memberLimits(bens())).toBeUndefined();
  expect(await limit({ dayLimitMicros: micros(5) })).toMatchObject({
    ok: false,
    error: { code: 'not_found' },
  });
});
