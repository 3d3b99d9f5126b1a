import type { HistoryReader } from '../../../ledger/history.ts';
import type { Receipt } from '../../../ledger/ledger.ts';
import { openForReading } from './connection.ts';
import { createChargeReader, createHistoryReader } from './history.ts';
import { RECEIPT_COLUMNS, type ReceiptRow, receiptFromRow } from './receipt-rows.ts';

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
  const columns = RECEIPT_COLUMNS.join(', ');
  const byId = database.prepare<[string, string], ReceiptRow>(
    `SELECT ${columns} FROM receipt WHERE request_id = ? AND account_id = ?`,
  );
  const recent = database.prepare<[string, number], ReceiptRow>(
    `SELECT ${columns} FROM receipt WHERE account_id = ? ORDER BY seq DESC LIMIT ?`,
  );
  const before = database.prepare<[string, string, string, number], ReceiptRow>(
    `SELECT ${columns} FROM receipt
     WHERE account_id = ? AND seq < (SELECT seq FROM receipt WHERE request_id = ? AND account_id = ?)
     ORDER BY seq DESC LIMIT ?`,
  );
  return {
    history: createHistoryReader(database),
    charge: createChargeReader(database),
    byId(accountId, requestId) {
      const row = byId.get(requestId, accountId);
      return row === undefined ? undefined : receiptFromRow(row);
    },
    recent(accountId, limit, beforeRequestId) {
      const rows =
        beforeRequestId === undefined
          ? recent.all(accountId, limit)
          : before.all(accountId, beforeRequestId, accountId, limit);
      return rows.map(receiptFromRow);
    },
    close: () => void database.close(),
  };
}
