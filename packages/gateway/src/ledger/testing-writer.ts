import { micros } from '../core/money.ts';
import type { BatchOutcome, ItemOutcome, JournalItem, JournalWriter, LedgerSnapshot } from './journal.ts';
import type { Receipt, TransferRequest } from './ledger.ts';

/** A writer for tests that keeps everything in memory, and can hold back or fail a commit. */
export type TestWriter = JournalWriter & {
  /** From now on batches wait until `commit` or `fail`. */
  holdBack(): void;
  /** The batch that waits becomes durable. */
  commit(): void;
  /** The batch that waits is lost, and nothing is ever written again. */
  fail(): void;
  /** Sizes of all batches so far. */
  batchSizes(): readonly number[];
  receipts(): ReadonlyMap<string, Receipt>;
  /** What a start would read. */
  snapshot(): LedgerSnapshot;
};

export function createTestWriter(): TestWriter {
  const transfers = new Map<string, TransferRequest>();
  const receipts = new Map<string, Receipt>();
  const accounts = new Map<string, { paid: number; promo: number; deposited: number; spent: number }>();
  const keySpend = new Map<string, { keyId: string; day: number; amount: number }>();
  const batchSizes: number[] = [];
  let isHeldBack = false;
  let waiting: { batch: readonly JournalItem[]; done: PromiseWithResolvers<BatchOutcome> } | undefined;

  function accountOf(accountId: string) {
    const known = accounts.get(accountId) ?? { paid: 0, promo: 0, deposited: 0, spent: 0 };
    accounts.set(accountId, known);
    return known;
  }

  function apply(item: JournalItem): ItemOutcome {
    if (item.type === 'hold') return 'written';
    if (item.type === 'transfer') {
      const { request, lookUpOnly } = item;
      const first = transfers.get(request.id);
      if (first !== undefined) {
        return JSON.stringify(first) === JSON.stringify(request) ? 'exists' : 'exists-with-other-content';
      }
      if (lookUpOnly) return 'absent';
      transfers.set(request.id, request);
      const account = accountOf(request.accountId);
      account[request.balance] += request.amountMicros;
      if (request.amountMicros > 0) account.deposited += request.amountMicros;
      return 'written';
    }
    const { receipt, charged, day } = item;
    const account = accountOf(receipt.accountId);
    const isBroken = account.paid < charged.paidMicros || account.promo < charged.promoMicros;
    if (isBroken || receipts.has(receipt.requestId)) return 'refused';
    receipts.set(receipt.requestId, receipt);
    account.paid -= charged.paidMicros;
    account.promo -= charged.promoMicros;
    account.spent += receipt.chargedMicros;
    const ofDay = keySpend.get(`${receipt.keyId} ${day}`) ?? { keyId: receipt.keyId, day, amount: 0 };
    keySpend.set(`${receipt.keyId} ${day}`, { ...ofDay, amount: ofDay.amount + receipt.chargedMicros });
    return 'written';
  }

  function commit(): void {
    const current = waiting;
    if (current === undefined) throw new Error('no batch waits');
    waiting = undefined;
    const outcomes = new Map<number, ItemOutcome>();
    for (const [index, item] of current.batch.entries()) outcomes.set(index, apply(item));
    current.done.resolve(outcomes);
  }

  return {
    write(batch) {
      if (waiting !== undefined) throw new Error('one batch at a time');
      batchSizes.push(batch.length);
      waiting = { batch, done: Promise.withResolvers<BatchOutcome>() };
      const { promise } = waiting.done;
      if (!isHeldBack) commit();
      return promise;
    },
    close: () => Promise.resolve(),
    holdBack() {
      isHeldBack = true;
    },
    commit,
    fail() {
      if (waiting === undefined) throw new Error('no batch waits');
      waiting.done.reject(new Error('planted: the disk is gone'));
      waiting = undefined;
    },
    batchSizes: () => batchSizes,
    receipts: () => receipts,
    snapshot: () => ({
      accounts: [...accounts].map(([accountId, { paid, promo, deposited, spent }]) => ({
        accountId,
        paidMicros: micros(paid),
        promoMicros: micros(promo),
        depositedMicros: micros(deposited),
        spentMicros: micros(spent),
      })),
      keySpend: [...keySpend.values()].map(({ amount, ...row }) => ({
        ...row,
        amountMicros: micros(amount),
      })),
    }),
  };
}

export const EMPTY_SNAPSHOT: LedgerSnapshot = { accounts: [], keySpend: [] };
