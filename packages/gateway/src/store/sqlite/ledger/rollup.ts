import type { Database } from 'better-sqlite3';
import { type OldReceipt, DAY_MS, createChargeSums, createReceiptSums, dayOf } from './rollup-rows.ts';

/** `beforeMs`: the beginning of a UTC day; requests that began earlier are old. `afterSeq`: where to go on, at first 0. */
export type RollupStep = { beforeMs: number; afterSeq: number; receiptsMax: number };

/** `receipts`: how many were summed up and removed. `nextSeq` undefined: no more are old. */
export type RollupResult = { receipts: number; nextSeq: number | undefined };

/** Two records of the same money differ. Nothing was removed. */
export class RollupRefusedError extends Error {
  readonly code = 'ROLLUP_REFUSED';
}

/**
 * Returns a function that sums up some old receipts and their charges, and removes them, in one transaction: either all
 * of it is there afterwards, or nothing has changed. Before anything is removed, what each receipt says is compared
 * with what was really taken from its account, two records that were written apart. The receipts of a reservation
 * that is still open are left alone.
 */
export function createRollup(database: Database): (step: RollupStep) => RollupResult {
  const guard = database.prepare<[number]>("UPDATE meta SET value = ? WHERE key = 'rollup_before_ms'");
  const oldest = database.prepare<[number, number], OldReceipt>(
    `SELECT seq, request_id, account_id, key_id, model_id, started_at_ms, charged,
       input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens
     FROM receipt WHERE seq > ? ORDER BY seq LIMIT ?`,
  );
  const deleteReceipt = database.prepare<[number]>('DELETE FROM receipt WHERE seq = ?');
  const rows = createRequestRows(database);
  const receiptSums = createReceiptSums(database);
  const chargeSums = createChargeSums(database);

  function rollUp(receipt: OldReceipt, guardMs: number): boolean {
    const legs = rows.of(receipt.request_id);
    if (legs.isOpen || legs.charges.some(({ at_ms }) => at_ms >= guardMs)) return false;
    const taken = legs.charges.reduce((sum, { amount }) => sum + amount, 0);
    if (taken !== receipt.charged || legs.charges.some(({ owner }) => owner !== receipt.account_id)) {
      throw new RollupRefusedError('a receipt and its charge differ');
    }
    for (const charge of legs.charges) chargeSums.add({ ...charge, day: dayOf(receipt) });
    receiptSums.add(receipt);
    const removed = rows.remove(receipt.request_id);
    if (removed !== taken) throw new RollupRefusedError('a charge changed while it was summed up');
    deleteReceipt.run(receipt.seq);
    return true;
  }

  const step = database.transaction(({ beforeMs, afterSeq, receiptsMax }: RollupStep): RollupResult => {
    // A charge is booked at the end of its request, which may be on the day after its beginning.
    const guardMs = beforeMs + DAY_MS;
    guard.run(guardMs);
    const found = oldest.all(afterSeq, receiptsMax);
    const old = found.filter((receipt) => receipt.started_at_ms < beforeMs);
    let receipts = 0;
    for (const receipt of old) if (rollUp(receipt, guardMs)) receipts += 1;
    chargeSums.flush();
    receiptSums.flush();
    guard.run(0);
    const last = found.at(-1);
    // Receipts stand in the order in which requests ended, so after a stretch without old ones there are no more.
    return { receipts, nextSeq: last === undefined || old.length === 0 ? undefined : last.seq };
  });

  return (asked) => {
    try {
      return step.immediate(asked);
    } catch (error) {
      chargeSums.clear();
      receiptSums.clear();
      throw error;
    }
  };
}

type ChargeLeg = { seq: number; debit: number; amount: number; at_ms: number; owner: string };

/** The transfers of one request, which the beginnings of their ids tell. */
function createRequestRows(database: Database) {
  const charges = database.prepare<[string, string], ChargeLeg>(
    `SELECT t.seq, t.debit, t.amount, t.at_ms, coalesce(a.owner, '') AS owner
     FROM transfer t LEFT JOIN account a ON a.id = t.debit WHERE t.id >= ? AND t.id < ? ORDER BY t.seq`,
  );
  const openHolds = database
    .prepare<[string, string], number>('SELECT count(*) FROM hold WHERE transfer_id >= ? AND transfer_id < ?')
    .pluck();
  const remove = database
    .prepare<[string, string], number>('DELETE FROM transfer WHERE id >= ? AND id < ? RETURNING amount')
    .pluck();
  const range = (prefix: string, requestId: string): [string, string] => [
    `${prefix}:${requestId}:`,
    `${prefix}:${requestId};`,
  ];
  return {
    of: (requestId: string) => ({
      charges: charges.all(...range('charge', requestId)),
      isOpen: (openHolds.get(...range('hold', requestId)) ?? 0) > 0,
    }),
    /** Returns the sum of the charges. A reservation goes with its end, so nothing pending is left. */
    remove(requestId: string): number {
      for (const prefix of ['hold', 'void', 'expire']) remove.all(...range(prefix, requestId));
      return remove.all(...range('charge', requestId)).reduce((sum, amount) => sum + amount, 0);
    },
  };
}

/** One row of sums, for a signature. Days since 1970; amounts in whole µ$. */
export type RollupRow = {
  day: number;
  accountId: string;
  keyId: string;
  modelId: string;
  requests: number;
  chargedMicros: number;
};

export type SignedRollup = RollupRow & { signature: string };

/** Sums of days before `beforeDay` that have no signature yet: more is never added to them by a sound clock. */
export function unsignedRollups(database: Database, beforeDay: number, rowsMax: number): RollupRow[] {
  return database
    .prepare<[number, number], RollupRow>(
      `SELECT day, account_id AS accountId, key_id AS keyId, model_id AS modelId, requests, charged AS chargedMicros
       FROM rollup WHERE signature = '' AND day < ? ORDER BY day LIMIT ?`,
    )
    .all(beforeDay, rowsMax);
}

/** Keeps signatures. One whose sums have changed since they were read is left out. Returns how many were kept. */
export function keepSignatures(database: Database, rows: readonly SignedRollup[]): number {
  const update = database.prepare<SignedRollup[]>(
    `UPDATE rollup SET signature = @signature
     WHERE day = @day AND account_id = @accountId AND key_id = @keyId AND model_id = @modelId
       AND requests = @requests AND charged = @chargedMicros`,
  );
  const keep = database.transaction(() => rows.reduce((kept, row) => kept + update.run(row).changes, 0));
  return keep.immediate();
}
