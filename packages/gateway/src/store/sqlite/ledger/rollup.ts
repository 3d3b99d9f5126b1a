import type { Database } from 'better-sqlite3';
import { TRANSFER_KIND } from './migrations.ts';
import { createEarningRollup } from './rollup-earnings.ts';
import { type OldReceipt, DAY_MS, createChargeSums, createReceiptSums, dayOf } from './rollup-rows.ts';

/**
 * `beforeMs`: the beginning of a UTC day; requests that began earlier are old. `nowMs`: the present time. `afterSeq`:
 * where to go on, at first 0.
 */
export type RollupStep = { beforeMs: number; nowMs: number; afterSeq: number; receiptsMax: number };

/** `receipts`: how many were summed up and removed. `nextSeq` undefined: no more are old. */
export type RollupResult = { receipts: number; nextSeq: number | undefined };

/** Two records of the same money differ. Nothing was removed. */
export class RollupRefusedError extends Error {
  readonly code = 'ROLLUP_REFUSED';
}

/**
 * Returns a function that sums up some old receipts and their charges, and removes them, in one transaction: either all
 * of it is there afterwards, or nothing has changed. Before anything is removed, what each receipt says is compared
 * with what was really taken from its account, two records that were written apart.
 *
 * Receipts go in the order of their numbers, up to the first that is not old, so that each account keeps the newest part
 * of its chain whole. Only one from the future, which no sound clock gave, is passed over.
 */
export function createRollup(database: Database): (step: RollupStep) => RollupResult {
  const guard = database.prepare<[number]>("UPDATE meta SET value = ? WHERE key = 'rollup_before_ms'");
  const noteHighest = database.prepare<[number]>(
    "UPDATE meta SET value = max(value, CAST(? AS INTEGER)) WHERE key = 'rolled_up_to'",
  );
  const oldest = database.prepare<[number, number], OldReceipt>(
    `SELECT r.seq, r.request_id, r.legs, a.owner AS account_id, k.key_id, s.model_id, r.started_at_ms, r.charged,
       r.input_tokens, r.image_input_tokens, r.cache_read_tokens, r.cache_write_tokens, r.output_tokens,
       r.reasoning_tokens
     FROM receipt r JOIN account a ON a.id = r.account JOIN api_key k ON k.id = r.key JOIN service s ON s.id = r.service
     WHERE r.seq > ? ORDER BY r.seq LIMIT ?`,
  );
  const deleteReceipt = database.prepare<[number]>('DELETE FROM receipt WHERE seq = ?');
  const transfers = createRequestTransfers(database);
  const receiptSums = createReceiptSums(database);
  const chargeSums = createChargeSums(database);
  const earnings = createEarningRollup(database);

  /** False: it ended too late to be old. */
  function rollUp(receipt: OldReceipt, guardMs: number): boolean {
    const rows = transfers.of(receipt);
    const earning = earnings.of(receipt);
    if (transfers.isOpen(receipt.request_id) || rows.some(({ at_ms }) => at_ms >= guardMs)) return false;
    if (earning !== undefined && !earnings.isOld(earning, guardMs)) return false;
    const charges = rows.filter(isCharge);
    const taken = sumOf(charges);
    if (taken !== receipt.charged || charges.some(({ owner }) => owner !== receipt.account_id)) {
      throw new RollupRefusedError('a receipt and its charge differ');
    }
    for (const charge of charges) chargeSums.add({ ...charge, day: dayOf(receipt) });
    receiptSums.add(receipt);
    if (earning !== undefined) earnings.rollUp(earning);
    transfers.remove(rows);
    deleteReceipt.run(receipt.seq);
    return true;
  }

  const step = database.transaction(
    ({ beforeMs, nowMs, afterSeq, receiptsMax }: RollupStep): RollupResult => {
      // A charge is booked at the end of its request, which may be on the day after its beginning.
      const guardMs = beforeMs + DAY_MS;
      guard.run(guardMs);
      let receipts = 0;
      let highest = 0;
      let nextSeq: number | undefined;
      for (const receipt of oldest.all(afterSeq, receiptsMax)) {
        const isFromFuture = receipt.started_at_ms > nowMs + DAY_MS;
        if (!isFromFuture) {
          if (receipt.started_at_ms >= beforeMs || !rollUp(receipt, guardMs)) {
            nextSeq = undefined;
            break;
          }
          receipts += 1;
          highest = receipt.seq + receipt.legs;
        }
        nextSeq = receipt.seq;
      }
      chargeSums.flush();
      earnings.flush();
      receiptSums.flush();
      noteHighest.run(highest);
      guard.run(0);
      return { receipts, nextSeq };
    },
  );

  return (asked) => {
    try {
      return step.immediate(asked);
    } catch (error) {
      chargeSums.clear();
      earnings.clear();
      receiptSums.clear();
      throw error;
    }
  };
}

type RequestRow = {
  seq: number;
  kind: number;
  pending: number | null;
  debit: number;
  amount: number;
  at_ms: number;
  owner: string;
};

const isCharge = ({ kind }: RequestRow): boolean =>
  kind === TRANSFER_KIND.direct || kind === TRANSFER_KIND.post;

const sumOf = (rows: readonly RequestRow[]): number => rows.reduce((sum, { amount }) => sum + amount, 0);

/** The transfers of one request: those that follow its receipt, and the expiry of its reservation. */
function createRequestTransfers(database: Database) {
  const columns = `t.seq, t.kind, t.pending, t.debit, t.amount, t.at_ms, coalesce(a.owner, '') AS owner
     FROM transfer t LEFT JOIN account a ON a.id = t.debit`;
  const legs = database.prepare<[number, number, number], RequestRow>(
    `SELECT ${columns} WHERE t.seq > ? AND t.seq <= ? AND t.receipt = ? ORDER BY t.seq`,
  );
  const expiries = database.prepare<[string], RequestRow>(
    `SELECT ${columns} WHERE t.request_id = ? AND t.kind = ${TRANSFER_KIND.expire}`,
  );
  const isOpen = database.prepare<[string], number>('SELECT 1 FROM hold WHERE request_id = ?').pluck();
  const remove = database.prepare<[number]>('DELETE FROM transfer WHERE seq = ?');

  return {
    of: (receipt: OldReceipt): RequestRow[] => [
      ...legs.all(receipt.seq, receipt.seq + receipt.legs, receipt.seq),
      ...expiries.all(receipt.request_id),
    ],
    isOpen: (requestId: string) => isOpen.get(requestId) !== undefined,
    /** A reservation goes with its end, so nothing pending is left. */
    remove(rows: readonly RequestRow[]): void {
      for (const { seq, pending } of rows) {
        remove.run(seq);
        if (pending !== null) remove.run(pending);
      }
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
