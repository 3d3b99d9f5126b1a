import { z } from 'zod';
import type { RequestRow, RequestsPage } from '@switchyard/protocol/console/requests.ts';
import type { AdminContext } from '../admin/context.ts';
import { timeView } from '../admin/views.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { csvText } from '../receipts/csv.ts';
import { readReceiptQuestion } from '../receipts/questions.ts';
import { type ReceiptQuestion, RECEIPTS_MAX, type RecordReader } from '../receipts/reader.ts';
import { usageView } from '../receipts/receipt-view.ts';
import { type AccountCall, type ConsoleRow, CsvFile, memberRow } from './row.ts';
import { keyName, readFault } from './usage.ts';

/** Rows of one file. */
const FILE_ROWS_MAX = 10_000;

const text = () => z.string().max(300).optional();
export const listQuery = z.strictObject({
  cursor: text(),
  limit: text(),
  model: text(),
  key: text(),
  status: text(),
});
const fileQuery = listQuery.omit({ cursor: true, limit: true });

/** An account's receipts. */
export function requestRows(records: Pick<RecordReader, 'list'>): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'requests',
      input: listQuery,
      run: (call, query) => requestsPage(records, call, query),
    }),
    memberRow('viewer', {
      method: 'GET',
      path: 'requests.csv',
      input: fileQuery,
      run: async (call, query) => {
        const question = questionOf(call, query);
        return question.ok ? readFile(records, call.admin, question.value) : question;
      },
    }),
  ];
}

type OfAccount = Pick<AccountCall, 'admin' | 'account'>;

/** One page of an account's receipts, the newest first. Errors: `invalid_request`, `rate_limit_exceeded`. */
export async function requestsPage(
  records: Pick<RecordReader, 'list'>,
  whose: OfAccount,
  query: z.output<typeof listQuery>,
): Promise<Result<RequestsPage, Fault>> {
  const question = questionOf(whose, query);
  return question.ok ? readPage(records, whose.admin, question.value) : question;
}

/** The rules are those of `GET /v1/requests`; only two names differ. */
function questionOf(
  { admin, account }: OfAccount,
  { cursor, status, limit, key, model }: z.output<typeof listQuery>,
): Result<ReceiptQuestion, Fault> {
  const given = {
    ...(cursor === undefined ? {} : { before: cursor }),
    ...(status === undefined ? {} : { end: status }),
    ...(limit === undefined ? {} : { limit }),
    ...(key === undefined ? {} : { key }),
    // The name may be an alias; of a deployment, or of a model that is gone, it is as the receipt says.
    ...(model === undefined ? {} : { model: admin.models.find(model)?.id ?? model }),
  };
  return readReceiptQuestion(given, account.id);
}

async function readPage(
  records: Pick<RecordReader, 'list'>,
  admin: AdminContext,
  question: ReceiptQuestion,
): Promise<Result<RequestsPage, Fault>> {
  const page = await records.list(question);
  if (!page.ok) return failed(page.error === 'busy' ? readFault('busy') : UNKNOWN_CURSOR);
  const { receipts, nextBefore } = page.value;
  return ok({
    requests: receipts.map((receipt) => requestView(admin, receipt)),
    nextCursor: nextBefore ?? null,
  });
}

const UNKNOWN_CURSOR = fault('invalid_request', {
  message: 'There is no such page. Begin with the first one.',
  param: 'cursor',
});

async function readFile(
  records: Pick<RecordReader, 'list'>,
  admin: AdminContext,
  question: ReceiptQuestion,
): Promise<Result<CsvFile, Fault>> {
  const rows: RequestRow[] = [];
  let cursor: string | undefined;
  do {
    const asked = { ...question, limit: RECEIPTS_MAX, ...(cursor === undefined ? {} : { before: cursor }) };
    const page = await readPage(records, admin, asked);
    if (!page.ok) return page;
    rows.push(...page.value.requests);
    cursor = page.value.nextCursor ?? undefined;
  } while (cursor !== undefined && rows.length < FILE_ROWS_MAX);
  return ok(new CsvFile('requests.csv', csvText([COLUMNS, ...rows.map(cells)])));
}

const COLUMNS = [
  'id',
  'started_at',
  'model',
  'key',
  'key_name',
  'surface',
  'status',
  'error',
  'prompt_tokens',
  'completion_tokens',
  'held_micros',
  'charged_micros',
  'price_version',
  'first_part_ms',
  'duration_ms',
];

function cells(row: RequestRow): (string | number)[] {
  return [
    row.id,
    row.startedAt,
    row.model,
    row.key.id,
    row.key.name ?? '',
    row.surface,
    row.status,
    row.error ?? '',
    row.usage.prompt_tokens,
    row.usage.completion_tokens,
    row.heldMicros,
    row.chargedMicros,
    row.priceVersion,
    row.firstPartMs ?? '',
    row.durationMs,
  ];
}

/** A receipt as its account's members read it: without the operator's routes and nodes. */
export function requestView(admin: AdminContext, receipt: Receipt): RequestRow {
  return {
    id: receipt.requestId,
    startedAt: timeView(receipt.startedAtMs),
    model: receipt.modelId,
    key: { id: receipt.keyId, name: keyName(admin, receipt.keyId) ?? null },
    surface: receipt.surface,
    streamed: receipt.streamed,
    status: receipt.end,
    error: receipt.errorCode === '' ? null : receipt.errorCode,
    usage: usageView(receipt.usage),
    usageSource: receipt.usageSource,
    heldMicros: receipt.heldMicros,
    chargedMicros: receipt.chargedMicros,
    priceVersion: receipt.priceVersion,
    firstPartMs: receipt.firstPartMs < 0 ? null : receipt.firstPartMs,
    durationMs: receipt.durationMs,
    attempts: receipt.attempts,
  };
}
