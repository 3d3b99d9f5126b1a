import { z } from 'zod';
import type { EarningsAnswer, EarningsBucket } from '@switchyard/protocol/console/nodes.ts';
import { moneyView, timeView } from '../admin/views.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { csvText } from '../receipts/csv.ts';
import { dayText } from '../receipts/days.ts';
import type { EarningsReader, EarningsRow } from '../receipts/earnings.ts';
import { USAGE_DAYS_MAX } from '../receipts/reader.ts';
import { type AccountCall, type ConsoleRow, CsvFile, memberRow } from './row.ts';
import { rangeFields, rangeOf, readFault } from './usage.ts';

const earningsQuery = z.strictObject({ ...rangeFields, by: z.enum(['node', 'day']).default('day') });
type EarningsQuery = z.output<typeof earningsQuery>;

/** What an account's nodes earned. */
export function earningsRows(reader: EarningsReader): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'earnings',
      input: earningsQuery,
      run: (call, query) => readEarnings(reader, call, query),
    }),
    memberRow('viewer', {
      method: 'GET',
      path: 'earnings.csv',
      input: earningsQuery,
      async run(call, query) {
        const answer = await readEarnings(reader, call, query);
        return answer.ok ? ok(earningsFile(answer.value)) : answer;
      },
    }),
  ];
}

async function readEarnings(
  reader: EarningsReader,
  { admin, account }: AccountCall,
  query: EarningsQuery,
): Promise<Result<EarningsAnswer, Fault>> {
  const range = rangeOf(query, admin.clock.nowMs(), { defaultDays: 30, maxDays: USAGE_DAYS_MAX });
  if (!range.ok) return range;
  const { by } = query;
  const found = await reader.earnings({ accountId: account.id, ...range.value, groupBy: [by] });
  if (!found.ok) return failed(readFault(found.error));
  const { rows, balance } = found.value;
  const nodeName = (id: string) => admin.registry.directory.node(id)?.node.name ?? id;
  const { next } = balance;
  return ok({
    from: dayText(range.value.fromDay),
    to: dayText(range.value.toDay),
    by,
    rows: rows.map((row) => bucketView(row, nodeName)),
    balance: {
      pending: moneyView(balance.pendingMicros),
      payable: moneyView(balance.payableMicros),
      paid: moneyView(balance.paidMicros),
      next: next === undefined ? null : { at: timeView(next.atMs), amount: moneyView(next.amountMicros) },
    },
  });
}

function bucketView(row: EarningsRow, nodeName: (id: string) => string): EarningsBucket {
  const { jobs, earnedMicros, reversedMicros, pendingMicros } = row;
  const group = row.node ?? dayText(row.day ?? 0);
  const groupName = row.node === undefined ? group : nodeName(row.node);
  return { group, groupName, jobs, earnedMicros, reversedMicros, pendingMicros };
}

const COLUMNS = ['group', 'groupName', 'jobs', 'earnedMicros', 'reversedMicros', 'pendingMicros'] as const;

function earningsFile({ from, to, rows }: EarningsAnswer): CsvFile {
  const cells = rows.map((row) => COLUMNS.map((column) => row[column]));
  return new CsvFile(`earnings-${from}-${to}.csv`, csvText([[...COLUMNS], ...cells]));
}
