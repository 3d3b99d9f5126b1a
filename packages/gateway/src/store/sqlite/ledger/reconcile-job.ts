import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ReconcileReport } from './reconcile.ts';

const PERIOD_MS = 3_600_000;
/** The first one soon after the start: what the last run left behind shall be known. */
const FIRST_MS = 60_000;
/** The report of a ledger that is broken everywhere has about 30 KiB. */
const OUTPUT_MAX_CHARS = 1024 * 1024;

/** `failed`: it could not be checked; nothing is known about the ledger. */
export type ReconcileOutcome =
  | { state: 'sound' | 'broken'; durationMs: number; report: ReconcileReport }
  | { state: 'failed'; durationMs: number; cause: string };

/** `sum`: of all postings, and of how many transfers. Undefined: it could not be checked. */
export type LastCheck = {
  atMs: number;
  state: ReconcileOutcome['state'];
  sum: { micros: number; transfers: number } | undefined;
};

export type ReconcileJob = {
  /** Checks now; joins a check that is under way. */
  runNow(): Promise<ReconcileOutcome>;
  /** The check that ended last. Undefined: none has since the start. */
  last(): LastCheck | undefined;
  /** Ends a check that is under way. */
  stop(): void;
};

/**
 * Checks the ledger of a running gateway once an hour, in a child process of low priority: the main thread and the
 * writer are not held up however large the file is, and a check can be ended at any moment.
 * `onResult` hears every outcome, for metrics. Nothing is repaired and nothing is stopped.
 */
export function startReconcileJob(options: {
  clock: Clock;
  path: string;
  log: Log;
  onResult?: (outcome: ReconcileOutcome) => void;
}): ReconcileJob {
  const { clock, path, log, onResult } = options;
  let child: ChildProcess | undefined;
  let underWay: Promise<ReconcileOutcome> | undefined;
  let isStopped = false;
  let last: LastCheck | undefined;

  async function check(): Promise<ReconcileOutcome> {
    const startedMs = clock.monotonicMs();
    const answer = await runChild(path, (started) => {
      child = started;
    });
    child = undefined;
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    const outcome: ReconcileOutcome =
      typeof answer === 'string'
        ? { state: 'failed', durationMs, cause: answer }
        : { state: answer.ok ? 'sound' : 'broken', durationMs, report: answer };
    const sum =
      outcome.state === 'failed'
        ? undefined
        : { micros: outcome.report.sumMicros, transfers: outcome.report.counts.transfers };
    last = { atMs: clock.nowMs(), state: outcome.state, sum };
    if (!isStopped) {
      note(log, outcome);
      onResult?.(outcome);
    }
    return outcome;
  }

  function runNow(): Promise<ReconcileOutcome> {
    underWay ??= check().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  const timers = [clock.after(FIRST_MS, () => void runNow()), clock.every(PERIOD_MS, () => void runNow())];
  return {
    runNow,
    last: () => last,
    stop() {
      isStopped = true;
      for (const timer of timers) timer.cancel();
      child?.kill('SIGKILL');
    },
  };
}

function note(log: Log, outcome: ReconcileOutcome): void {
  const { durationMs } = outcome;
  switch (outcome.state) {
    case 'sound':
      log.info('ledger_adds_up', { durationMs, count: outcome.report.counts.transfers });
      return;
    case 'broken': {
      const names = outcome.report.problems.map(({ invariant }) => invariant).join(', ');
      log.error('ledger_does_not_add_up', {
        durationMs,
        count: outcome.report.problems.length,
        reason: names,
      });
      return;
    }
    case 'failed':
      log.warn('reconcile_failed', { durationMs, cause: outcome.cause });
  }
}

const CHILD = fileURLToPath(new URL('./reconcile-child.ts', import.meta.url));

/** The report, or why there is none. Never rejects. */
function runChild(path: string, onStarted: (child: ChildProcess) => void): Promise<ReconcileReport | string> {
  return new Promise((resolve) => {
    // Nothing of the gateway's environment, where secrets may be, is needed.
    const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'ignore'], env: {} });
    yieldToRequests(child);
    onStarted(child);
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > OUTPUT_MAX_CHARS) child.kill('SIGKILL');
    });
    child.once('error', () => resolve('the check could not be started'));
    child.once('close', (code) => resolve(code === 0 ? parseReport(text) : 'the check did not end well'));
  });
}

/** From outside and at once: most of a check of a small ledger is the start of its process. */
function yieldToRequests({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or the system does not allow it. It is only a courtesy to requests.
  }
}

function parseReport(text: string): ReconcileReport | string {
  const answer = JSON.parse(text) as { report: ReconcileReport } | { failure: string };
  return 'report' in answer ? answer.report : answer.failure;
}
