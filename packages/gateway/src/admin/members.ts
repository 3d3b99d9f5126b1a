import { z } from 'zod';
import type { AccountPerson } from '@switchyard/protocol/console/members.ts';
import type { MemberId, MemberLimits } from '../accounts/account.ts';
import type { Fault } from '../core/errors.ts';
import { addMicros, ZERO_MICROS } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { SpendSoFar } from '../ledger/ledger.ts';
import { NO_MEMBER } from '../people/key-owners.ts';
import { listMembers } from '../people/members.ts';
import { describeChange } from './audit-words.ts';
import type { AdminContext } from './context.ts';
import { referenceField } from './fields.ts';
import { changedLimits, limitChangeFields } from './limit-change.ts';
import { findAccount } from './lookup.ts';
import { findPerson, personField } from './people.ts';
import { spendView, type WindowsView } from './views.ts';

export const listMembersInput = z.strictObject({ account: referenceField() });

export const memberLimitsInput = z.strictObject({
  account: referenceField(),
  person: personField(),
  ...limitChangeFields(),
});

/** What all keys of a person in an account may do together, and have done. null: no such limit. */
export type MemberShareView = {
  /** Of theirs, those that work. */
  keys: number;
  requestsPerMinute: number | null;
  concurrency: number | null;
  /** Per UTC day, ISO week and month; `limit` null: none. */
  spend: WindowsView;
};

export type MemberView = AccountPerson & MemberShareView;

/** The longest there first. Errors: `not_found`. */
export function showMembers(
  context: AdminContext,
  input: z.output<typeof listMembersInput>,
): Result<{ members: MemberView[] }, Fault> {
  const account = findAccount(context.registry.directory, input.account);
  if (!account.ok) return account;
  const accountId = account.value.id;
  const members = listMembers(context.people.deps, accountId).map((member) => ({
    ...member,
    ...memberShareView(context, { accountId, personId: member.personId }),
  }));
  return ok({ members });
}

/**
 * Says what all keys of a person in an account may do together; the next request sees it. What they have spent before
 * in a window counts. Errors: `not_found`.
 */
export async function setMemberLimits(
  context: AdminContext,
  input: z.output<typeof memberLimitsInput>,
): Promise<Result<MemberView, Fault>> {
  const { store } = context.people.deps;
  const person = findPerson(store, input.person);
  if (!person.ok) return person;
  const personId = person.value.id;
  const made = await context.registry.change((directory) => {
    const account = findAccount(directory, input.account);
    if (!account.ok) return account;
    const member = { accountId: account.value.id, personId };
    if (!store.memberships(personId).some(({ accountId }) => accountId === member.accountId))
      return failed(NO_MEMBER);
    const old = directory.memberLimits(member) ?? { ...member, ...NO_LIMITS };
    const limits: MemberLimits = Object.freeze({ ...old, ...changedLimits(old, input) });
    const audit = {
      actor: context.actor,
      action: 'member.limits',
      subject: member.accountId,
      detail: `${personId}: ${describeChange(old, limits)}`,
    };
    const change = isUnlimited(limits)
      ? ({ type: 'delete-member-limits', ...member } as const)
      : ({ type: 'put-member-limits', limits } as const);
    return ok({ changes: [change], audit, value: member });
  });
  if (!made.ok) return made;
  const view = listMembers(context.people.deps, made.value.accountId).find(
    (one) => one.personId === personId,
  );
  return view === undefined ? failed(NO_MEMBER) : ok({ ...view, ...memberShareView(context, made.value) });
}

export function memberShareView(context: AdminContext, member: MemberId): MemberShareView {
  const { registry, ledger, clock } = context;
  const keys = registry.directory.memberKeys(member);
  const limits = registry.directory.memberLimits(member) ?? NO_LIMITS;
  const nowMs = clock.nowMs();
  let spent: SpendSoFar = { dayMicros: ZERO_MICROS, weekMicros: ZERO_MICROS, monthMicros: ZERO_MICROS };
  for (const { identity } of keys) spent = together(spent, ledger.keySpend(identity.key.id));
  const works = keys.filter(
    ({ identity: { key } }) => key.revokedAtMs === undefined && (key.expiresAtMs ?? Infinity) > nowMs,
  );
  return {
    keys: works.length,
    requestsPerMinute: limits.requestsPerMinute ?? null,
    concurrency: limits.concurrency ?? null,
    spend: spendView(nowMs, spent, limits.spendLimits),
  };
}

const NO_LIMITS: Omit<MemberLimits, keyof MemberId> = {
  requestsPerMinute: undefined,
  concurrency: undefined,
  spendLimits: Object.freeze({}),
};

function isUnlimited({ requestsPerMinute, concurrency, spendLimits: spend }: MemberLimits): boolean {
  return requestsPerMinute === undefined && concurrency === undefined && Object.keys(spend).length === 0;
}

function together(one: SpendSoFar, other: SpendSoFar): SpendSoFar {
  return {
    dayMicros: addMicros(one.dayMicros, other.dayMicros),
    weekMicros: addMicros(one.weekMicros, other.weekMicros),
    monthMicros: addMicros(one.monthMicros, other.monthMicros),
  };
}
