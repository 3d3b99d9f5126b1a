import type { Database } from 'better-sqlite3';
import { micros } from '../../../core/money.ts';
import { failed, ok, type Result } from '../../../core/result.ts';
import type { Receipt } from '../../../ledger/ledger.ts';
import type {
  HourRow,
  HoursQuestion,
  ReceiptPage,
  ReceiptQuestion,
  UsageGroup,
  UsageQuestion,
  UsageRow,
} from '../../../receipts/reader.ts';
import { createReceiptChain } from './receipt-chain.ts';
import { type ReceiptRow, receiptFromRow } from './receipt-rows.ts';

/** Rows that are looked at for one page of a filtered list: about 10 ms. */
const SCAN_MAX = 5_000;

/** Pages of an account's receipts, from a connection to the ledger that can only read. */
export function createReceiptList(
  ledger: Database,
): (question: ReceiptQuestion) => Result<ReceiptPage, 'unknown-cursor'> {
  const chain = createReceiptChain(ledger);
  return (question) => {
    const { accountId, before, limit } = question;
    const from = before === undefined ? chain.newest(accountId) : chain.before(accountId, before);
    if (from === undefined) return failed('unknown-cursor');
    const receipts: Receipt[] = [];
    let scanned = 0;
    let last: string | undefined;
    for (const row of chain.rows(from, SCAN_MAX)) {
      // One row more than the page shows that there is another page.
      if (receipts.length === limit) return ok({ receipts, nextBefore: last });
      scanned += 1;
      last = row.request_id;
      if (matches(row, question)) receipts.push(receiptFromRow(row));
    }
    return ok({ receipts, nextBefore: scanned === SCAN_MAX ? last : undefined });
  };
}

function matches(row: ReceiptRow, { model, key, end }: ReceiptQuestion): boolean {
  return (
    (model === undefined || row.model_id === model) &&
    (key === undefined || row.key_id === key) &&
    (end === undefined || row.end_kind === end)
  );
}

const COLUMN_OF: Record<UsageGroup, string> = { day: 'day', model: 'model_id', key: 'key_id' };

type SumRow = {
  day: number;
  model_id: string;
  key_id: string;
  requests: number;
  input_tokens: number;
  image_input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  charged: number;
};

/** Sums over the table of `usage-days.ts`, from `rowsMax` + 1 groups on refused. */
export function createUsageSums(
  days: Database,
  rowsMax: number,
): (question: UsageQuestion) => Result<UsageRow[], 'too-many-rows'> {
  return ({ accountId, fromDay, toDay, groupBy }) => {
    // Column names come from the closed table above, never from a caller.
    const columns = groupBy.map((group) => COLUMN_OF[group]).join(', ');
    const rows = days
      .prepare<[string, number, number, number], SumRow>(
        `SELECT ${columns}, ${SUMS}
         FROM usage_day WHERE account_id = ? AND day BETWEEN ? AND ?
         GROUP BY ${columns} ORDER BY ${columns} LIMIT ?`,
      )
      .all(accountId, fromDay, toDay, rowsMax + 1);
    if (rows.length > rowsMax) return failed('too-many-rows');
    return ok(rows.map((row) => usageRow(row, groupBy)));
  };
}

/** The same by hours. */
export function createHourSums(
  days: Database,
  rowsMax: number,
): (question: HoursQuestion) => Result<HourRow[], 'too-many-rows'> {
  const statement = (columns: string) =>
    days.prepare<[string, number, number, number], SumRow & { hour: number }>(
      `SELECT ${columns}, ${SUMS} FROM usage_hour WHERE account_id = ? AND hour BETWEEN ? AND ?
       GROUP BY ${columns} ORDER BY ${columns} LIMIT ?`,
    );
  const all = statement('hour');
  const grouped = { model: statement('hour, model_id'), key: statement('hour, key_id') };
  return ({ accountId, fromHour, toHour, groupBy }) => {
    const wanted = groupBy === undefined ? all : grouped[groupBy];
    const rows = wanted.all(accountId, fromHour, toHour, rowsMax + 1);
    if (rows.length > rowsMax) return failed('too-many-rows');
    const groups = groupBy === undefined ? [] : [groupBy];
    return ok(rows.map((row) => ({ hour: row.hour, ...usageRow(row, groups) })));
  };
}

const SUMS = `sum(requests) AS requests, sum(input_tokens) AS input_tokens, sum(image_input_tokens) AS image_input_tokens,
  sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
  sum(output_tokens) AS output_tokens, sum(reasoning_tokens) AS reasoning_tokens, sum(charged) AS charged`;

function usageRow(row: SumRow, groupBy: readonly UsageGroup[]): UsageRow {
  return {
    ...(groupBy.includes('day') ? { day: row.day } : {}),
    ...(groupBy.includes('model') ? { model: row.model_id } : {}),
    ...(groupBy.includes('key') ? { key: row.key_id } : {}),
    requests: row.requests,
    usage: {
      inputTokens: row.input_tokens,
      imageInputTokens: row.image_input_tokens,
      cacheReadTokens: row.cache_read_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      outputTokens: row.output_tokens,
      reasoningTokens: row.reasoning_tokens,
    },
    chargedMicros: micros(row.charged),
  };
}
