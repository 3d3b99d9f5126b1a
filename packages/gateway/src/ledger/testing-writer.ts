import { micros } from '../core/money.ts';
import { plainPromoOf } from './decide.ts';
import type {
  BatchOutcome,
  ItemOutcome,
  JournalItem,
  JournalWriter,
  LedgerSnapshot,
  TransferItem,
} from './journal.ts';
import type { GrantBalance, Receipt } from './ledger.ts';

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
  /** Ids of all transfers. */
  transferIds(): readonly string[];
  /** What a start would read. */
  snapshot(): LedgerSnapshot;
};

type Pot = { balance: GrantBalance; expiresAtMs: number; left: number };
type Account = { paid: number; promo: number; pots: Map<string, Pot>; deposited: number; spent: number };

export function createTestWriter(): TestWriter {
  const transfers = new Map<string, string>();
  const receipts = new Map<string, Receipt>();
  const refundable = new Map<string, { accountId: string; paid: number; promo: number }>();
  const accounts = new Map<string, Account>();
  const keySpend = new Map<string, { keyId: string; day: number; amount: number }>();
  const batchSizes: number[] = [];
  let isHeldBack = false;
  let waiting: { batch: readonly JournalItem[]; done: PromiseWithResolvers<BatchOutcome> } | undefined;

  function accountOf(accountId: string): Account {
    const known = accounts.get(accountId) ?? { paid: 0, promo: 0, pots: new Map(), deposited: 0, spent: 0 };
    accounts.set(accountId, known);
    return known;
  }

  function applyTransfer({ request, detail, lookUpOnly }: TransferItem): ItemOutcome {
    const { id, accountId, amountMicros, balance } = request;
    const content = JSON.stringify([request, detail]);
    const first = transfers.get(id);
    if (first !== undefined) return first === content ? 'exists' : 'exists-with-other-content';
    if (lookUpOnly) return 'absent';
    const account = accountOf(accountId);
    if (detail?.type === 'refund') {
      const left = refundable.get(detail.requestId);
      if (left === undefined || left.accountId !== accountId || left[balance] < amountMicros)
        return 'exceeds-charge';
      left[balance] -= amountMicros;
    }
    transfers.set(id, content);
    if (amountMicros > 0) account.deposited += amountMicros;
    if (detail?.type === 'grant') {
      account.pots.set(id, { balance: detail.balance, expiresAtMs: detail.expiresAtMs, left: amountMicros });
      return 'written';
    }
    if (detail?.type === 'expiry') {
      const pot = account.pots.get(detail.grantId);
      if ((pot?.left ?? 0) + amountMicros !== 0) return 'refused';
      account.pots.delete(detail.grantId);
      return 'written';
    }
    if (detail?.type === 'move') {
      const to = accountOf(detail.toAccountId);
      to.paid -= amountMicros;
      to.deposited -= amountMicros;
    }
    account[balance] += amountMicros;
    return 'written';
  }

  function apply(item: JournalItem): ItemOutcome {
    if (item.type === 'hold' || item.type === 'earnings') return 'written';
    if (item.type === 'transfer') return applyTransfer(item);
    const { receipt, charged, day } = item;
    const account = accountOf(receipt.accountId);
    const grants = charged.grants ?? [];
    const plainPromo = plainPromoOf(charged);
    const isBroken =
      account.paid < charged.paidMicros ||
      account.promo < plainPromo ||
      grants.some(({ grantId, amountMicros }) => (account.pots.get(grantId)?.left ?? 0) < amountMicros);
    if (isBroken || receipts.has(receipt.requestId)) return 'refused';
    receipts.set(receipt.requestId, receipt);
    account.paid -= charged.paidMicros;
    account.promo -= plainPromo;
    for (const { grantId, amountMicros } of grants) {
      const pot = account.pots.get(grantId);
      if (pot !== undefined) pot.left -= amountMicros;
    }
    account.spent += receipt.chargedMicros;
    refundable.set(receipt.requestId, {
      accountId: receipt.accountId,
      paid: charged.paidMicros,
      promo: receipt.chargedMicros - charged.paidMicros,
    });
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
    transferIds: () => [...transfers.keys()],
    snapshot: () => ({
      accounts: [...accounts].map(([accountId, { paid, promo, deposited, spent }]) => ({
        accountId,
        paidMicros: micros(paid),
        promoMicros: micros(promo),
        depositedMicros: micros(deposited),
        spentMicros: micros(spent),
      })),
      grants: [...accounts].flatMap(([accountId, { pots }]) =>
        [...pots]
          .filter(([, pot]) => pot.left > 0)
          .map(([grantId, { balance, expiresAtMs, left }]) => ({
            grantId,
            accountId,
            balance,
            expiresAtMs,
            leftMicros: micros(left),
          })),
      ),
      keySpend: [...keySpend.values()].map(({ amount, ...row }) => ({
        ...row,
        amountMicros: micros(amount),
      })),
    }),
  };
}

export const EMPTY_SNAPSHOT: LedgerSnapshot = { accounts: [], keySpend: [] };
