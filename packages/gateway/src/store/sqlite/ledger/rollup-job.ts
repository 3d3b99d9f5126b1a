import type { Clock, Timer } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { RollupRow } from './rollup.ts';
import { DAY_MS } from './rollup-rows.ts';
import type { LedgerUpkeep } from './worker-writer.ts';

const PERIOD_MS = 3_600_000;
const FIRST_MS = 300_000;
/** One step keeps the writer busy for about 5 ms; a batch of charges that comes meanwhile waits that long. */
const STEP_RECEIPTS = 100;
/** Rest between two steps, as a multiple of what the last one took: the writer has at least two thirds of its time. */
const REST_FACTOR = 2;
const REST_MIN_MS = 5;
const SIGNATURES_AT_ONCE = 500;

export type RollupOutcome =
  | { state: 'done'; receipts: number; signed: number; durationMs: number }
  /** `not-sound`: the ledger does not add up, or that is not known. Then every row is needed to find out why. */
  | { state: 'not-sound' }
  | { state: 'failed'; receipts: number; cause: string };

export type RollupJob = {
  /** Runs now; joins a run that is under way. */
  runNow(): Promise<RollupOutcome>;
  stop(): void;
};

/**
 * Once an hour turns receipts and charges that are older than `afterDays` into sums, a few at a time between the batches
 * of running requests. Only when `isSound` says that all counters equal the sums over all rows: after that, rows that
 * stand for the counters may go. `sign` fills the signatures of sums that are complete; without it they stay empty.
 */
export function startRollupJob(options: {
  clock: Clock;
  upkeep: LedgerUpkeep;
  /** Undefined: nothing is ever summed up. */
  afterDays: number | undefined;
  isSound(): Promise<boolean>;
  sign?: (row: RollupRow) => string;
  log: Log;
  onResult?: (outcome: RollupOutcome) => void;
}): RollupJob {
  const { clock, upkeep, afterDays, log } = options;
  const job = { isStopped: false };
  let underWay: Promise<RollupOutcome> | undefined;

  async function rollUpAll(days: number, onReceipts: (count: number) => void): Promise<void> {
    const beforeMs = (Math.floor(clock.nowMs() / DAY_MS) - days) * DAY_MS;
    let afterSeq: number | undefined = 0;
    while (afterSeq !== undefined && !job.isStopped) {
      const startedMs = clock.monotonicMs();
      const { receipts, nextSeq } = await upkeep.rollUp({
        beforeMs,
        nowMs: clock.nowMs(),
        afterSeq,
        receiptsMax: STEP_RECEIPTS,
      });
      onReceipts(receipts);
      afterSeq = nextSeq;
      if (nextSeq !== undefined) {
        await rest(clock, Math.max(REST_MIN_MS, (clock.monotonicMs() - startedMs) * REST_FACTOR));
      }
    }
  }

  async function signAll(days: number, sign: (row: RollupRow) => string): Promise<number> {
    const beforeDay = Math.floor(clock.nowMs() / DAY_MS) - days;
    let signed = 0;
    while (!job.isStopped) {
      const rows = await upkeep.unsignedRollups(beforeDay, SIGNATURES_AT_ONCE);
      if (rows.length === 0) break;
      const kept = await upkeep.keepSignatures(rows.map((row) => ({ ...row, signature: sign(row) })));
      signed += kept;
      if (kept === 0) break;
    }
    return signed;
  }

  async function run(): Promise<RollupOutcome> {
    let receipts = 0;
    const startedMs = clock.monotonicMs();
    if (afterDays === undefined) return { state: 'done', receipts, signed: 0, durationMs: 0 };
    try {
      if (!(await options.isSound())) return { state: 'not-sound' };
      await rollUpAll(afterDays, (count) => {
        receipts += count;
      });
      const signed = options.sign === undefined ? 0 : await signAll(afterDays, options.sign);
      return { state: 'done', receipts, signed, durationMs: Math.round(clock.monotonicMs() - startedMs) };
    } catch (error) {
      return { state: 'failed', receipts, cause: error instanceof Error ? error.message : 'unknown' };
    }
  }

  async function runAndTell(): Promise<RollupOutcome> {
    const outcome = await run();
    if (!job.isStopped) {
      note(log, outcome);
      options.onResult?.(outcome);
    }
    return outcome;
  }

  function runNow(): Promise<RollupOutcome> {
    underWay ??= runAndTell().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  const timers: Timer[] =
    afterDays === undefined
      ? []
      : [clock.after(FIRST_MS, () => void runNow()), clock.every(PERIOD_MS, () => void runNow())];
  return {
    runNow,
    stop() {
      job.isStopped = true;
      for (const timer of timers) timer.cancel();
    },
  };
}

function rest(clock: Clock, forMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(forMs, resolve);
  });
}

function note(log: Log, outcome: RollupOutcome): void {
  switch (outcome.state) {
    case 'done':
      if (outcome.receipts > 0 || outcome.signed > 0) {
        log.info('ledger_rolled_up', { count: outcome.receipts, durationMs: outcome.durationMs });
      }
      return;
    case 'not-sound':
      log.warn('rollup_put_off', { cause: 'the ledger is not known to add up' });
      return;
    case 'failed':
      log.error('rollup_failed', { count: outcome.receipts, cause: outcome.cause });
  }
}
