import type { Database } from 'better-sqlite3';
import { micros } from '../../../core/money.ts';
import type { Receipt } from '../../../ledger/ledger.ts';
import type { AccountRow } from './account-rows.ts';
import type { RequestNames } from './request-names.ts';

/** One row of the view `full_receipt`, as SQLite gives it back. */
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
  image_input_tokens: number;
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

/** Where a receipt stands: its number, its payer's paid balance, and how many transfers follow it. */
export type ReceiptPlace = { seq: number; paid: AccountRow; legs: number };

/** Returns a function that writes a receipt. The caller notes it as the newest of its payer. */
export function insertReceipts(
  database: Database,
  names: RequestNames,
): (receipt: Receipt, place: ReceiptPlace) => void {
  // In the order of the columns.
  const insert = database.prepare<(string | number)[]>(
    `INSERT INTO receipt VALUES (${Array.from({ length: 19 }, () => '?').join(', ')})`,
  );
  return (receipt, { seq, paid, legs }) => {
    const { usage } = receipt;
    insert.run(
      seq,
      receipt.requestId,
      paid.id,
      paid.lastReceipt,
      legs,
      names.key(receipt.keyId),
      names.service(receipt),
      names.outcome(receipt),
      receipt.startedAtMs,
      receipt.firstPartMs,
      receipt.durationMs,
      usage.inputTokens,
      usage.imageInputTokens,
      usage.cacheReadTokens,
      usage.cacheWriteTokens,
      usage.outputTokens,
      usage.reasoningTokens,
      receipt.heldMicros,
      receipt.chargedMicros,
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
      imageInputTokens: row.image_input_tokens,
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
