import type { Legs } from '../../ledger/decide.ts';
import type {
  HoldItem,
  ItemOutcome,
  JournalItem,
  LedgerSnapshot,
  ResolveItem,
  TransferItem,
} from '../../ledger/journal.ts';
import type { Receipt, TransferRequest } from '../../ledger/ledger.ts';
import { micros } from '../../core/money.ts';

/** One account of the books. Whole µ$; the balance of a user is credits - debits. */
type Book = { debits: number; credits: number; pending: number; spent: number };
/** One row of the append-only list. `user`: `<account>/<balance>`; a positive amount is to the user's credit. */
export type Row = { id: string; user: string; other: string; amountMicros: number };
/** What a request earned somebody, and what of it was not taken back. */
export type DurableEarning = {
  accountId: string;
  earnedMicros: number;
  leftMicros: number;
  dueHour: number;
  isPayable: boolean;
};
export type DurableHold = { accountId: string; pinned: Legs; epoch: number };

const OTHER_SIDE = { deposit: 'cash', gift: 'promo-expense', adjustment: 'adjustments', refund: 'revenue' };
const REVENUE = 'revenue';
const EARNINGS = 'earnings-expense';

/**
 * A second, small telling of what the ledger's files keep, in memory: books, transfers, holds, receipts and spending.
 * It survives the processes of its world. Batches are applied whole.
 */
export type DurableStore = {
  books: ReadonlyMap<string, Book>;
  rows: ReadonlyMap<string, Row>;
  transfers: ReadonlyMap<string, TransferRequest>;
  holds: ReadonlyMap<string, DurableHold>;
  receipts: ReadonlyMap<string, Receipt>;
  /** By request. */
  earnings: ReadonlyMap<string, DurableEarning>;
  /** What went back to who paid, by request. */
  refunded: ReadonlyMap<string, number>;
  /** By key, then by UTC day. */
  keySpend: ReadonlyMap<string, ReadonlyMap<number, number>>;
  apply(batch: readonly JournalItem[], epoch: number): Map<number, ItemOutcome>;
  /** A new process opens the store: voids what earlier ones reserved and reads everything. */
  boot(keepHolds: boolean): LedgerSnapshot;
};

/** `report` hears of items that contradict the books. */
export function createDurableStore(report: (problem: string) => void): DurableStore {
  const books = new Map<string, Book>();
  const rows = new Map<string, Row>();
  const transfers = new Map<string, TransferRequest>();
  const holds = new Map<string, DurableHold>();
  const receipts = new Map<string, Receipt>();
  const earnings = new Map<string, DurableEarning>();
  const refunded = new Map<string, number>();
  const keySpend = new Map<string, Map<number, number>>();

  function book(name: string): Book {
    let found = books.get(name);
    if (found === undefined) books.set(name, (found = { debits: 0, credits: 0, pending: 0, spent: 0 }));
    return found;
  }

  function move(row: Row): void {
    rows.set(row.id, row);
    const [from, to] = row.amountMicros > 0 ? [row.other, row.user] : [row.user, row.other];
    book(from).debits += Math.abs(row.amountMicros);
    book(to).credits += Math.abs(row.amountMicros);
  }

  function refuse(why: string): ItemOutcome {
    report(`the store refused: ${why}`);
    return 'refused';
  }

  function earn({ receipt, earning }: ResolveItem): void {
    if (earning === undefined) return;
    const { accountId, amountMicros, dueHour } = earning;
    const user = `${accountId}/earned`;
    move({ id: `earning:${receipt.requestId}`, user, other: EARNINGS, amountMicros });
    earnings.set(receipt.requestId, {
      accountId,
      earnedMicros: amountMicros,
      leftMicros: amountMicros,
      dueHour,
      isPayable: false,
    });
  }

  /** Takes back the part of an earning that belongs to all refunds so far, as long as it is not payable. */
  function unearn(refundId: string, requestId: string): void {
    const earning = earnings.get(requestId);
    const charged = receipts.get(requestId)?.chargedMicros ?? 0;
    if (earning === undefined || earning.isPayable || charged === 0) return;
    const must = Math.ceil((earning.earnedMicros * (refunded.get(requestId) ?? 0)) / charged);
    const amount = must - (earning.earnedMicros - earning.leftMicros);
    if (amount <= 0) return;
    const user = `${earning.accountId}/earned`;
    move({ id: `unearn:${refundId}`, user, other: EARNINGS, amountMicros: -amount });
    earning.leftMicros -= amount;
  }

  /** What a request took from paid credit, less what went back. */
  function refundable(accountId: string, requestId: string): number {
    const charge = rows.get(`charge:${requestId}:${accountId}/paid`)?.amountMicros ?? 0;
    return Math.abs(charge) - (refunded.get(requestId) ?? 0);
  }

  function transfer({ request, detail, lookUpOnly }: TransferItem): ItemOutcome {
    const first = transfers.get(request.id);
    if (first !== undefined) return isSame(first, request) ? 'exists' : 'exists-with-other-content';
    if (lookUpOnly) return 'absent';
    const refundOf = detail?.type === 'refund' ? detail.requestId : undefined;
    if (refundOf !== undefined && refundable(request.accountId, refundOf) < request.amountMicros)
      return 'exceeds-charge';
    const user = `${request.accountId}/${request.balance}`;
    const { debits, credits, pending } = book(user);
    if (credits - debits - pending + request.amountMicros < 0) return refuse(`debit ${request.id} overdraws`);
    transfers.set(request.id, request);
    move({ id: request.id, user, other: OTHER_SIDE[request.kind], amountMicros: request.amountMicros });
    if (refundOf !== undefined) {
      refunded.set(refundOf, (refunded.get(refundOf) ?? 0) + request.amountMicros);
      unearn(request.id, refundOf);
    }
    return 'written';
  }

  function hold({ requestId, accountId, pinned }: HoldItem, epoch: number): ItemOutcome {
    for (const [user, amount] of legsOf(accountId, pinned)) {
      const { debits, credits, pending } = book(user);
      if (credits - debits - pending < amount) return refuse(`hold ${requestId} is not covered`);
    }
    if (holds.has(requestId)) return refuse(`hold ${requestId} comes twice`);
    for (const [user, amount] of legsOf(accountId, pinned)) book(user).pending += amount;
    holds.set(requestId, { accountId, pinned, epoch });
    return 'written';
  }

  function release(requestId: string): void {
    const open = holds.get(requestId);
    if (open === undefined) return;
    for (const [user, amount] of legsOf(open.accountId, open.pinned)) book(user).pending -= amount;
    holds.delete(requestId);
  }

  function resolve(item: ResolveItem): ItemOutcome {
    const { receipt, charged, durableHold, day } = item;
    const { requestId, accountId, keyId, chargedMicros } = receipt;
    if (receipts.has(requestId)) return refuse(`${requestId} is resolved twice`);
    if (chargedMicros > receipt.heldMicros) return refuse(`${requestId} is charged above its hold`);
    if (durableHold !== undefined && !holds.has(requestId)) return refuse(`${requestId} has no hold`);
    release(requestId);
    for (const [user, amount] of legsOf(accountId, charged)) {
      const account = book(user);
      if (account.credits - account.debits - account.pending < amount) {
        return refuse(`charge ${requestId} overdraws ${user}`);
      }
      move({ id: `charge:${requestId}:${user}`, user, other: REVENUE, amountMicros: -amount });
      account.spent += amount;
    }
    receipts.set(requestId, receipt);
    earn(item);
    if (chargedMicros > 0) {
      const days = keySpend.get(keyId) ?? new Map<number, number>();
      keySpend.set(keyId, days.set(day, (days.get(day) ?? 0) + chargedMicros));
    }
    return 'written';
  }

  function applyItem(item: JournalItem, epoch: number): ItemOutcome {
    switch (item.type) {
      case 'resolve':
        return resolve(item);
      case 'hold':
        return hold(item, epoch);
      case 'earnings':
        for (const earning of earnings.values()) {
          if (item.step.do === 'fold' && earning.dueHour <= item.step.hour) earning.isPayable = true;
        }
        return 'written';
      case 'transfer':
        break;
    }
    return transfer(item);
  }

  return {
    books,
    rows,
    transfers,
    holds,
    receipts,
    earnings,
    refunded,
    keySpend,
    apply(batch, epoch) {
      const outcomes = new Map<number, ItemOutcome>();
      for (const [index, item] of batch.entries()) {
        const outcome = applyItem(item, epoch);
        if (outcome !== 'written') outcomes.set(index, outcome);
      }
      return outcomes;
    },
    boot(keepHolds) {
      if (!keepHolds) for (const requestId of holds.keys()) release(requestId);
      return { accounts: accountsOf(books), keySpend: spendingOf(keySpend) };
    },
  };
}

function legsOf(accountId: string, legs: Legs): [user: string, amountMicros: number][] {
  const touched: [string, number][] = [];
  if (legs.promoMicros > 0) touched.push([`${accountId}/promo`, legs.promoMicros]);
  if (legs.paidMicros > 0) touched.push([`${accountId}/paid`, legs.paidMicros]);
  return touched;
}

function isSame(a: TransferRequest, b: TransferRequest): boolean {
  return (
    a.accountId === b.accountId &&
    a.kind === b.kind &&
    a.balance === b.balance &&
    a.amountMicros === b.amountMicros &&
    a.reason === b.reason
  );
}

function accountsOf(books: ReadonlyMap<string, Book>): LedgerSnapshot['accounts'] {
  const owners = new Set(
    [...books.keys()].filter((name) => name.includes('/')).map((name) => name.split('/')[0]),
  );
  return [...owners].map((accountId = '') => {
    const paid = books.get(`${accountId}/paid`);
    const promo = books.get(`${accountId}/promo`);
    return {
      accountId,
      paidMicros: micros((paid?.credits ?? 0) - (paid?.debits ?? 0)),
      promoMicros: micros((promo?.credits ?? 0) - (promo?.debits ?? 0)),
      depositedMicros: micros((paid?.credits ?? 0) + (promo?.credits ?? 0)),
      spentMicros: micros((paid?.spent ?? 0) + (promo?.spent ?? 0)),
    };
  });
}

function spendingOf(keySpend: ReadonlyMap<string, ReadonlyMap<number, number>>): LedgerSnapshot['keySpend'] {
  return [...keySpend].flatMap(([keyId, days]) =>
    [...days].map(([day, amount]) => ({ keyId, day, amountMicros: micros(amount) })),
  );
}
