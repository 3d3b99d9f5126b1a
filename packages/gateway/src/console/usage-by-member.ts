import { addUsage } from '@switchyard/protocol/usage.ts';
import type { AdminContext } from '../admin/context.ts';
import { personName, type PersonName } from '../admin/views.ts';
import { addMicros } from '../core/money.ts';
import type { HourRow, UsageRow } from '../receipts/reader.ts';

/** Usage of a bucket by whoever the keys belong to. The account's own keys count as one of them. */
export type MemberRow = (UsageRow | HourRow) & { member: PersonName };

/** The group of keys that belong to nobody. No person has this id. */
const ACCOUNT_GROUP = 'account';

/** Adds up rows by key: receipts carry the key, and a key stays with its person. Buckets keep their order. */
export function byMember(admin: AdminContext, rows: readonly (UsageRow | HourRow)[]): MemberRow[] {
  const sums = new Map<string, MemberRow>();
  for (const row of rows) {
    const member = memberOf(admin, row.key);
    const id = `${'hour' in row ? row.hour : row.day} ${member.id}`;
    const sum = sums.get(id);
    sums.set(id, sum === undefined ? { ...row, member } : added(sum, row));
  }
  return [...sums.values()];
}

function memberOf(admin: AdminContext, keyId: string | undefined): PersonName {
  const identity = keyId === undefined ? undefined : admin.registry.directory.key(keyId)?.identity;
  const personId = identity?.key.personId;
  if (personId !== undefined) return personName(admin, personId);
  return { id: ACCOUNT_GROUP, name: identity?.account.name ?? null };
}

function added(sum: MemberRow, row: UsageRow | HourRow): MemberRow {
  return {
    ...sum,
    requests: sum.requests + row.requests,
    chargedMicros: addMicros(sum.chargedMicros, row.chargedMicros),
    usage: addUsage(sum.usage, row.usage),
  };
}
