import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import type { EngineFault, EngineRun, EngineSink } from './engine.ts';
import type { EngineHost } from './engine-host.ts';
import type { JobStream, RunningJob } from './link/types.ts';
import type { Timers } from './timers.ts';

/** How a job went, for the counters. */
export type JobResult =
  /** `outputMs`: of text, from the first part to the end. */
  | { result: 'done'; usage: Usage | undefined; outputMs?: number }
  | { result: 'failed'; fault: EngineFault }
  | { result: 'cancelled' };

export type JobRunOptions = {
  host: EngineHost;
  localName: string;
  chat: ChatRequest;
  /** From now. 0 means none. */
  deadlineMs: number;
  stream: JobStream;
  timers: Timers;
  /** Called once, when the engine has stopped: the slot is free then. */
  onStopped(result: JobResult): void;
};

/** A quiet job says this often that it lives; the gateway gives it up after 20 s without a sign. */
const ALIVE_PERIOD_MS = 5_000;
/** Signs of life of the engine itself are passed on no closer together than this. */
const ALIVE_MIN_GAP_MS = 1_000;

const UNREADABLE: EngineFault = { code: 'invalid_request', message: 'The request could not be read.' };
const TOO_LATE: EngineFault = { code: 'timeout', message: 'The job did not end before its deadline.' };

/**
 * Runs one accepted job on its engine.
 *
 * The stream hears parts and then exactly one of `end` and `fail`, or nothing after `cancel`. While the engine
 * reads the prompt the job says `alive` every 5 s. It does so later too when the request has tools: engines
 * keep a tool call back until it is whole, which looks like a stall. The engine's own silence is bounded by
 * its adapter, so a dead one is still found.
 */
export function startJobRun(options: JobRunOptions): RunningJob {
  const { host, stream, timers } = options;
  let isOver = false;
  let isStopped = false;
  let firstPartAtMs: number | undefined;
  let usage: Usage | undefined;
  let saidAtMs = timers.nowMs();

  const aliveTimer = timers.every(ALIVE_PERIOD_MS, () => {
    const mayBeQuiet = firstPartAtMs === undefined || options.chat.tools.length > 0;
    if (mayBeQuiet && host.isUp()) sayAlive(ALIVE_PERIOD_MS);
  });
  const deadline = options.deadlineMs > 0 ? timers.after(options.deadlineMs, giveUp) : undefined;

  function sayAlive(gapMs: number): void {
    if (timers.nowMs() - saidAtMs < gapMs) return;
    saidAtMs = timers.nowMs();
    stream.alive();
  }

  /** No more words on the stream. False: it was over already. */
  function finish(): boolean {
    if (isOver) return false;
    isOver = true;
    aliveTimer.cancel();
    deadline?.cancel();
    return true;
  }

  function stopped(result: JobResult): void {
    if (isStopped) return;
    isStopped = true;
    options.onStopped(result);
  }

  function fail(fault: EngineFault): void {
    if (!finish()) return;
    stopped({ result: 'failed', fault });
    if (fault.code === 'engine_unreachable') host.suspect();
    stream.fail(fault);
  }

  function giveUp(): void {
    if (!finish()) return;
    stream.fail(TOO_LATE);
    void run?.cancel().then(() => stopped({ result: 'failed', fault: TOO_LATE }));
  }

  const sink: EngineSink = {
    onParts(parts) {
      if (isOver) return;
      host.noteAlive();
      saidAtMs = timers.nowMs();
      firstPartAtMs ??= saidAtMs;
      usage = findUsage(parts) ?? usage;
      stream.parts(parts);
    },
    onAlive() {
      if (isOver) return;
      host.noteAlive();
      sayAlive(ALIVE_MIN_GAP_MS);
    },
    onEnd() {
      if (!finish()) return;
      const nowMs = timers.nowMs();
      stopped({ result: 'done', usage, outputMs: nowMs - (firstPartAtMs ?? nowMs) });
      stream.end();
    },
    onFault: fail,
  };

  const run = startOnEngine(options, sink, fail);
  return {
    async cancel() {
      finish();
      await run?.cancel();
      stopped({ result: 'cancelled' });
    },
    pause: () => run?.pause(),
    resume: () => run?.resume(),
  };
}

/** A request of a newer gateway may hold what this version cannot read: that fails the job, not the connector. */
function startOnEngine(
  { host, localName, chat }: JobRunOptions,
  sink: EngineSink,
  fail: (fault: EngineFault) => void,
): EngineRun | undefined {
  try {
    return host.engine.run({ localName, chat }, sink);
  } catch {
    queueMicrotask(() => fail(UNREADABLE));
    return undefined;
  }
}

function findUsage(parts: StreamPart[]): Usage | undefined {
  const last = parts.at(-1);
  return last?.type === 'finish' ? last.usage : undefined;
}
