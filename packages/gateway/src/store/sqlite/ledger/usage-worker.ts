import { parentPort, workerData } from 'node:worker_threads';
import { ok, type Result } from '../../../core/result.ts';
import type { EarningsAnswer, EarningsQuestion } from '../../../receipts/earnings.ts';
import { openForReading } from './connection.ts';
import { createEarningsBalance, createEarningsSums } from './earnings-read.ts';
import { createRepricing } from './reprice.ts';
import { createHourSums, createReceiptList, createUsageSums } from './usage.ts';
import { openUsageDays } from './usage-days.ts';
import type { FromReader, ReaderSettings, ToReader } from './usage-reader.ts';

/** Groups in one report: about 2 MB of JSON. */
const REPORT_ROWS_MAX = 10_000;

/** The reader's thread: sums and scans may take long and must not hold up the thread that serves requests. */
function run(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker only');
  const { ledgerPath, usagePath } = workerData as ReaderSettings;
  const ledger = openForReading(ledgerPath);
  const days = openUsageDays(usagePath, ledger);
  const list = createReceiptList(ledger);
  const sums = createUsageSums(days.database, REPORT_ROWS_MAX);
  const earningsSums = createEarningsSums(ledger, REPORT_ROWS_MAX);
  const earningsBalance = createEarningsBalance(ledger);
  const hours = createHourSums(days.database, REPORT_ROWS_MAX);
  const reprice = createRepricing(ledger);
  const ending = new AbortController();
  let caughtUp: Promise<void> | undefined;

  /** In steps, so that lists are answered and an end is heard in between. All that wait share one. */
  async function catchUp(): Promise<void> {
    while (!ending.signal.aborted && !days.catchUp()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Both from one state of the ledger, so that they agree. */
  const earningsAnswer = ledger.transaction(
    (question: EarningsQuestion): Result<EarningsAnswer, 'too-many-rows'> => {
      const rows = earningsSums(question);
      return rows.ok ? ok({ rows: rows.value, balance: earningsBalance(question.accountId) }) : rows;
    },
  );

  async function answer(message: Exclude<ToReader, 'close'>): Promise<FromReader> {
    const { id, question } = message;
    try {
      if (question.type === 'list') return { id, answer: list(question.list) };
      if (question.type === 'earnings') return { id, answer: earningsAnswer(question.earnings) };
      if (question.type === 'reprice') return { id, answer: ok(reprice(question.reprice)) };
      caughtUp ??= catchUp().finally(() => {
        caughtUp = undefined;
      });
      await caughtUp;
      return { id, answer: question.type === 'usage' ? sums(question.usage) : hours(question.hours) };
    } catch (error) {
      // The code alone: no message of a database can bring a value with it then.
      const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
      return { id, failure: typeof code === 'string' ? code : 'unknown' };
    }
  }

  port.on('message', (message: ToReader) => {
    if (message === 'close') {
      ending.abort();
      port.close();
      setImmediate(() => {
        days.close();
        ledger.close();
      });
      return;
    }
    void answer(message).then((reply) => {
      if (!ending.signal.aborted) port.postMessage(reply);
    });
  });
}

run();
