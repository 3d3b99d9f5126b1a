import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Attempt, AttemptFault, AttemptRequest, AttemptSink } from '../../core/attempt.ts';
import type { RandomSource } from '../../core/clock.ts';
import { createTryBudget } from '../../core/try-budget.ts';
import type { VirtualClock } from '../../testing/virtual-clock.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import type { Heard } from '../testing-upstream.ts';
import { attemptRequest, listen } from '../testing-upstream.ts';
import type { UpstreamCause } from '../transport/fault-causes.ts';
import { targetFault } from '../transport/fault-causes.ts';
import type { KeyedUpstream, ResilientUpstream } from './resilient-upstream.ts';
import { createResilientUpstream } from './resilient-upstream.ts';

/** For the tests of this folder: a provider with several keys whose answers the test gives by hand, on virtual time. */
export const TEXT: StreamPart = { type: 'text-delta', text: 'Hello' };
export const FINISH: StreamPart = { type: 'finish', reason: 'stop' };

/** One request that reached the provider. */
export type Try = {
  /** Which key, counted from 1. */
  key: number;
  request: AttemptRequest;
  sink: AttemptSink;
  isCancelled: boolean;
  isPaused: boolean;
};

export type Asked = Heard & { attempt: Attempt };

export type Bench = {
  clock: VirtualClock;
  upstream: ResilientUpstream;
  tries: Try[];
  /** What the observer was told, without the outcomes of tries. */
  told: string[];
  outcomes: string[];
  /** The try that came last. */
  last(): Try;
  ask(request?: Partial<AttemptRequest>): Asked;
  /** Asks, and lets the one try fail. */
  askAndFail(fault: AttemptFault, request?: Partial<AttemptRequest>): Asked;
  /** Asks, and lets the one try answer. */
  askAndAnswer(request?: Partial<AttemptRequest>): Asked;
};

export type BenchOptions = {
  keys?: readonly string[];
  retry?: { sameUpstream: number; sharePercent: number };
  failures?: number;
  random?: RandomSource;
  /** What a try does at once, before its start returns. */
  onStart?: (started: Try) => void;
};

export function createBench(options: BenchOptions = {}): Bench {
  const { keys = ['A', 'B'], retry = { sameUpstream: 1, sharePercent: 100 }, failures = 3 } = options;
  const clock = createVirtualClock();
  const tries: Try[] = [];
  const told: string[] = [];
  const outcomes: string[] = [];
  const keyed = keys.map((name, index): KeyedUpstream => ({
    name,
    upstream: {
      name: 'provider',
      dialects: ['chat-completions'],
      close: () => Promise.resolve(),
      start(request, sink) {
        const entry: Try = { key: index + 1, request, sink, isCancelled: false, isPaused: false };
        tries.push(entry);
        options.onStart?.(entry);
        return {
          cancel: () => void (entry.isCancelled = true),
          pause: () => void (entry.isPaused = true),
          resume: () => void (entry.isPaused = false),
        };
      },
    },
  }));
  const [first, ...others] = keyed;
  if (first === undefined) throw new Error('a provider has at least one key');
  const upstream = createResilientUpstream({
    keys: [first, ...others],
    retry,
    breaker: { failures, openMs: 5_000, maxOpenMs: 20_000 },
    clock,
    random: options.random ?? (() => 1),
    observer: {
      tried: (outcome) => void outcomes.push(outcome),
      triedAgain: (how) => void told.push(how),
      shareUsedUp: () => void told.push('share used up'),
      keySetAside: ({ position, name }, cause) => void told.push(`${position}:${name} aside: ${cause}`),
      keyWorksAgain: ({ position, name }) => void told.push(`${position}:${name} works`),
      keyRests: ({ position }, pauseMs) => void told.push(`${position} rests ${pauseMs}`),
      opened: (model) => void told.push(`opened ${model}`),
      closed: (model) => void told.push(`closed ${model}`),
    },
  });
  const last = (): Try => {
    const entry = tries.at(-1);
    if (entry === undefined) throw new Error('nothing was tried');
    return entry;
  };
  const ask = (request: Partial<AttemptRequest> = {}): Asked => {
    const heard = listen();
    const attempt = upstream.start({ ...attemptRequest(true), ...request }, heard.sink);
    return Object.assign(heard, { attempt });
  };
  return {
    clock,
    upstream,
    tries,
    told,
    outcomes,
    last,
    ask,
    askAndFail(fault, request) {
      const asked = ask(request);
      last().sink.onFault(fault);
      return asked;
    },
    askAndAnswer(request) {
      const asked = ask(request);
      answer(last());
      return asked;
    },
  };
}

export function answer({ sink }: Try): void {
  sink.onAlive();
  sink.onParts([TEXT]);
  sink.onParts([FINISH]);
  sink.onEnd();
}

export function faultOf(cause: UpstreamCause, retryAfterMs?: number): AttemptFault {
  return { ...targetFault(cause), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

export function budgetOf(clock: VirtualClock, attempts: number, budgetMs = 60_000): AttemptRequest {
  const tries = createTryBudget({ attempts, budgetMs }, clock);
  tries.take();
  return { ...attemptRequest(true), tries };
}
