import { join } from 'node:path';
import { openRegistry } from '../accounts/registry.ts';
import { createReceiptSigner, newReceiptKeyPem } from '../receipts/signing.ts';
import { loadReceiptKey } from '../store/receipt-key-file.ts';
import { openLedgerStore } from '../store/sqlite/ledger/open.ts';
import { openReceiptStore } from '../store/sqlite/ledger/read.ts';
import { startReconcileJob } from '../store/sqlite/ledger/reconcile-job.ts';
import { startRollupJob } from '../store/sqlite/ledger/rollup-job.ts';
import { openRecordReader } from '../store/sqlite/ledger/usage-reader.ts';
import { openSqliteAccountStore } from '../store/sqlite/main/account-store.ts';
import { LEDGER_DATABASE_FILE, USAGE_DATABASE_FILE } from '../store/sqlite/main/data-folder.ts';
import { openPeopleStore } from '../store/sqlite/people/open.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Base } from './base.ts';

export type Stores = Awaited<ReturnType<typeof openStores>>;

/** Opens everything that is kept in the data folder. Throws what the system says of a file that cannot be used. */
export async function openStores({ config, clock, log, closers }: Base) {
  const directory = config.data.dir;
  const accounts = openSqliteAccountStore(directory, clock);
  closers.add(() => accounts.close());
  const registry = await openRegistry({ store: accounts, clock, brand: config.brand.keyPrefix });
  closers.add(() => registry.close());

  const ledgerPath = join(directory, LEDGER_DATABASE_FILE);
  const { ledger, orphanedHolds, upkeep } = await openLedgerStore({
    path: ledgerPath,
    clock,
    onFailure: (cause) => log.error('ledger_failed', { cause }),
  });
  closers.add(() => ledger.close());
  if (orphanedHolds > 0) log.warn('orphaned_holds_voided', { count: orphanedHolds });
  const receipts = openReceiptStore(ledgerPath);
  closers.add(() => receipts.close());
  const records = openRecordReader({ ledgerPath, usagePath: join(directory, USAGE_DATABASE_FILE) });
  closers.add(() => records.close());

  const people = openPeopleStore(directory, clock);
  closers.add(() => people.store.close());

  const receiptKey = loadReceiptKey(directory, newReceiptKeyPem);
  if (receiptKey.wasOpen) log.warn('receipt_key_was_readable_by_others');
  const signer = createReceiptSigner(receiptKey.pem);
  return { registry, trust: accounts.trust, ledger, ledgerPath, upkeep, receipts, records, people, signer };
}

/** Checks the books of the ledger now and then, and sums up what is old. */
export function startLedgerJobs(
  { config, clock, log, closers }: Base,
  { ledgerPath, upkeep, signer }: Stores,
  metrics: Metrics,
) {
  const reconcileJob = startReconcileJob({
    clock,
    path: ledgerPath,
    log,
    onResult: (outcome) => metrics.reconciled(outcome),
  });
  closers.add(() => reconcileJob.stop());
  const rollupJob = startRollupJob({
    clock,
    upkeep,
    afterDays: config.ledger.rollupAfterDays,
    isSound: async () => (await reconcileJob.runNow()).state === 'sound',
    sign: (row) => signer.sign({ object: 'daily_sum', v: 1, ...row }).signature.value,
    log,
  });
  closers.add(() => rollupJob.stop());
  return { lastCheck: () => reconcileJob.last() };
}
