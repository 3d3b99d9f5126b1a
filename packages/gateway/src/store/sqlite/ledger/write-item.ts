import type { Database } from 'better-sqlite3';
import type { ItemOutcome, JournalItem, ResolveItem } from '../../../ledger/journal.ts';
import { createAccountRows } from './account-rows.ts';
import { createEarningsChanges } from './earnings-changes.ts';
import { createEarningsWriter } from './earnings-rows.ts';
import { createHoldWriter } from './hold-rows.ts';
import { createKeySpendWriter } from './key-spend-rows.ts';
import { createNumbers } from './numbers.ts';
import { insertReceipts } from './receipt-rows.ts';
import { createRequestNames } from './request-names.ts';
import { rowsOfLegs } from './row-legs.ts';
import { createTally } from './tally.ts';
import { createTransferWriter } from './write-transfer.ts';

export type ItemWriter = {
  write(item: JournalItem): ItemOutcome;
  /** Brings the counters up to date with what was written. */
  flush(): void;
  /** To be called after a commit. */
  keep(): void;
  /** To be called after a rollback. */
  forget(): void;
};

export function createItemWriter(database: Database, epoch: number): ItemWriter {
  const accounts = createAccountRows(database);
  const numbers = createNumbers(database);
  const tally = createTally(database, numbers, () => accounts.system('revenue'));
  const names = createRequestNames(database);
  const keySpend = createKeySpendWriter(database);
  const insertReceipt = insertReceipts(database, names);
  const parts = { accounts, numbers, names, tally };
  const earnings = createEarningsWriter(database, parts);
  const changes = createEarningsChanges(database, { ...parts, earnings });
  const writeTransfer = createTransferWriter(database, { accounts, tally, onRefund: changes.refunded });
  const holds = createHoldWriter(database, { tally, epoch });

  function writeResolve({ receipt, charged, durableHold, earning, day, atMs }: ResolveItem): void {
    const { requestId, accountId, keyId, chargedMicros, nodeId, modelId } = receipt;
    const due = rowsOfLegs(accounts, accountId, charged);
    const reserved = durableHold === undefined ? due : rowsOfLegs(accounts, accountId, durableHold);
    const seq = numbers.next();
    const paid = accounts.findOrMake(accountId, 'paid');
    insertReceipt(receipt, { seq, paid, legs: reserved.length });
    tally.receipt(paid, seq);
    if (durableHold !== undefined) holds.resolve({ requestId, receipt: seq, reserved, due, atMs });
    else for (const { debit, amount } of due) tally.charge({ debit, amount, receipt: seq, atMs });
    if (earning !== undefined) earnings.earn(earning, { receipt: seq, nodeId, modelId, atMs });
    if (chargedMicros > 0) keySpend.add(names.key(keyId), day, chargedMicros);
  }

  return {
    write(item) {
      switch (item.type) {
        case 'hold': {
          const legs = rowsOfLegs(accounts, item.accountId, item.pinned);
          if (item.step === 'reserve') holds.reserve(item, legs);
          else holds.expire(item, legs);
          return 'written';
        }
        case 'resolve':
          writeResolve(item);
          return 'written';
        case 'earnings':
          return changes.apply(item);
        case 'transfer':
          break;
      }
      return writeTransfer(item);
    },
    flush() {
      tally.flush();
      keySpend.flush();
    },
    keep: () => accounts.keep(),
    forget() {
      accounts.forget();
      names.forget();
      earnings.forget();
      tally.clear();
      keySpend.clear();
    },
  };
}
