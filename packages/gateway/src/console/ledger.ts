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
/** So many pages of the history are looked through for one page of a kind, and for a file. */
const LOOKED_MAX = 20;
const FILE_LOOKED_MAX = 100;

const wholeNumber = (maximum: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,15}$/, 'must be a whole number above zero')
    .transform(Number)
    .refine((count) => count <= maximum, `must be at most ${maximum}`);
const kindField = () =>
  z.enum(['charge', 'deposit', 'gift', 'adjustment', 'refund', 'transfer', 'allowance', 'expiry']).optional();
type Kind = z.output<ReturnType<typeof kindField>>;
const ledgerQuery = z.strictObject({
  kind: kindField(),
  cursor: wholeNumber(Number.MAX_SAFE_INTEGER).optional(),
  limit: wholeNumber(PAGE_MAX).default(50),
});

const fileQuery = z.strictObject({ kind: kindField() });

/** Every movement of an account's money. */
export function ledgerRows(): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'ledger',
      input: ledgerQuery,
      run: ({ admin, account }, { cursor, limit, kind }) =>
        kind === undefined
          ? readPage(admin, account.id, { limit, before: cursor })
          : readPageOfKind(admin, account.id, { limit, before: cursor }, kind),
    }),
    memberRow('viewer', {
      method: 'GET',
      path: 'ledger.csv',
      input: fileQuery,
      run: ({ admin, account }, { kind }) => readFile(admin, account.id, kind),
    }),
  ];
}

type Page = { limit: number; before: number | undefined };

function readPage(admin: AdminContext, account: string, page: Page): Result<LedgerPage, Fault> {
  const found = creditHistory(admin, { account, ...page });
  if (!found.ok) return found;
  const { postings, next } = found.value;
  return ok({ postings: postings.map(rowView), nextCursor: cursorText(next) });
}

/**
 * The same of one kind, out of a bounded part of the history: a page may be short or empty, and its cursor leads on. Others
 * have a turn after each part.
 */
async function readPageOfKind(
  admin: AdminContext,
  account: string,
  { limit, before }: Page,
  kind: Kind,
): Promise<Result<LedgerPage, Fault>> {
  const rows: LedgerRow[] = [];
  let from = before;
  for (let looked = 0; looked < LOOKED_MAX; looked += 1) {
    const found = creditHistory(admin, { account, limit: HISTORY_PAGE_MAX, before: from });
    if (!found.ok) return found;
    for (const [index, posting] of found.value.postings.entries()) {
      if (!isOfKind(posting, kind)) continue;
      rows.push(rowView(posting));
      if (rows.length < limit) continue;
      // Where the next page begins is after this one, not after the part.
      const end = creditHistory(admin, { account, limit: index + 1, before: from });
      return end.ok ? ok({ postings: rows, nextCursor: cursorText(end.value.next) }) : end;
    }
    from = found.value.next ?? undefined;
    if (from === undefined) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return ok({ postings: rows, nextCursor: cursorText(from ?? null) });
}

function isOfKind({ kind }: Pick<LedgerRow, 'kind'>, wanted: Kind): boolean {
  return wanted === undefined || kind === wanted || (wanted === 'charge' && kind === 'charges of a day');
}

function cursorText(next: number | null): string | null {
  return next === null ? null : String(next);
}

/** Without the other account of a transfer: who it is, is theirs to say. */
function rowView({ id, at, kind, balance, amount, request, reason }: PostingView): LedgerRow {
  return { id, at, kind, balance, amount, request, reason };
}

/** In pages, with a turn for everybody else after each: pages are read on the thread that serves requests. */
async function readFile(admin: AdminContext, account: string, kind: Kind): Promise<Result<CsvFile, Fault>> {
  const rows: LedgerRow[] = [];
  let looked = 0;
  let before: number | undefined;
  do {
    const page = readPage(admin, account, { limit: HISTORY_PAGE_MAX, before });
    if (!page.ok) return page;
    rows.push(...page.value.postings.filter((row) => isOfKind(row, kind)));
    looked += 1;
    before = page.value.nextCursor === null ? undefined : Number(page.value.nextCursor);
    await new Promise((resolve) => setImmediate(resolve));
  } while (before !== undefined && rows.length < FILE_ROWS_MAX && looked < FILE_LOOKED_MAX);
  const header = ['id', 'at', 'kind', 'balance', 'amount_micros', 'request', 'reason'];
  const cells = rows.map(({ id, at, kind, balance, amount, request, reason }) => {
    return [id, at, kind, balance, amount.micros, request ?? '', reason ?? ''];
  });
  return ok(new CsvFile('ledger.csv', csvText([header, ...cells])));
}
