import type { Database } from 'better-sqlite3';
import { micros } from '../../../core/money.ts';
import type { Receipt } from '../../../ledger/ledger.ts';

/** One row of the table `receipt`, as SQLite gives it back. */
export type ReceiptRow = {
  request_id: string;
  account_id: string;
  key_id: string;
  model_id: string;
  surface: string;
  route_kind: Receipt['routeKind'];
  route_name: string;
  node_id: string;
  streamed: number;
  started_at_ms: number;
  first_part_ms: number;
  duration_ms: number;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  usage_source: Receipt['usageSource'];
  end_kind: Receipt['end'];
  error_code: Receipt['errorCode'];
  held: number;
  charged: number;
  price_version: string;
  attempts: number;
  policy: NonNullable<Receipt['policy']>;
  cut_at_hold: number;
};

/** In the order that `insertReceipts` binds them. */
export const RECEIPT_COLUMNS = [
  'request_id',
  'account_id',
  'key_id',
  'model_id',
  'surface',
  'route_kind',
  'route_name',
  'node_id',
  'streamed',
  'started_at_ms',
  'first_part_ms',
  'duration_ms',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'usage_source',
  'end_kind',
  'error_code',
  'held',
  'charged',
  'price_version',
  'attempts',
  'policy',
  'cut_at_hold',
] as const satisfies readonly (keyof ReceiptRow)[];

export function insertReceipts(database: Database): (receipt: Receipt) => void {
  const marks = RECEIPT_COLUMNS.map(() => '?').join(', ');
  const insert = database.prepare<(string | number)[]>(
    `INSERT INTO receipt (${RECEIPT_COLUMNS.join(', ')}) VALUES (${marks})`,
  );
  return (receipt) => {
    insert.run(
      receipt.requestId,
      receipt.accountId,
      receipt.keyId,
      receipt.modelId,
      receipt.surface,
      receipt.routeKind,
      receipt.routeName,
      receipt.nodeId,
      receipt.streamed ? 1 : 0,
      receipt.startedAtMs,
      receipt.firstPartMs,
      receipt.durationMs,
      receipt.usage.inputTokens,
      receipt.usage.cacheReadTokens,
      receipt.usage.cacheWriteTokens,
      receipt.usage.outputTokens,
      receipt.usage.reasoningTokens,
      receipt.usageSource,
      receipt.end,
      receipt.errorCode,
      receipt.heldMicros,
      receipt.chargedMicros,
      receipt.priceVersion,
      receipt.attempts,
      receipt.policy ?? '',
      receipt.cutAtHold === true ? 1 : 0,
    );
  };
}

export function receiptFromRow(row: ReceiptRow): Receipt {
  return {
    requestId: row.request_id,
    accountId: row.account_id,
    keyId: row.key_id,
    modelId: row.model_id,
    surface: row.surface,
    routeKind: row.route_kind,
    routeName: row.route_name,
    nodeId: row.node_id,
    streamed: row.streamed === 1,
    startedAtMs: row.started_at_ms,
    firstPartMs: row.first_part_ms,
    durationMs: row.duration_ms,
    usage: {
      inputTokens: row.input_tokens,
      cacheReadTokens: row.cache_read_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      outputTokens: row.output_tokens,
      reasoningTokens: row.reasoning_tokens,
    },
    usageSource: row.usage_source,
    end: row.end_kind,
    errorCode: row.error_code,
    heldMicros: micros(row.held),
    chargedMicros: micros(row.charged),
    priceVersion: row.price_version,
    attempts: row.attempts,
    policy: row.policy,
    cutAtHold: row.cut_at_hold === 1,
  };
}
