import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { isContentPart } from '@switchyard/protocol/parts.ts';
import type { Attempt, AttemptFault, AttemptRequest, AttemptSink, Dialect } from '../../core/attempt.ts';
import type { Clock, RandomSource, Timer } from '../../core/clock.ts';
import type { Upstream } from '../shared/upstream.ts';
import { targetFault } from '../transport/fault-causes.ts';
import type { BreakerRules } from '../../core/breaker.ts';
import { ruleOf } from './cause-rules.ts';
import { UpstreamHealth, type HealthObserver, type HealthStatus, type Visit } from './health.ts';
import { createRetryShare, type RetryShare } from './retry-share.ts';

export type ResilienceObserver = HealthObserver & {
  /** A try is over: `ok`, `cancelled`, or the cause of its failure. */
  tried(outcome: string): void;
  triedAgain(how: 'next-key' | 'again'): void;
  /** A try again was due, but the upstream has had its share of them. */
  shareUsedUp(): void;
};

export type ResilienceOptions = {
  /** The same upstream once for each key, with the key's short name. At least one. */
  keys: readonly [KeyedUpstream, ...KeyedUpstream[]];
  retry: { sameUpstream: number; sharePercent: number };
  breaker: BreakerRules;
  clock: Clock;
  random: RandomSource;
  observer: ResilienceObserver;
};

export type KeyedUpstream = { name: string; upstream: Upstream };

export type ResilientUpstream = {
  name: string;
  dialects: readonly Dialect[];
  /** How long until it takes requests for this model of its, ms. 0: now. */
  waitMs(remoteModel: string): number;
  start(request: AttemptRequest, sink: AttemptSink): Attempt;
  status(): HealthStatus;
  close(): Promise<void>;
};

/** A pause before a try again grows from this, and is drawn between half of it and all of it. */
const PAUSE_FIRST_MS = 250;
/** The longest `retry-after` that a request waits for by itself. */
const SHORT_WAIT_MS = 2_000;

/** What is kept back until content comes, at most. An upstream that says more without any content is believed. */
const HELD_MAX_PUSHES = 64;
const HELD_MAX_BYTES = 64 * 1024;

/**
 * One provider with several keys, made dependable: the key that was used least recently first, another one at once when
 * a key is refused or too fast, and one more try after a short pause where that helps. Never after the first content,
 * within the budget of the request (`AttemptRequest.tries`), and within a share of all requests. What comes before
 * content is kept back until then, so that of two tries the client sees one.
 */
export function createResilientUpstream(options: ResilienceOptions): ResilientUpstream {
  const { keys, retry, breaker, clock, observer } = options;
  const [{ upstream: first }] = keys;
  const health = new UpstreamHealth({ keys: keys.map(({ name }) => name), breaker, clock, observer });
  const share = createRetryShare(retry.sharePercent);
  const waiting = new Set<ResilientAttempt>();
  return {
    name: first.name,
    dialects: first.dialects,
    waitMs: (remoteModel) => health.waitMs(remoteModel),
    status: () => health.status(),
    start(request, sink) {
      share.noteRequest();
      const attempt = new ResilientAttempt({ ...options, health, share, waiting, request, sink });
      attempt.begin();
      return attempt;
    },
    async close() {
      for (const attempt of waiting) attempt.endWaiting();
      await Promise.all(keys.map(({ upstream }) => upstream.close()));
    },
  };
}

/** Content, or the end of an answer without any, which may cost something, too. */
function isCommitting(part: StreamPart): boolean {
  return part.type === 'finish' || isContentPart(part);
}

type AttemptParts = ResilienceOptions & {
  health: UpstreamHealth;
  share: RetryShare;
  /** The attempts that pause between two tries. */
  waiting: Set<ResilientAttempt>;
  request: AttemptRequest;
  sink: AttemptSink;
};

type Held = { parts: readonly StreamPart[]; relay: Buffer | undefined };

/** One request at this upstream. `answering`: content was handed on, so this try is the last one. */
class ResilientAttempt implements Attempt {
  readonly #with: AttemptParts;
  readonly #triedKeys = new Set<number>();
  #state: 'trying' | 'pausing' | 'answering' | 'over' = 'trying';
  #againLeft: number;
  #inner: Attempt | undefined;
  #visit: Visit | undefined;
  #timer: Timer | undefined;
  #isPaused = false;
  #held: Held[] = [];
  #heldBytes = 0;

  constructor(parts: AttemptParts) {
    this.#with = parts;
    this.#againLeft = parts.retry.sameUpstream;
  }

  begin(): void {
    const visit = this.#with.health.enter(this.#with.request.remoteModel, this.#triedKeys);
    if (visit !== undefined) this.#try(visit);
    // Not within `start`, where nobody expects it.
    else queueMicrotask(() => this.#fail(targetFault('resting', 'server_is_overloaded')));
  }

  cancel(): void {
    if (this.#state === 'over') return;
    const wasTrying = this.#state !== 'pausing';
    this.#leave();
    if (!wasTrying) return;
    this.#visit?.abandoned();
    this.#with.observer.tried('cancelled');
    this.#inner?.cancel();
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#state !== 'over') this.#inner?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#state !== 'over') this.#inner?.resume();
  }

  /** The upstream closes. */
  endWaiting(): void {
    this.#fail(targetFault('closed'));
  }

  #try(visit: Visit): void {
    const { keys, request } = this.#with;
    this.#state = 'trying';
    this.#visit = visit;
    this.#held = [];
    this.#heldBytes = 0;
    this.#inner = undefined;
    const sink = this.#sinkFor(visit);
    const inner = (keys[visit.key] ?? keys[0]).upstream.start(request, sink);
    // The sink may have been called before `start` returned, and then another try may be under way.
    if (!sink.isOpen()) return;
    this.#inner = inner;
    if (this.#isOver()) inner.cancel();
    else if (this.#isPaused) inner.pause();
  }

  #sinkFor(visit: Visit): AttemptSink & { isOpen(): boolean } {
    let isOpen = true;
    let isAccepted = false;
    const accepted = (): void => {
      if (!isAccepted) visit.accepted();
      isAccepted = true;
    };
    const listens = (): boolean => isOpen && !this.#isOver();
    return {
      isOpen: () => isOpen,
      onParts: (parts, relay) => {
        if (!listens()) return;
        accepted();
        this.#parts(visit, parts, relay);
      },
      onAlive: () => {
        if (!listens()) return;
        accepted();
        this.#with.sink.onAlive();
      },
      onEnd: () => {
        if (!listens()) return;
        accepted();
        isOpen = false;
        this.#end(visit);
      },
      onFault: (fault) => {
        if (!listens()) return;
        isOpen = false;
        this.#inner = undefined;
        visit.failed(fault);
        this.#with.observer.tried(fault.cause);
        if (this.#state === 'answering' || !this.#goOn(visit, fault)) this.#fail(fault);
      },
    };
  }

  /** Asked through a method because calls in between, such as the sink's, change the state. */
  #isOver(): boolean {
    return this.#state === 'over';
  }

  // ---- an answer

  #parts(visit: Visit, parts: readonly StreamPart[], relay: Buffer | undefined): void {
    if (this.#state === 'answering') {
      this.#with.sink.onParts(parts, relay);
      return;
    }
    this.#held.push({ parts, relay });
    this.#heldBytes += relay?.length ?? 0;
    const isTooMuch = this.#held.length > HELD_MAX_PUSHES || this.#heldBytes > HELD_MAX_BYTES;
    if (isTooMuch || parts.some(isCommitting)) this.#answer(visit);
  }

  /** Hands on what was kept back. The sink may cancel in the middle of it. */
  #answer(visit: Visit): void {
    this.#state = 'answering';
    visit.answered();
    const held = this.#held;
    this.#held = [];
    for (const { parts, relay } of held) {
      if (this.#isOver()) return;
      this.#with.sink.onParts(parts, relay);
    }
  }

  #end(visit: Visit): void {
    if (this.#state !== 'answering') this.#answer(visit);
    if (this.#isOver()) return;
    this.#leave();
    this.#with.observer.tried('ok');
    this.#with.sink.onEnd();
  }

  // ---- failures

  /** Tries on, now or after a pause. False: not here. */
  #goOn(visit: Visit, fault: AttemptFault): boolean {
    this.#triedKeys.add(visit.key);
    const { next } = ruleOf(fault);
    if (next === 'next-key' && this.#tryNextKey()) return true;
    if (next === 'again') return this.#pauseThenTry(fault, this.#backOffMs(fault.retryAfterMs ?? 0));
    const { retryAfterMs } = fault;
    if (fault.cause !== 'http-429' || retryAfterMs === undefined) return false;
    return this.#pauseThenTry(fault, this.#backOffMs(retryAfterMs));
  }

  #tryNextKey(): boolean {
    const { health, request, observer } = this.#with;
    if (request.tries?.allows(0) === false) return false;
    const visit = health.enter(request.remoteModel, this.#triedKeys);
    if (visit === undefined) return false;
    request.tries?.take();
    observer.triedAgain('next-key');
    this.#try(visit);
    return true;
  }

  /** Never shorter than the provider asks for, and not the same for all who failed together. */
  #backOffMs(retryAfterMs: number): number {
    const { retry, random } = this.#with;
    const growingMs = PAUSE_FIRST_MS * 2 ** (retry.sameUpstream - this.#againLeft);
    return retryAfterMs + growingMs * (0.5 + random() / 2);
  }

  #pauseThenTry(fault: AttemptFault, pauseMs: number): boolean {
    const { clock, request, share, observer, waiting } = this.#with;
    if (this.#againLeft === 0 || (fault.retryAfterMs ?? 0) > SHORT_WAIT_MS) return false;
    if (request.tries?.allows(pauseMs) === false) return false;
    if (!share.take()) {
      observer.shareUsedUp();
      return false;
    }
    this.#againLeft -= 1;
    this.#state = 'pausing';
    waiting.add(this);
    this.#timer = clock.after(pauseMs, () => this.#tryAgain(fault));
    return true;
  }

  #tryAgain(fault: AttemptFault): void {
    const { health, request, observer, waiting } = this.#with;
    waiting.delete(this);
    if (this.#isOver()) return;
    const mayTry = request.tries?.take() !== false;
    const visit = mayTry ? health.enter(request.remoteModel, new Set()) : undefined;
    if (visit === undefined) {
      this.#fail(fault);
      return;
    }
    observer.triedAgain('again');
    this.#try(visit);
  }

  /** With when to come back, where that is known. */
  #fail(fault: AttemptFault): void {
    if (this.#isOver()) return;
    const { health, request, sink } = this.#with;
    this.#leave();
    const waitMs = fault.blame === 'target' ? health.waitMs(request.remoteModel) : 0;
    const isKnown = waitMs > 0 && waitMs !== Infinity;
    sink.onFault(isKnown ? { retryAfterMs: Math.ceil(waitMs), ...fault } : fault);
  }

  #leave(): void {
    this.#state = 'over';
    this.#held = [];
    this.#timer?.cancel();
    this.#with.waiting.delete(this);
  }
}
