import type { Database } from 'better-sqlite3';
import type { Earning } from '../../../ledger/earnings.ts';
import type { RewardRequest } from '../../../ledger/ledger.ts';
import type { AccountRow, AccountRows } from './account-rows.ts';
import { TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';
import type { Numbers } from './numbers.ts';
import type { RequestNames } from './request-names.ts';
import type { Tally } from './tally.ts';

/** Where an earning comes from: its receipt, the node and the model that served. */
export type EarningPlace = { receipt: number; nodeId: string; modelId: string; atMs: number };

/**
 * Writes what requests earn, and counts it in later. A request appends one row and changes no other: the accounts of
 * earnings are brought up to date by `fold`, for all rows since the last time together.
 */
export type EarningsWriter = {
  earn(earning: Earning, place: EarningPlace): void;
  reward(reward: RewardRequest, dueHour: number, atMs: number): void;
  /** Counts in all that was posted so far, in the accounts and in the sums by node and day. */
  fold(): void;
  /** Makes payable what is due at an hour (since 1970). After `fold`. */
  mature(hour: number, atMs: number): void;
  /** To be called after a rollback. */
  forget(): void;
};

export type EarningsParts = { accounts: AccountRows; numbers: Numbers; names: RequestNames; tally: Tally };

export function createEarningsWriter(database: Database, parts: EarningsParts): EarningsWriter {
  const { accounts, numbers, names } = parts;
  const insert = database.prepare<
    [number, string | null, number | null, number, number, number, number, number, number]
  >(
    `INSERT INTO transfer (seq, id, kind, receipt, debit, credit, amount, code, at_ms, served, due_hour)
     VALUES (?, ?, ${TRANSFER_KIND.direct}, ?, ?, ?, ?, ${TRANSFER_CODE.earning}, ?, ?, ?)`,
  );
  const foldedTo = database.prepare<[], number>("SELECT value FROM meta WHERE key = 'earned_up_to'").pluck();
  const newest = database.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM transfer').pluck();
  const noteFolded = database.prepare<[number]>(
    "UPDATE meta SET value = CAST(? AS INTEGER) WHERE key = 'earned_up_to'",
  );
  const sumUp = database.prepare<[number]>(
    `INSERT INTO earning (account, node_id, model_id, day, due_hour, jobs, earned)
     SELECT t.credit, s.node_id, s.model_id, t.at_ms / 86400000, t.due_hour, count(*), sum(t.amount)
     FROM transfer t JOIN served s ON s.id = t.served
     WHERE t.seq > ? AND t.code = ${TRANSFER_CODE.earning} GROUP BY 1, 2, 3, 4, 5
     ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs, earned = earned + excluded.earned`,
  );
  const countUp = (side: 'debit' | 'credit') =>
    database.prepare<[number]>(
      `/* since the last fold */ UPDATE account SET ${side}s_posted = ${side}s_posted + new.amount
       FROM (SELECT ${side} AS account, sum(amount) AS amount FROM transfer
             WHERE seq > ? AND code = ${TRANSFER_CODE.earning} GROUP BY ${side}) new
       WHERE id = new.account`,
    );
  const countDebits = countUp('debit');
  const countCredits = countUp('credit');
  /** Rows that were written since the last fold. Undefined: nobody knows, as at a start. */
  let unfolded: number | undefined;

  function add(row: {
    id: string | null;
    receipt: number | null;
    debit: AccountRow;
    earning: Earning;
    atMs: number;
    served: number;
  }): void {
    const { accountId, amountMicros, dueHour } = row.earning;
    const credit = accounts.findOrMake(accountId, 'earned').id;
    const { id, receipt, debit, atMs, served } = row;
    insert.run(numbers.next(), id, receipt, debit.id, credit, amountMicros, atMs, served, dueHour);
    if (unfolded !== undefined) unfolded += 1;
  }

  return {
    earn(earning, { receipt, nodeId, modelId, atMs }) {
      const debit = accounts.system('earningsExpense');
      add({ id: null, receipt, debit, earning, atMs, served: names.served(nodeId, modelId) });
    },
    reward({ id, accountId, nodeId, modelId, amountMicros }, dueHour, atMs) {
      const debit = accounts.system('canaryExpense');
      const earning = { accountId, amountMicros, dueHour };
      add({ id, receipt: null, debit, earning, atMs, served: names.served(nodeId, modelId) });
    },
    fold() {
      const from = foldedTo.get() ?? 0;
      // Rows stand in the order of their numbers, so only the newest are read, and none when none has come.
      if (unfolded !== 0) {
        sumUp.run(from);
        countDebits.run(from);
        countCredits.run(from);
      }
      unfolded = 0;
      noteFolded.run(Math.max(from, newest.get() ?? 0));
    },
    mature: createMaturing(database, parts),
    forget() {
      unfolded = undefined;
    },
  };
}

type Due = { owner: string; amount: number };

/**
 * Moves what is due from earned to payable, one transfer for each owner; the rows of a day that differed in their hours
 * become one.
 */
function createMaturing(
  database: Database,
  { accounts, numbers, tally }: EarningsParts,
): (hour: number, atMs: number) => void {
  const due = database.prepare<[number], Due>(
    `SELECT a.owner, sum(e.earned - e.reversed) AS amount
     FROM earning e JOIN account a ON a.id = e.account
     WHERE e.due_hour > 0 AND e.due_hour <= ? GROUP BY e.account HAVING sum(e.earned - e.reversed) > 0`,
  );
  const merge = database.prepare<[number]>(
    `INSERT INTO earning (account, node_id, model_id, day, due_hour, jobs, earned, reversed, matured)
     SELECT account, node_id, model_id, day, 0, sum(jobs), sum(earned), sum(reversed), sum(earned - reversed)
     FROM earning WHERE due_hour > 0 AND due_hour <= ? GROUP BY account, node_id, model_id, day
     ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs, earned = earned + excluded.earned,
       reversed = reversed + excluded.reversed, matured = matured + excluded.matured`,
  );
  const remove = database.prepare<[number]>('DELETE FROM earning WHERE due_hour > 0 AND due_hour <= ?');
  return (hour, atMs) => {
    for (const { owner, amount } of due.all(hour)) {
      const debit = accounts.findOrMake(owner, 'earned');
      const credit = accounts.findOrMake(owner, 'payable');
      const id = `mature:${numbers.next()}`;
      tally.transfer({ id, debit, credit, amount, code: TRANSFER_CODE.maturity, reason: '', atMs });
    }
    merge.run(hour);
    remove.run(hour);
  };
}
