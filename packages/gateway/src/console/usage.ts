import { z } from 'zod';
import { addUsage, NO_USAGE, type Usage } from '@switchyard/protocol/usage.ts';
import type { UsageAnswer, UsageBucket } from '@switchyard/protocol/console/usage.ts';
import type { AdminContext } from '../admin/context.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { csvText } from '../receipts/csv.ts';
import { dayOf, dayText, parseDay } from '../receipts/days.ts';
import { type HourRow, type RecordReader, USAGE_DAYS_MAX, type UsageRow } from '../receipts/reader.ts';
import { roleCovers } from '../people/person.ts';
import { byMember, type MemberRow } from './usage-by-member.ts';
import { usageView } from '../receipts/receipt-view.ts';
import { type AccountCall, type ConsoleRow, CsvFile, memberRow } from './row.ts';

const HOUR_MS = 3_600_000;
const BY_HOURS_MAX_DAYS = 31;
const DEFAULT_DAYS = { day: 30, hour: 2 };

const dayField = () =>
  z
    .string()
    .transform((text) => parseDay(text))
    .refine((day) => day !== undefined, 'must be a day such as 2026-11-20')
    .optional();

export const rangeFields = { from: dayField(), to: dayField() };

const usageQuery = z.strictObject({
  ...rangeFields,
  bucket: z.enum(['hour', 'day']).default('day'),
  by: z.enum(['model', 'key', 'member']).optional(),
});
type UsageQuery = z.output<typeof usageQuery>;

/** What an account used, by hours or days. */
export function usageRows(records: RecordReader): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'usage',
      input: usageQuery,
      run: (call, query) => readUsage(records, call, query),
    }),
    memberRow('viewer', {
      method: 'GET',
      path: 'usage.csv',
      input: usageQuery,
      async run(call, query) {
        const answer = await readUsage(records, call, query);
        return answer.ok ? ok(usageFile(answer.value)) : answer;
      },
    }),
  ];
}

/** The days of a question, both ends in it. Errors: `invalid_request`. */
export function rangeOf(
  query: { from?: number | undefined; to?: number | undefined },
  nowMs: number,
  bounds: { defaultDays: number; maxDays: number },
): Result<{ fromDay: number; toDay: number }, Fault> {
  const toDay = query.to ?? dayOf(nowMs);
  const fromDay = query.from ?? Math.max(0, toDay - bounds.defaultDays + 1);
  if (fromDay > toDay)
    return failed(fault('invalid_request', { message: 'The range ends before it begins.', param: 'from' }));
  if (toDay - fromDay < bounds.maxDays) return ok({ fromDay, toDay });
  const message = `The range has more than ${bounds.maxDays} days.`;
  return failed(fault('invalid_request', { message, param: 'from' }));
}

async function readUsage(
  records: RecordReader,
  { admin, account, role }: AccountCall,
  query: UsageQuery,
): Promise<Result<UsageAnswer, Fault>> {
  const { bucket, by } = query;
  if (by === 'member' && !roleCovers(role, 'admin')) return failed(MEMBERS_ARE_FOR_ADMINS);
  const groupBy = by === 'member' ? 'key' : by;
  const range = rangeOf(query, admin.clock.nowMs(), {
    defaultDays: DEFAULT_DAYS[bucket],
    maxDays: bucket === 'hour' ? BY_HOURS_MAX_DAYS : USAGE_DAYS_MAX,
  });
  if (!range.ok) return range;
  const { fromDay, toDay } = range.value;
  const asked = { accountId: account.id };
  const rows =
    bucket === 'hour'
      ? await records.hours({ ...asked, fromHour: fromDay * 24, toHour: toDay * 24 + 23, groupBy })
      : await records.usage({
          ...asked,
          fromDay,
          toDay,
          groupBy: groupBy === undefined ? ['day'] : ['day', groupBy],
        });
  if (!rows.ok) return failed(readFault(rows.error));
  return ok({
    from: dayText(fromDay),
    to: dayText(toDay),
    bucket,
    by: by ?? null,
    rows: (by === 'member' ? byMember(admin, rows.value) : rows.value).map((row) =>
      bucketView(admin, row, by),
    ),
    total: totalOf(rows.value),
  });
}

/** What a reader that is busy or has too much to say becomes for a person. */
export function readFault(problem: 'busy' | 'too-many-rows'): Fault {
  if (problem === 'busy')
    return fault('rate_limit_exceeded', { message: 'Try again in a second.', retryAfterMs: 1_000 });
  return fault('invalid_request', { message: 'That are too many rows. Ask for fewer days.', param: 'from' });
}

function bucketView(
  admin: AdminContext,
  row: UsageRow | HourRow | MemberRow,
  by: UsageQuery['by'],
): UsageBucket {
  const atMs = 'hour' in row ? row.hour * HOUR_MS : (row.day ?? 0) * 24 * HOUR_MS;
  const [group, groupName] = groupOf(admin, row, by);
  return {
    at: new Date(atMs).toISOString(),
    group,
    groupName,
    requests: row.requests,
    chargedMicros: row.chargedMicros,
    ...usageView(row.usage),
  };
}

function groupOf(
  admin: AdminContext,
  row: UsageRow | HourRow | MemberRow,
  by: UsageQuery['by'],
): [id: string | null, name: string | null] {
  if ('member' in row) return [row.member.id, row.member.name];
  const { model = null, key = null } = row;
  if (by === 'model') return [model, model];
  return by === 'key' && key !== null ? [key, keyName(admin, key) ?? null] : [null, null];
}

const MEMBERS_ARE_FOR_ADMINS = fault('permission_denied', {
  message: 'What each member used is for admins and owners to see.',
  param: 'by',
});

export function keyName({ registry }: AdminContext, keyId: string): string | undefined {
  return registry.directory.key(keyId)?.identity.key.name;
}

function totalOf(rows: readonly (UsageRow | HourRow)[]): UsageAnswer['total'] {
  let usage: Usage = NO_USAGE;
  let [requests, chargedMicros] = [0, 0];
  for (const row of rows) {
    usage = addUsage(usage, row.usage);
    requests += row.requests;
    chargedMicros += row.chargedMicros;
  }
  return { requests, chargedMicros, ...usageView(usage) };
}

const COLUMNS = [
  'at',
  'group',
  'groupName',
  'requests',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'chargedMicros',
] as const;

function usageFile({ from, to, rows }: UsageAnswer): CsvFile {
  const cells = rows.map((row) => COLUMNS.map((column) => row[column] ?? ''));
  return new CsvFile(`usage-${from}-${to}.csv`, csvText([[...COLUMNS], ...cells]));
}
