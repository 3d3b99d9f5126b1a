import type { Database } from 'better-sqlite3';
import { type Micros, micros, subtractMicros } from '../../../core/money.ts';
import { reversalOf } from '../../../ledger/earnings.ts';
import type { EarningsItem, EarningsStep, ItemOutcome } from '../../../ledger/journal.ts';
import type { PayOutRequest } from '../../../ledger/ledger.ts';
import type { EarningsParts, EarningsWriter } from './earnings-rows.ts';
import { TRANSFER_CODE } from './migrations.ts';

/** What is still pending of a node's earnings, by where it stands in the sums. */
type Pending = {
  account: number;
  owner: string;
  node_id: string;
  model_id: string;
  day: number;
  due_hour: number;
  left: number;
};
type Place = Omit<Pending, 'owner' | 'left'>;

/** Changes of earnings after they were posted. Each is preceded by a fold, so that what it changes is there. */
export type EarningsChanges = {
  apply(item: EarningsItem): ItemOutcome;
  /** Takes back the part of a request's earning that belongs to what was refunded so far, if it is still pending. */
  refunded(refund: { id: string; requestId: string; amountMicros: Micros; atMs: number }): void;
};

export function createEarningsChanges(
  database: Database,
  parts: EarningsParts & { earnings: EarningsWriter },
): EarningsChanges {
  const { accounts, tally, earnings } = parts;
  type Known = { debit: number; credit: number; amount: number; code: number };
  const transferOf = database.prepare<[string], Known>(
    'SELECT debit, credit, amount, code FROM transfer WHERE id = ?',
  );
  const payable = database
    .prepare<[number], number>('SELECT credits_posted - debits_posted FROM account WHERE id = ?')
    .pluck();
  const takeFrom = database.prepare<[number, number, number, string, string, number]>(
    `UPDATE earning SET reversed = reversed + CAST(? AS INTEGER)
     WHERE account = ? AND day = ? AND node_id = ? AND model_id = ? AND due_hour = ?`,
  );
  const forfeits = createForfeits(database, parts, takeBack);
  const refunds = createRefunds(database);

  function takeBack(
    from: Pending,
    amount: number,
    words: { id: string; requestId?: string; reason: string; atMs: number },
  ): void {
    takeFrom.run(amount, from.account, from.day, from.node_id, from.model_id, from.due_hour);
    tally.transfer({
      ...words,
      debit: accounts.findOrMake(from.owner, 'earned'),
      credit: accounts.system('earningsExpense'),
      amount,
      code: TRANSFER_CODE.reversal,
    });
  }

  function step(step: EarningsStep, atMs: number): ItemOutcome {
    switch (step.do) {
      case 'fold':
        earnings.mature(step.hour, atMs);
        return 'written';
      case 'forfeit':
        return forfeits.take(step, atMs);
      case 'restore':
        return forfeits.giveBack(step, atMs);
      case 'reward':
        return reward(step, atMs);
      case 'pay-out':
        break;
    }
    return payOut(step.payOut, atMs);
  }

  function reward({ reward, dueHour }: EarningsStep & { do: 'reward' }, atMs: number): ItemOutcome {
    const known = transferOf.get(reward.id);
    if (known === undefined) {
      earnings.reward(reward, dueHour, atMs);
      return 'written';
    }
    const isSame =
      known.code === TRANSFER_CODE.earning &&
      known.credit === accounts.find(reward.accountId, 'earned')?.id &&
      known.amount === reward.amountMicros;
    return isSame ? 'exists' : 'exists-with-other-content';
  }

  function payOut({ id, accountId, amountMicros, reason }: PayOutRequest, atMs: number): ItemOutcome {
    const known = transferOf.get(id);
    const debit = accounts.find(accountId, 'payable');
    if (known !== undefined) {
      const isSame =
        known.code === TRANSFER_CODE.payout && known.debit === debit?.id && known.amount === amountMicros;
      return isSame ? 'exists' : 'exists-with-other-content';
    }
    if (debit === undefined) return 'insufficient';
    // What this batch has done so far is not in the row yet.
    const left = (payable.get(debit.id) ?? 0) + debit.creditsPosted - debit.debitsPosted;
    if (left < amountMicros) return 'insufficient';
    const credit = accounts.system('cash');
    tally.transfer({ id, debit, credit, amount: amountMicros, code: TRANSFER_CODE.payout, reason, atMs });
    return 'written';
  }

  return {
    apply(item) {
      earnings.fold();
      return step(item.step, item.atMs);
    },
    refunded({ id, requestId, amountMicros, atMs }) {
      const about = refunds.of(requestId);
      if (about === undefined) return;
      earnings.fold();
      const due = dueFor(about, amountMicros);
      const from = refunds.pending(about);
      if (from === undefined) return;
      const amount = Math.min(due, from.left);
      if (amount > 0) takeBack(from, amount, { id: `unearn:${id}`, requestId, reason: '', atMs });
      if (amount < due) forfeits.refunded(from, due - amount);
    },
  };
}

/** `refunded`: all refunds together, with the one in question. */
type Refunded = Place & { earned: number; charged: number; refunded: number };

/** What the last refund adds to what has to be taken back. */
function dueFor({ earned, charged, refunded }: Refunded, lastMicros: Micros): number {
  const basis = { earnedMicros: micros(earned), chargedMicros: micros(charged) };
  const allMicros = micros(refunded);
  const before = reversalOf({ ...basis, refundedMicros: subtractMicros(allMicros, lastMicros) });
  return reversalOf({ ...basis, refundedMicros: allMicros }) - before;
}

function createRefunds(database: Database) {
  // The earning stands right behind the charges of its receipt.
  const about = database.prepare<[string], Refunded>(
    `SELECT e.credit AS account, s.node_id, s.model_id, e.at_ms / 86400000 AS day, e.due_hour, e.amount AS earned, r.charged,
       (SELECT coalesce(sum(amount), 0) FROM transfer
        WHERE request_id = r.request_id AND code = ${TRANSFER_CODE.refund}) AS refunded
     FROM receipt r JOIN transfer e ON e.seq = r.seq + r.legs + 1 AND e.receipt = r.seq JOIN served s ON s.id = e.served
     WHERE r.request_id = ? AND e.code = ${TRANSFER_CODE.earning}`,
  );
  const pending = database.prepare<[number, number, string, string, number], Pending>(
    `SELECT e.account, a.owner, e.node_id, e.model_id, e.day, e.due_hour, e.earned - e.reversed AS left
     FROM earning e JOIN account a ON a.id = e.account
     WHERE e.account = ? AND e.day = ? AND e.node_id = ? AND e.model_id = ? AND e.due_hour = ?`,
  );
  return {
    of: (requestId: string) => about.get(requestId),
    /** Undefined: it is payable by now. */
    pending: ({ account, day, node_id, model_id, due_hour }: Place) =>
      pending.get(account, day, node_id, model_id, due_hour),
  };
}

type TakeBack = (
  from: Pending,
  amount: number,
  words: { id: string; requestId?: string; reason: string; atMs: number },
) => void;

/** Takes all that is pending of a node, and gives it back when that was a mistake. */
function createForfeits(database: Database, { accounts, numbers, tally }: EarningsParts, takeBack: TakeBack) {
  const pendingOf = database.prepare<[string], Pending>(
    `SELECT e.account, a.owner, e.node_id, e.model_id, e.day, e.due_hour, e.earned - e.reversed AS left
     FROM earning e JOIN account a ON a.id = e.account
     WHERE e.node_id = ? AND e.due_hour > 0 AND e.earned > e.reversed`,
  );
  const isKnown = database.prepare<[string], number>('SELECT 1 FROM forfeit WHERE id = ?').pluck();
  const note = database.prepare<[string, number, string, string, number]>(
    `INSERT INTO forfeit (id, account, node_id, model_id, amount) VALUES (?, ?, ?, ?, CAST(? AS INTEGER))
     ON CONFLICT DO UPDATE SET amount = amount + excluded.amount`,
  );
  type Row = { account: number; owner: string; node_id: string; model_id: string; left: number };
  const taken = database.prepare<[string], Row>(
    `SELECT f.account, a.owner, f.node_id, f.model_id, f.amount - f.refunded - f.restored AS left
     FROM forfeit f JOIN account a ON a.id = f.account WHERE f.id = ? AND f.amount > f.refunded + f.restored`,
  );
  const noteRestored = database.prepare<[string]>(
    'UPDATE forfeit SET restored = amount - refunded WHERE id = ?',
  );
  const addAgain = database.prepare<[number, string, string, number, number, number]>(
    `INSERT INTO earning (account, node_id, model_id, day, due_hour, jobs, earned)
     VALUES (?, ?, ?, CAST(? AS INTEGER), ?, 0, CAST(? AS INTEGER))
     ON CONFLICT DO UPDATE SET earned = earned + excluded.earned`,
  );
  const openOf = database.prepare<[number, string, string], { id: string; left: number }>(
    `SELECT id, amount - refunded - restored AS left FROM forfeit
     WHERE account = ? AND node_id = ? AND model_id = ? AND amount > refunded + restored`,
  );
  const noteRefunded = database.prepare<[number, string, number, string, string]>(
    `UPDATE forfeit SET refunded = refunded + CAST(? AS INTEGER)
     WHERE id = ? AND account = ? AND node_id = ? AND model_id = ?`,
  );

  return {
    take({ id, nodeId, reason }: { id: string; nodeId: string; reason: string }, atMs: number): ItemOutcome {
      if (isKnown.get(id) !== undefined) return 'exists';
      for (const from of pendingOf.all(nodeId)) {
        takeBack(from, from.left, { id: `forfeit:${numbers.next()}`, reason, atMs });
        note.run(id, from.account, from.node_id, from.model_id, from.left);
      }
      return 'written';
    },
    giveBack({ forfeitId, dueHour }: { forfeitId: string; dueHour: number }, atMs: number): ItemOutcome {
      for (const { account, owner, node_id, model_id, left } of taken.all(forfeitId)) {
        tally.transfer({
          id: `restore:${numbers.next()}`,
          debit: accounts.system('earningsExpense'),
          credit: accounts.findOrMake(owner, 'earned'),
          amount: left,
          code: TRANSFER_CODE.restoration,
          reason: '',
          atMs,
        });
        addAgain.run(account, node_id, model_id, Math.floor(atMs / 86_400_000), dueHour, left);
      }
      noteRestored.run(forfeitId);
      return 'written';
    },
    /** What was refunded of an earning that had been taken is not given back. */
    refunded({ account, node_id, model_id }: Place, amount: number): void {
      let rest = amount;
      for (const { id, left } of openOf.all(account, node_id, model_id)) {
        const part = Math.min(rest, left);
        if (part === 0) return;
        noteRefunded.run(part, id, account, node_id, model_id);
        rest -= part;
      }
    },
  };
}
