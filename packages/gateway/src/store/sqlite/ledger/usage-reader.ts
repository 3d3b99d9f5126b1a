import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { failed, type Result } from '../../../core/result.ts';
import type { EarningsAnswer, EarningsQuestion, EarningsReader } from '../../../receipts/earnings.ts';
import type {
  HourRow,
  HoursQuestion,
  ReceiptPage,
  ReceiptQuestion,
  RecordReader,
  RepriceQuestion,
  Repricing,
  UsageQuestion,
  UsageRow,
} from '../../../receipts/reader.ts';

export type ReaderSettings = { ledgerPath: string; usagePath: string };

type Question =
  | { type: 'list'; list: ReceiptQuestion }
  | { type: 'usage'; usage: UsageQuestion }
  | { type: 'earnings'; earnings: EarningsQuestion }
  | { type: 'hours'; hours: HoursQuestion }
  | { type: 'reprice'; reprice: RepriceQuestion };
export type ToReader = { id: number; question: Question } | 'close';

type Answer =
  | Result<ReceiptPage, 'unknown-cursor'>
  | Result<UsageRow[] | HourRow[], 'too-many-rows'>
  | Result<EarningsAnswer, 'too-many-rows'>
  | Result<Repricing, never>;
export type FromReader = { id: number; answer: Answer } | { id: number; failure: string };

/** Questions that may wait for the one reading thread, of all accounts and of one of them. */
const WAITING_MAX = 64;
const WAITING_PER_ACCOUNT_MAX = 4;

/** Who asks about all accounts. No account has this id. */
const OPERATOR = '';

type Waiting = { accountId: string; settled: PromiseWithResolvers<Answer> };

/**
 * Reads over many receipts in a thread of its own, which starts with the first question and reads by a connection that
 * cannot write the ledger. When the thread dies its questions reject, and the next question starts another.
 */
export function openRecordReader(
  settings: ReaderSettings,
): RecordReader & EarningsReader & { close(): Promise<void> } {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let nextId = 1;
  let closed = false;

  function start(): Worker {
    const started = new Worker(new URL('./usage-worker.ts', import.meta.url), {
      workerData: { ledgerPath: settings.ledgerPath, usagePath: settings.usagePath } satisfies ReaderSettings,
      execArgv: [],
    });
    started.unref();
    started.on('message', (message: FromReader) => {
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if ('answer' in message) asked?.settled.resolve(message.answer);
      else asked?.settled.reject(new Error(`the receipts could not be read: ${message.failure}`));
    });
    const die = () => {
      if (worker !== started) return;
      worker = undefined;
      for (const asked of waiting.values())
        asked.settled.reject(new Error('the reader of receipts has ended'));
      waiting.clear();
    };
    started.on('error', die);
    started.on('exit', die);
    return started;
  }

  function isBusy(accountId: string): boolean {
    if (waiting.size >= WAITING_MAX) return true;
    let own = 0;
    for (const asked of waiting.values()) if (asked.accountId === accountId) own += 1;
    return own >= WAITING_PER_ACCOUNT_MAX;
  }

  function ask(accountId: string, question: Question): Promise<Answer> {
    if (closed) return Promise.reject(new Error('the reader of receipts is closed'));
    worker ??= start();
    const id = nextId++;
    const settled = Promise.withResolvers<Answer>();
    waiting.set(id, { accountId, settled });
    worker.postMessage({ id, question } satisfies ToReader);
    return settled.promise;
  }

  return {
    async list(list) {
      if (isBusy(list.accountId)) return failed('busy');
      return (await ask(list.accountId, { type: 'list', list })) as Result<ReceiptPage, 'unknown-cursor'>;
    },
    async usage(usage) {
      if (isBusy(usage.accountId)) return failed('busy');
      return (await ask(usage.accountId, { type: 'usage', usage })) as Result<UsageRow[], 'too-many-rows'>;
    },
    async earnings(earnings) {
      // The operator's questions about all owners wait like those of one account.
      const accountId = earnings.accountId ?? '';
      if (isBusy(accountId)) return failed('busy');
      return (await ask(accountId, { type: 'earnings', earnings })) as Result<
        EarningsAnswer,
        'too-many-rows'
      >;
    },
    async hours(hours) {
      if (isBusy(hours.accountId)) return failed('busy');
      return (await ask(hours.accountId, { type: 'hours', hours })) as Result<HourRow[], 'too-many-rows'>;
    },
    async reprice(reprice) {
      if (isBusy(OPERATOR)) return failed('busy');
      return (await ask(OPERATOR, { type: 'reprice', reprice })) as Result<Repricing, never>;
    },
    async close() {
      closed = true;
      const running = worker;
      if (running === undefined) return;
      // Until now the thread did not hold the process; its end is worth waiting for.
      running.ref();
      const exited = once(running, 'exit');
      running.postMessage('close' satisfies ToReader);
      await exited;
    },
  };
}
