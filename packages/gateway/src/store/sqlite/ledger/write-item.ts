import type { Database } from 'better-sqlite3';
import { type Legs, plainPromoOf } from '../../../ledger/decide.ts';
import type { HoldItem, ItemOutcome, JournalItem, ResolveItem } from '../../../ledger/journal.ts';
import { type AccountRows, createAccountRows } from './account-rows.ts';
import { createKeySpendWriter } from './key-spend-rows.ts';
import { SYSTEM_ACCOUNT, TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';
import { insertReceipts } from './receipt-rows.ts';
import { type Tally, createTally } from './tally.ts';
import { createTransferWriter } from './write-transfer.ts';

/** A row that contradicts what the ledger decided. Handled like a violated check of the database. */
export class RefusedItemError extends Error {}

export type ItemWriter = {
  write(item: JournalItem): ItemOutcome;
  /** Brings the counters up to date with what was written. */
  flush(): void;
  keep(): void;
  forget(): void;
};

export function createItemWriter(database: Database, epoch: number): ItemWriter {
  const accounts = createAccountRows(database);
  const tally = createTally(database);
  const keySpend = createKeySpendWriter(database);
  const insertReceipt = insertReceipts(database);
  const writeTransfer = createTransferWriter(database, accounts, tally);
  const holds = createHoldWriter(database, { accounts, tally, epoch });

  function writeResolve(item: ResolveItem): void {
    const { receipt, charged, durableHold, day, atMs } = item;
    const { requestId, accountId, keyId } = receipt;
    if (durableHold === undefined) {
      for (const { suffix, debit, amount } of rowLegs(accounts, accountId, charged)) {
        const id = `charge:${requestId}:${suffix}`;
        tally.add({ ...CHARGE, id, kind: TRANSFER_KIND.direct, pendingId: null, debit, amount, atMs });
      }
    } else {
      holds.resolve(item, durableHold);
    }
    if (receipt.chargedMicros > 0) keySpend.add(keyId, day, receipt.chargedMicros);
    insertReceipt(receipt);
  }

  return {
    write(item) {
      switch (item.type) {
        case 'hold':
          if (item.step === 'reserve') holds.reserve(item);
          else holds.expire(item);
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

type HoldWriter = {
  reserve(item: HoldItem): void;
  expire(item: HoldItem): void;
  /** Posts what is charged of each reserved leg, and voids the legs of which nothing is. */
  resolve(item: ResolveItem, reserved: Legs): void;
};

function createHoldWriter(
  database: Database,
  { accounts, tally, epoch }: { accounts: AccountRows; tally: Tally; epoch: number },
): HoldWriter {
  const insertHold = database.prepare<[string, number, number, number, number]>(
    'INSERT INTO hold (transfer_id, account, amount, epoch, deadline_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const deleteHold = database.prepare<[string]>('DELETE FROM hold WHERE transfer_id = ?');

  function close(pendingId: string): void {
    if (deleteHold.run(pendingId).changes !== 1) throw new RefusedItemError('a hold that is not open');
  }

  return {
    reserve({ requestId, accountId, pinned, deadlineMs, atMs }) {
      for (const { suffix, debit, amount } of rowLegs(accounts, accountId, pinned)) {
        const id = `hold:${requestId}:${suffix}`;
        tally.add({ ...CHARGE, id, kind: TRANSFER_KIND.reserve, pendingId: null, debit, amount, atMs });
        insertHold.run(id, debit, amount, epoch, deadlineMs);
      }
    },
    expire({ requestId, accountId, pinned, atMs }) {
      for (const { suffix, debit, amount } of rowLegs(accounts, accountId, pinned)) {
        const pendingId = `hold:${requestId}:${suffix}`;
        close(pendingId);
        const id = `expire:${requestId}:${suffix}`;
        tally.add({ ...CHARGE, id, kind: TRANSFER_KIND.expire, pendingId, debit, amount, atMs }, amount);
      }
    },
    resolve({ receipt: { requestId, accountId }, charged, atMs }, reserved) {
      const due = new Map(
        rowLegs(accounts, accountId, charged).map(({ suffix, amount }) => [suffix, amount] as const),
      );
      for (const { suffix, debit, amount: held } of rowLegs(accounts, accountId, reserved)) {
        const pendingId = `hold:${requestId}:${suffix}`;
        close(pendingId);
        const amount = due.get(suffix) ?? 0;
        const end =
          amount > 0
            ? { id: `charge:${requestId}:${suffix}`, kind: TRANSFER_KIND.post, amount }
            : { id: `void:${requestId}:${suffix}`, kind: TRANSFER_KIND.void, amount: held };
        tally.add({ ...CHARGE, ...end, pendingId, debit, atMs }, held);
      }
    },
  };
}

/** `suffix` tells the legs of a request apart in the ids of their transfers. */
type RowLeg = { suffix: string; debit: number; amount: number };

/** The accounts that a set of legs really touches. */
function rowLegs(accounts: AccountRows, accountId: string, legs: Legs): RowLeg[] {
  const touched: RowLeg[] = [];
  const add = (suffix: string, debit: number | undefined, amount: number): void => {
    if (debit === undefined) throw new RefusedItemError('a charge or hold of an account without money');
    touched.push({ suffix, debit, amount });
  };
  for (const { grantId, balance, amountMicros } of legs.grants ?? []) {
    const row = accounts.findGrant(accountId, balance, grantId);
    add(`${balance}:${row ?? 0}`, row, amountMicros);
  }
  const plainPromo = plainPromoOf(legs);
  if (plainPromo > 0) add('promo', accounts.find(accountId, 'promo'), plainPromo);
  if (legs.paidMicros > 0) add('paid', accounts.find(accountId, 'paid'), legs.paidMicros);
  return touched;
}
