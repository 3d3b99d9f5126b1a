import { z } from 'zod';
import type { LedgerPage, LedgerRow } from '@switchyard/protocol/console/ledger.ts';
import type { AdminContext } from '../admin/context.ts';
import { creditHistory, HISTORY_PAGE_MAX, type PostingView } from '../admin/credit-history.ts';
import type { Fault } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import { csvText } from '../receipts/csv.ts';
import { type ConsoleRow, CsvFile, memberRow } from './row.ts';

const FILE_ROWS_MAX = 10_000;
const PAGE_MAX = 100;

const wholeNumber = (maximum: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,15}$/, 'must be a whole number above zero')
    .transform(Number)
    .refine((count) => count <= maximum, `must be at most ${maximum}`);
const ledgerQuery = z.strictObject({
  cursor: wholeNumber(Number.MAX_SAFE_INTEGER).optional(),
  limit: wholeNumber(PAGE_MAX).default(50),
});

/** Every movement of an account's money. */
export function ledgerRows(): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'ledger',
      input: ledgerQuery,
      run: ({ admin, account }, { cursor, limit }) => readPage(admin, account.id, { limit, before: cursor }),
    }),
    memberRow('viewer', {
      method: 'GET',
      path: 'ledger.csv',
      run: ({ admin, account }) => readFile(admin, account.id),
    }),
  ];
}

type Page = { limit: number; before: number | undefined };

function readPage(admin: AdminContext, account: string, page: Page): Result<LedgerPage, Fault> {
  const found = creditHistory(admin, { account, ...page });
  if (!found.ok) return found;
  const { postings, next } = found.value;
  return ok({ postings: postings.map(rowView), nextCursor: next === null ? null : String(next) });
}

/** Without the other account of a transfer: who it is, is theirs to say. */
function rowView({ id, at, kind, balance, amount, request, reason }: PostingView): LedgerRow {
  return { id, at, kind, balance, amount, request, reason };
}

/** In pages, with a turn for everybody else after each: pages are read on the thread that serves requests. */
async function readFile(admin: AdminContext, account: string): Promise<Result<CsvFile, Fault>> {
  const rows: LedgerRow[] = [];
  let before: number | undefined;
  do {
    const page = readPage(admin, account, { limit: HISTORY_PAGE_MAX, before });
    if (!page.ok) return page;
    rows.push(...page.value.postings);
    before = page.value.nextCursor === null ? undefined : Number(page.value.nextCursor);
    await new Promise((resolve) => setImmediate(resolve));
  } while (before !== undefined && rows.length < FILE_ROWS_MAX);
  const header = ['id', 'at', 'kind', 'balance', 'amount_micros', 'request', 'reason'];
  const cells = rows.map(({ id, at, kind, balance, amount, request, reason }) => {
    return [id, at, kind, balance, amount.micros, request ?? '', reason ?? ''];
  });
  return ok(new CsvFile('ledger.csv', csvText([header, ...cells])));
}
