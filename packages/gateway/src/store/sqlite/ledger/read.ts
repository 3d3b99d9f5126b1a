import type { HistoryReader } from '../../../ledger/history.ts';
import type { Receipt } from '../../../ledger/ledger.ts';
import { openForReading } from './connection.ts';
import { createChargeReader, createHistoryReader } from './history.ts';
import { createReceiptChain } from './receipt-chain.ts';
import { type ReceiptRow, receiptFromRow } from './receipt-rows.ts';

/**
 * Receipts and movements by a connection of its own that can only read: the writer is not held up, and it sees what is
 * durable.
 */
export type ReceiptStore = HistoryReader & {
  /** Undefined when there is none of that id, or it belongs to another account. */
  byId(accountId: string, requestId: string): Receipt | undefined;
  /** Newest first. `beforeRequestId` continues after the last receipt of a page; an unknown one gives nothing. */
  recent(accountId: string, limit: number, beforeRequestId?: string): Receipt[];
  close(): void;
};

/** The file must exist: open the ledger first. */
export function openReceiptStore(path: string): ReceiptStore {
  const database = openForReading(path);
  const byId = database.prepare<[string, string], ReceiptRow>(
    'SELECT * FROM full_receipt WHERE request_id = ? AND account_id = ?',
  );
  const chain = createReceiptChain(database);
  return {
    history: createHistoryReader(database),
    charge: createChargeReader(database),
    byId(accountId, requestId) {
      const row = byId.get(requestId, accountId);
      return row === undefined ? undefined : receiptFromRow(row);
    },
    recent(accountId, limit, beforeRequestId) {
      const from =
        beforeRequestId === undefined ? chain.newest(accountId) : chain.before(accountId, beforeRequestId);
      return from === undefined ? [] : Array.from(chain.rows(from, limit), receiptFromRow);
    },
    close: () => void database.close(),
  };
}
