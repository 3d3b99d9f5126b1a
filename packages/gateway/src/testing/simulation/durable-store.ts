import type { Legs } from '../../ledger/decide.ts';
import type {
  HoldItem,
  ItemOutcome,
  JournalItem,
  LedgerSnapshot,
  ResolveItem,
} from '../../ledger/journal.ts';
import type { Receipt, TransferRequest } from '../../ledger/ledger.ts';
import { micros } from '../../core/money.ts';

/** One account of the books. Whole µ$; the balance of a user is credits - debits. */
type Book = { debits: number; credits: number; pending: number; spent: number };
/** One row of the append-only list. `user`: `<account>/<balance>`; a positive amount is to the user's credit. */
export type Row = { id: string; user: string; other: string; amountMicros: number };
export type DurableHold = { accountId: string; pinned: Legs; epoch: number };

const OTHER_SIDE = { deposit: 'cash', gift: 'promo-expense', adjustment: 'adjustments', refund: 'revenue' };
const REVENUE = 'revenue';

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

  function transfer(request: TransferRequest, lookUpOnly: boolean): ItemOutcome {
    const first = transfers.get(request.id);
    if (first !== undefined) return isSame(first, request) ? 'exists' : 'exists-with-other-content';
    if (lookUpOnly) return 'absent';
    const user = `${request.accountId}/${request.balance}`;
    const { debits, credits, pending } = book(user);
    if (credits - debits - pending + request.amountMicros < 0) return refuse(`debit ${request.id} overdraws`);
    transfers.set(request.id, request);
    move({ id: request.id, user, other: OTHER_SIDE[request.kind], amountMicros: request.amountMicros });
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

  function resolve({ receipt, charged, durableHold, day }: ResolveItem): ItemOutcome {
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
        return 'written';
      case 'transfer':
        break;
    }
    return transfer(item.request, item.lookUpOnly);
  }

  return {
    books,
    rows,
    transfers,
    holds,
    receipts,
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
