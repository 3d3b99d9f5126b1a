import type { Agent, JobCounts, LeftOutModel } from './agent.ts';
import type { Notice } from '@switchyard/protocol/link/messages.ts';
import type { EngineFault } from './engine.ts';
import type { HostEvent } from './engine-host.ts';
import type { PauseReason } from './fair-use.ts';
import { FAULT_FIXES } from './fault-fixes.ts';
import type { LinkState } from './link/types.ts';
import { isNewer } from './newer-version.ts';
import type { SpeedometerEvent } from './speed/speedometer.ts';
import type { StatusWriter } from './status.ts';
import type { Timer, Timers } from './timers.ts';
import { CONNECTOR_VERSION } from './version.ts';

/** Turns what happens into status lines, and holds back what would only repeat the last one. */
export type StatusReporter = {
  hostEvent(event: HostEvent): void;
  linkState(state: LinkState, models: { alias: string; slots: number }[]): void;
  leftOut(models: LeftOutModel[]): void;
  jobFault(fault: EngineFault): void;
  /** `undefined`: the node serves again. */
  paused(why: PauseReason | undefined): void;
  speedometer(event: SpeedometerEvent): void;
  notice(notice: Notice): void;
  warning(message: string): void;
  /** Writes the counts every 30 s when they have changed. */
  watchCounts(agent: Agent): void;
  draining(running: number, graceMs: number): void;
  /** Writes the last counts, if they have changed. */
  stop(): void;
  ended(): void;
};

const COUNTS_PERIOD_MS = 30_000;
const WAITING_PERIOD_MS = 30_000;
const NOTICES_MAX = 200;

const LEFT_OUT_REASONS: Record<LeftOutModel['why'], string> = {
  'remote-backed':
    'is answered by another machine, so a shared node may not offer it; use --private on your own node',
  'same-alias': 'is offered by an earlier engine already; give it another alias',
  'bad-name': 'has a name that cannot be offered; give it an alias of at most 256 plain characters',
};

export function createStatusReporter(options: {
  gateway: string;
  write: StatusWriter;
  timers: Timers;
}): StatusReporter {
  const { write } = options;
  /** At most one entry for each model of the node. */
  const warnedModels = new Set<string>();
  const saidNotices = new Set<string>();
  let lastFault = '';
  let lastEarnings = '';
  let toldVersion = '';
  let lastCounts = '';
  let lastWait: { reason: string; atMs: number } | undefined;
  let counter: { agent: Agent; timer: Timer } | undefined;

  /** True for a new reason, and for the same one again after half a minute. */
  function isStale(reason: string): boolean {
    const nowMs = options.timers.nowMs();
    if (lastWait?.reason === reason && nowMs - lastWait.atMs < WAITING_PERIOD_MS) return false;
    lastWait = { reason, atMs: nowMs };
    return true;
  }

  function engineDown(engine: string, { code, message, fix, isStarting }: EngineFault): void {
    if (isStarting === true) return write({ type: 'engine-starting', engine, reason: message });
    write({ type: 'engine-down', engine, reason: message, fix: fix ?? FAULT_FIXES[code] });
  }

  function isNewNotice(message: string): boolean {
    // An engine that changes its words all the time must fill neither the screen nor the memory.
    if (saidNotices.has(message) || saidNotices.size >= NOTICES_MAX) return false;
    saidNotices.add(message);
    return true;
  }

  function tellUpdate(newest: string | undefined): void {
    if (newest === undefined || newest === toldVersion || !isNewer(newest, CONNECTOR_VERSION)) return;
    toldVersion = newest;
    write({ type: 'update', newest, own: CONNECTOR_VERSION });
  }

  function writeCounts(counts: JobCounts): void {
    const text = JSON.stringify(counts);
    const isFirstZero = lastCounts === '' && Object.values(counts).every((value) => value === 0);
    if (text === lastCounts || isFirstZero) return;
    lastCounts = text;
    write({ type: 'jobs', counts });
  }

  return {
    hostEvent(event) {
      switch (event.type) {
        case 'engine-up':
          return write(event);
        case 'engine-down':
          return engineDown(event.engine, event.fault);
        case 'engine-notice': {
          const message = `engine ${event.engine}: ${event.message}`;
          if (!isNewNotice(message)) return;
          return write({ type: 'warning', message });
        }
        case 'model-missing': {
          const listed = event.listed.slice(0, 20).join(', ') || 'none';
          const message = `engine ${event.engine} has no model ${event.localName}; it has: ${listed}`;
          return write({ type: 'warning', message });
        }
      }
    },
    linkState(state, models) {
      switch (state.state) {
        case 'connecting':
          // Later tries are told of by the line that says why the last one failed.
          if (state.attempt > 1) return;
          return write({ type: 'connecting', gateway: options.gateway, attempt: state.attempt });
        case 'online':
          lastWait = undefined;
          write({ type: 'online', session: state.sessionId, models });
          return tellUpdate(state.newestAgent);
        case 'waiting':
          if (isStale(state.reason)) {
            write({ type: 'waiting', retryInMs: state.retryInMs, reason: state.reason });
          }
          return;
        case 'stopped':
          return write({ type: 'stopped', reason: state.reason });
      }
    },
    leftOut(models) {
      for (const { alias, why } of models) {
        if (warnedModels.has(alias)) continue;
        warnedModels.add(alias);
        write({ type: 'warning', message: `model ${alias} ${LEFT_OUT_REASONS[why]}` });
      }
    },
    jobFault(fault) {
      const text = `${fault.code} ${fault.message}`;
      if (text === lastFault) return;
      lastFault = text;
      write({
        type: 'job-error',
        code: fault.code,
        reason: fault.message,
        fix: fault.fix ?? FAULT_FIXES[fault.code],
      });
    },
    paused(why) {
      if (why === undefined) write({ type: 'resumed' });
      else write({ type: 'paused', why });
    },
    speedometer(event) {
      if (event.type === 'measured') return write(event);
      write({ type: 'warning', message: `model ${event.model} was not measured: ${event.reason}` });
    },
    notice({ earnings, reduced }) {
      const fewer = `the gateway sends this node fewer jobs: ${reduced?.replaceAll(/[^ -~]+/g, ' ') ?? ''}`;
      if (reduced !== undefined && isNewNotice(fewer)) write({ type: 'warning', message: fewer });
      const text = JSON.stringify(earnings);
      if (earnings === undefined || text === lastEarnings) return;
      lastEarnings = text;
      write({ type: 'earnings', ...earnings });
    },
    warning: (message) => write({ type: 'warning', message }),
    watchCounts(agent) {
      const timer = options.timers.every(COUNTS_PERIOD_MS, () => writeCounts(agent.counts()));
      counter = { agent, timer };
    },
    draining: (running, graceMs) => write({ type: 'draining', running, graceMs }),
    stop() {
      counter?.timer.cancel();
      if (counter !== undefined) writeCounts(counter.agent.counts());
    },
    ended: () => write({ type: 'ended' }),
  };
}
