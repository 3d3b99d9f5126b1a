/** What a large ledger costs: a file of so many postings is made, then opened and asked as the gateway does. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../packages/gateway/src/core/clock.ts';
import { openLedgerStore } from '../packages/gateway/src/store/sqlite/ledger/open.ts';
import { openReceiptStore } from '../packages/gateway/src/store/sqlite/ledger/read.ts';
import { reconcile } from '../packages/gateway/src/store/sqlite/ledger/reconcile.ts';
import { growLedger } from '../packages/gateway/src/store/sqlite/ledger/testing-growth.ts';

const accountCount = 10_000;
const perSecond = 20;
const balanceReads = 1_000_000;
const questions = 200;
const rollupSteps = 100;
const stepReceipts = 100;

export type GrowthFigures = { postings: number; fileBytes: number; [figure: string]: number };

/** Prints as it goes. `postings`: charges, each with its receipt. */
export async function measureGrowth(folder: string, postings: number): Promise<GrowthFigures> {
  if (!Number.isSafeInteger(postings) || postings < 10_000)
    throw new Error('--grow needs a number from 10000');
  const path = join(folder, 'grown.sqlite');
  const figures: GrowthFigures = { postings, fileBytes: 0 };
  const note = (name: string, value: number, unit: string): void => {
    figures[name] = value;
    console.log(`${name.padEnd(24)} ${value.toFixed(value < 10 ? 3 : 0)} ${unit}`);
  };
  const timed = async <Value>(name: string, work: () => Promise<Value> | Value): Promise<Value> => {
    const startedMs = performance.now();
    const value = await work();
    note(name, performance.now() - startedMs, 'ms');
    return value;
  };

  await (await openLedgerStore({ path, clock: systemClock })).ledger.close();
  await timed('makeFileMs', () =>
    growLedger(path, { requests: postings, accounts: accountCount, perSecond, endMs: Date.now() }),
  );
  note('fileBytes', statSync(path).size, 'bytes');
  const { ledger, upkeep } = await timed('startMs', () => openLedgerStore({ path, clock: systemClock }));

  const beforeMs = performance.now();
  let sum = 0;
  for (let index = 0; index < balanceReads; index += 1)
    sum += ledger.balance(`acc_${index % accountCount}`).paidMicros;
  note('balanceReadMicros', ((performance.now() - beforeMs) * 1_000) / balanceReads, 'µs');
  if (sum <= 0) throw new Error('the accounts are empty');

  const receipts = openReceiptStore(path);
  const each = async (name: string, ask: (account: string, index: number) => unknown): Promise<void> => {
    const startedMs = performance.now();
    for (let index = 0; index < questions; index += 1) ask(`acc_${(index * 37) % accountCount}`, index);
    note(name, (performance.now() - startedMs) / questions, 'ms');
  };
  await each('historyPageMs', (account) => receipts.history(account, { limit: 50 }));
  await each('receiptPageMs', (account) => receipts.recent(account, 50));
  await each('chargeOfRequestMs', (_, index) =>
    receipts.charge(`req_${String(index * 1_000).padStart(12, '0')}`),
  );
  receipts.close();

  const rollupStarted = performance.now();
  let afterSeq: number | undefined = 0;
  for (let step = 0; step < rollupSteps && afterSeq !== undefined; step += 1) {
    ({ nextSeq: afterSeq } = await upkeep.rollUp({
      beforeMs: Date.now(),
      nowMs: Date.now(),
      afterSeq,
      receiptsMax: stepReceipts,
    }));
  }
  note('rollupStepMs', (performance.now() - rollupStarted) / rollupSteps, `ms for ${stepReceipts} receipts`);
  await ledger.close();
  const report = await timed('reconcileMs', () => reconcile(path));
  if (!report.ok) throw new Error(`the ledger does not add up: ${JSON.stringify(report.problems)}`);
  return figures;
}
