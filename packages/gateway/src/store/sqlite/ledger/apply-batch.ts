import Database from 'better-sqlite3';
import type { Legs } from '../../../ledger/decide.ts';
import type {
  HoldItem,
  ItemOutcome,
  JournalItem,
  ResolveItem,
  TransferItem,
} from '../../../ledger/journal.ts';
import type { TransferKind } from '../../../ledger/ledger.ts';
import { type UserBalance, createAccountRows } from './account-rows.ts';
import { SYSTEM_ACCOUNT, TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';
import { insertReceipts } from './receipt-rows.ts';
import { type TransferRow, createTally } from './tally.ts';

/** Positions and outcomes in turns, of the items that were not simply written. */
export type Exceptions = (number | ItemOutcome)[];

/** A row that contradicts what the ledger decided. Handled like a violated check of the database. */
class RefusedItemError extends Error {}

/**
 * Returns a function that writes a batch in one transaction and comes back when it is durable.
 *
 * When a row violates a check, the batch is rolled back and written again item by item, so that one bad item cannot
 * take its neighbours with it: it alone comes back as `refused`. Any other error (disk full, I/O) is thrown, and then
 * nothing of the batch was written.
 */
export function createBatchWriter(
  database: Database.Database,
  epoch: number,
): (batch: readonly JournalItem[]) => Exceptions {
  const writer = createItemWriter(database, epoch);

  function inTransaction(write: () => void): void {
    database.exec('BEGIN IMMEDIATE');
    try {
      write();
      database.exec('COMMIT');
      writer.keep();
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      writer.forget();
      throw error;
    }
  }

  function writeAll(batch: readonly JournalItem[]): Exceptions {
    const exceptions: Exceptions = [];
    for (const [index, item] of batch.entries()) {
      const outcome = writer.write(item);
      if (outcome !== 'written') exceptions.push(index, outcome);
    }
    writer.flush();
    return exceptions;
  }

  function writeEach(batch: readonly JournalItem[]): Exceptions {
    const exceptions: Exceptions = [];
    for (const [index, item] of batch.entries()) {
      database.exec('SAVEPOINT item');
      try {
        const outcome = writer.write(item);
        writer.flush();
        writer.keep();
        if (outcome !== 'written') exceptions.push(index, outcome);
      } catch (error) {
        if (!isRefusal(error) || !database.inTransaction) throw error;
        database.exec('ROLLBACK TO item');
        writer.forget();
        exceptions.push(index, 'refused');
      }
      database.exec('RELEASE item');
    }
    return exceptions;
  }

  return (batch) => {
    let exceptions: Exceptions = [];
    try {
      inTransaction(() => {
        exceptions = writeAll(batch);
      });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      inTransaction(() => {
        exceptions = writeEach(batch);
      });
    }
    return exceptions;
  };
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof RefusedItemError ||
    (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT'))
  );
}

type ItemWriter = {
  write(item: JournalItem): ItemOutcome;
  /** Brings the counters up to date with what was written. */
  flush(): void;
  keep(): void;
  forget(): void;
};

function createItemWriter(database: Database.Database, epoch: number): ItemWriter {
  const accounts = createAccountRows(database);
  const tally = createTally(database);
  const keySpend = createKeySpendWriter(database);
  const insertReceipt = insertReceipts(database);
  const insertHold = database.prepare<[string, number, number, number, number]>(
    'INSERT INTO hold (transfer_id, account, amount, epoch, deadline_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const deleteHold = database.prepare<[string]>('DELETE FROM hold WHERE transfer_id = ?');
  const findTransfer = database.prepare<[string], TransferContent>(
    'SELECT debit, credit, amount, code, reason FROM transfer WHERE id = ?',
  );

  function accountOf(accountId: string, balance: UserBalance): number {
    const id = accounts.find(accountId, balance);
    if (id === undefined) throw new RefusedItemError('a charge or hold of an account without money');
    return id;
  }

  function writeHold({ requestId, accountId, pinned, deadlineMs, atMs }: HoldItem): void {
    for (const [balance, amount] of legsOf(pinned)) {
      const debit = accountOf(accountId, balance);
      const id = `hold:${requestId}:${balance}`;
      tally.add({ ...CHARGE, id, kind: TRANSFER_KIND.reserve, pendingId: null, debit, amount, atMs });
      insertHold.run(id, debit, amount, epoch, deadlineMs);
    }
  }

  function writeResolve({ receipt, charged, durableHold, day, atMs }: ResolveItem): void {
    const { requestId, accountId, keyId } = receipt;
    if (durableHold === undefined) {
      for (const [balance, amount] of legsOf(charged)) {
        const debit = accountOf(accountId, balance);
        const id = `charge:${requestId}:${balance}`;
        tally.add({ ...CHARGE, id, kind: TRANSFER_KIND.direct, pendingId: null, debit, amount, atMs });
      }
    } else {
      for (const [balance, reserved] of legsOf(durableHold)) {
        const debit = accountOf(accountId, balance);
        const pendingId = `hold:${requestId}:${balance}`;
        if (deleteHold.run(pendingId).changes !== 1) throw new RefusedItemError('a hold that is not open');
        const amount = balance === 'promo' ? charged.promoMicros : charged.paidMicros;
        const end =
          amount > 0
            ? { id: `charge:${requestId}:${balance}`, kind: TRANSFER_KIND.post, amount }
            : { id: `void:${requestId}:${balance}`, kind: TRANSFER_KIND.void, amount: reserved };
        tally.add({ ...CHARGE, ...end, pendingId, debit, atMs }, reserved);
      }
    }
    if (receipt.chargedMicros > 0) keySpend.add(keyId, day, receipt.chargedMicros);
    insertReceipt(receipt);
  }

  function writeTransfer({ request, lookUpOnly, atMs }: TransferItem): ItemOutcome {
    const existing = findTransfer.get(request.id);
    if (existing === undefined && lookUpOnly) return 'absent';
    const account =
      existing === undefined
        ? accounts.findOrMake(request.accountId, request.balance)
        : (accounts.find(request.accountId, request.balance) ?? -1);
    const row = directTransfer(request, account, atMs);
    if (existing !== undefined) return sameContent(existing, row) ? 'exists' : 'exists-with-other-content';
    tally.add(row);
    return 'written';
  }

  return {
    write(item) {
      switch (item.type) {
        case 'hold':
          writeHold(item);
          return 'written';
        case 'resolve':
          writeResolve(item);
          return 'written';
        case 'transfer':
          break;
      }
      return writeTransfer(item);
    },
    flush() {
      tally.flush();
      keySpend.flush();
    },
    keep: () => accounts.keepMade(),
    forget() {
      accounts.forgetMade();
      tally.clear();
      keySpend.clear();
    },
  };
}

const CHARGE = { credit: SYSTEM_ACCOUNT.revenue, code: TRANSFER_CODE.charge, reason: '' };

type TransferContent = { debit: number; credit: number; amount: number; code: number; reason: string };

function sameContent(a: TransferContent, b: TransferContent): boolean {
  return (
    a.debit === b.debit &&
    a.credit === b.credit &&
    a.amount === b.amount &&
    a.code === b.code &&
    a.reason === b.reason
  );
}

/** The balances that a set of legs really touches. */
function legsOf(legs: Legs): [UserBalance, number][] {
  const touched: [UserBalance, number][] = [];
  if (legs.promoMicros > 0) touched.push(['promo', legs.promoMicros]);
  if (legs.paidMicros > 0) touched.push(['paid', legs.paidMicros]);
  return touched;
}

/** Where the money of a transfer comes from, or goes to when it is taken away. */
const OTHER_SIDE: Record<TransferKind, number> = {
  deposit: SYSTEM_ACCOUNT.cash,
  gift: SYSTEM_ACCOUNT.promoExpense,
  adjustment: SYSTEM_ACCOUNT.adjustmentExpense,
  refund: SYSTEM_ACCOUNT.revenue,
};

function directTransfer(request: TransferItem['request'], account: number, atMs: number): TransferRow {
  const { id, kind, reason, amountMicros } = request;
  const other = OTHER_SIDE[kind];
  const sides = amountMicros > 0 ? { debit: other, credit: account } : { debit: account, credit: other };
  const amount = Math.abs(amountMicros);
  return {
    id,
    kind: TRANSFER_KIND.direct,
    pendingId: null,
    ...sides,
    amount,
    code: TRANSFER_CODE[kind],
    reason,
    atMs,
  };
}

type KeySpendWriter = {
  add(keyId: string, day: number, amountMicros: number): void;
  flush(): void;
  clear(): void;
};

/** Sums the charges of a batch for each key and day. */
function createKeySpendWriter(database: Database.Database): KeySpendWriter {
  const upsert = database.prepare<[number, string, number]>(
    `INSERT INTO key_spend (day, key_id, amount) VALUES (?, ?, CAST(? AS INTEGER))
     ON CONFLICT (day, key_id) DO UPDATE SET amount = amount + excluded.amount`,
  );
  const sums = new Map<number, Map<string, number>>();
  return {
    add(keyId, day, amountMicros) {
      let ofDay = sums.get(day);
      if (ofDay === undefined) sums.set(day, (ofDay = new Map()));
      ofDay.set(keyId, (ofDay.get(keyId) ?? 0) + amountMicros);
    },
    flush() {
      for (const [day, ofDay] of sums) for (const [keyId, amount] of ofDay) upsert.run(day, keyId, amount);
      sums.clear();
    },
    clear: () => sums.clear(),
  };
}
