import type { Database } from 'better-sqlite3';
import type { AccountRow } from './account-rows.ts';
import { TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';
import type { Numbers } from './numbers.ts';

/** A transfer from outside of requests. */
export type ExternalTransfer = {
  id: string;
  debit: AccountRow;
  credit: AccountRow;
  amount: number;
  code: number;
  reason: string;
  /** Of a refund: the request that it is for. */
  requestId?: string;
  atMs: number;
};

/** A part of a request, from the account that pays to our revenue. */
export type RequestTransfer = { debit: AccountRow; amount: number; atMs: number };

/** `receipt`: its seq. */
export type Charge = RequestTransfer & { receipt: number };

/** The end of a reservation. */
export type ReservationEnd = RequestTransfer & {
  kind: 'post' | 'void' | 'expire';
  /** The seq of the reservation, and its amount. */
  pending: number;
  reserved: number;
  /** The seq of the receipt, or the request of an end without one. */
  receipt: number | null;
  requestId: string | null;
};

/**
 * Writes transfers and sums up what they change, so that each account (most of all our own revenue, which every
 * charge touches) is updated once for a whole batch. `flush` belongs in the same transaction.
 */
export type Tally = {
  transfer(row: ExternalTransfer): void;
  charge(row: Charge): void;
  /** Returns its seq. */
  reserve(row: RequestTransfer): number;
  end(row: ReservationEnd): void;
  /** Notes the newest receipt of the owner of a paid balance. */
  receipt(paid: AccountRow, seq: number): void;
  flush(): void;
  /** Forgets what was not flushed, after a rollback; the rows of accounts are forgotten too. */
  clear(): void;
};

/** @param revenue our account that requests pay to */
export function createTally(database: Database, numbers: Numbers, revenue: () => AccountRow): Tally {
  const insertExternal = database.prepare<
    [number, string, number, number, number, number, string, string | null, number]
  >(
    `INSERT INTO transfer (seq, id, kind, debit, credit, amount, code, reason, request_id, at_ms)
     VALUES (?, ?, ${TRANSFER_KIND.direct}, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertCharge = database.prepare<number[]>(
    `INSERT INTO transfer (seq, kind, receipt, debit, credit, amount, code, at_ms, previous, nth)
     VALUES (?, ${TRANSFER_KIND.direct}, ?, ?, ?, ?, ${TRANSFER_CODE.charge}, ?, ?, ?)`,
  );
  const insertReserve = database.prepare<number[]>(
    `INSERT INTO transfer (seq, kind, debit, credit, amount, code, at_ms)
     VALUES (?, ${TRANSFER_KIND.reserve}, ?, ?, ?, ${TRANSFER_CODE.charge}, ?)`,
  );
  const insertEnd = database.prepare<(number | string | null)[]>(
    `INSERT INTO transfer (seq, debit, credit, amount, code, at_ms, kind, pending, receipt, request_id, previous, nth)
     VALUES (?, ?, ?, ?, ${TRANSFER_CODE.charge}, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // Numbers are bound as floating point where they are large; the sums must stay integers.
  const update = database.prepare<number[]>(
    `UPDATE account SET
       debits_pending = debits_pending + CAST(? AS INTEGER), debits_posted = debits_posted + CAST(? AS INTEGER),
       credits_pending = credits_pending + CAST(? AS INTEGER), credits_posted = credits_posted + CAST(? AS INTEGER),
       spent = spent + CAST(? AS INTEGER),
       charges = ?, last_charge = ?, last_receipt = ?
     WHERE id = ?`,
  );
  let changed: AccountRow[] = [];

  function change(row: AccountRow): AccountRow {
    if (!row.isChanged) {
      row.isChanged = true;
      changed.push(row);
    }
    return row;
  }

  function post(debit: AccountRow, credit: AccountRow, amount: number): void {
    change(debit).debitsPosted += amount;
    change(credit).creditsPosted += amount;
  }

  function pend(debit: AccountRow, amount: number): void {
    change(debit).debitsPending += amount;
    change(revenue()).creditsPending += amount;
  }

  /** Makes a number the newest of its payer's chain of charges, and returns the one before it. */
  function chain(debit: AccountRow, seq: number): number {
    const previous = debit.lastCharge;
    debit.lastCharge = seq;
    debit.charges += 1;
    return previous;
  }

  function spend(debit: AccountRow, amount: number): void {
    post(debit, revenue(), amount);
    debit.spent += amount;
  }

  return {
    transfer({ id, debit, credit, amount, code, reason, requestId, atMs }) {
      insertExternal.run(
        numbers.next(),
        id,
        debit.id,
        credit.id,
        amount,
        code,
        reason,
        requestId ?? null,
        atMs,
      );
      post(debit, credit, amount);
    },
    charge({ debit, amount, atMs, receipt }) {
      const seq = numbers.next();
      const previous = chain(debit, seq);
      insertCharge.run(seq, receipt, debit.id, revenue().id, amount, atMs, previous, debit.charges);
      spend(debit, amount);
    },
    reserve({ debit, amount, atMs }) {
      const seq = numbers.next();
      insertReserve.run(seq, debit.id, revenue().id, amount, atMs);
      pend(debit, amount);
      return seq;
    },
    end({ debit, amount, atMs, kind, pending, reserved, receipt, requestId }) {
      const seq = numbers.next();
      const isCharge = kind === 'post';
      const previous = isCharge ? chain(debit, seq) : null;
      const nth = isCharge ? debit.charges : null;
      const whole = [seq, debit.id, revenue().id, amount, atMs];
      insertEnd.run(...whole, TRANSFER_KIND[kind], pending, receipt, requestId, previous, nth);
      pend(debit, -reserved);
      if (isCharge) spend(debit, amount);
    },
    receipt(paid, seq) {
      change(paid).lastReceipt = seq;
    },
    flush() {
      for (const row of changed) {
        update.run(
          row.debitsPending,
          row.debitsPosted,
          row.creditsPending,
          row.creditsPosted,
          row.spent,
          row.charges,
          row.lastCharge,
          row.lastReceipt,
          row.id,
        );
        row.debitsPending = row.debitsPosted = row.creditsPending = row.creditsPosted = row.spent = 0;
        row.isChanged = false;
      }
      changed = [];
    },
    clear() {
      changed = [];
    },
  };
}
