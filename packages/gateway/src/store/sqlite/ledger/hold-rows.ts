import type { Database } from 'better-sqlite3';
import type { HoldItem } from '../../../ledger/journal.ts';
import { RefusedItemError, type RowLeg } from './row-legs.ts';
import type { Tally } from './tally.ts';

export type HoldWriter = {
  reserve(item: HoldItem, legs: readonly RowLeg[]): void;
  expire(item: HoldItem, legs: readonly RowLeg[]): void;
  /** Posts what is due of each reserved leg, and voids the legs of which nothing is. */
  resolve(end: {
    requestId: string;
    receipt: number;
    reserved: readonly RowLeg[];
    due: readonly RowLeg[];
    atMs: number;
  }): void;
};

/** The durable reservations: a row of `hold` for each leg while it is open, and the transfers that begin and end it. */
export function createHoldWriter(
  database: Database,
  { tally, epoch }: { tally: Tally; epoch: number },
): HoldWriter {
  const insertHold = database.prepare<[string, number, number, number, number, number]>(
    'INSERT INTO hold (request_id, account, reserve, amount, epoch, deadline_ms) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const deleteHold = database
    .prepare<[string, number], number>(
      'DELETE FROM hold WHERE request_id = ? AND account = ? RETURNING reserve',
    )
    .pluck();

  /** Returns the seq of the reservation. */
  function close(requestId: string, account: number): number {
    const reserve = deleteHold.get(requestId, account);
    if (reserve === undefined) throw new RefusedItemError('a hold that is not open');
    return reserve;
  }

  return {
    reserve({ requestId, deadlineMs, atMs }, legs) {
      for (const { debit, amount } of legs) {
        const reserve = tally.reserve({ debit, amount, atMs });
        insertHold.run(requestId, debit.id, reserve, amount, epoch, deadlineMs);
      }
    },
    expire({ requestId, atMs }, legs) {
      for (const { debit, amount } of legs) {
        const pending = close(requestId, debit.id);
        const end = { kind: 'expire', pending, reserved: amount, receipt: null, requestId } as const;
        tally.end({ ...end, debit, amount, atMs });
      }
    },
    resolve({ requestId, receipt, reserved, due, atMs }) {
      for (const { debit, amount: held } of reserved) {
        const pending = close(requestId, debit.id);
        const amount = due.find((leg) => leg.debit === debit)?.amount ?? 0;
        const end =
          amount > 0 ? ({ kind: 'post', amount } as const) : ({ kind: 'void', amount: held } as const);
        tally.end({ ...end, pending, reserved: held, receipt, requestId: null, debit, atMs });
      }
    },
  };
}
