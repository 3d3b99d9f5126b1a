import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { Dispatcher, Pool } from 'undici';
import type { Attempt, AttemptSink } from '../../core/attempt.ts';
import type { Clock } from '../../core/clock.ts';
import { NOWHERE } from '../../core/roster.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import { NEVER } from './deadlines.ts';
import type { UpstreamFault } from './fault-causes.ts';
import { targetFault } from './fault-causes.ts';
import type { ReplyHeaders } from './reply-headers.ts';
import { transportFault } from './transport-fault.ts';

/** All in ms. Time in which the client held the target back does not count. */
export type UpstreamTimeouts = {
  connectMs: number;
  /** From the start to the first part of a streamed answer. Comments and empty events do not count. */
  firstPartMs: number;
  /** Between two parts of a streamed answer. */
  stallMs: number;
  /**
   * From the start to the end of an answer that is not streamed. In a stream, the longest time without a part however
   * often the target says that it works.
   */
  wholeReplyMs: number;
};

/**
 * Turns the bytes of one reply into parts. It gathers while bytes come in and is emptied by `take` once per network
 * read. `close` is the end of the bytes, with a fault when the connection broke.
 */
export type ReplyReader = {
  push(chunk: Buffer): void;
  close(broken?: UpstreamFault): void;
  take(): Taken;
};

/**
 * `relay` may come without parts: bytes that go along with an answer but are nothing of it. `working`: no part came, but
 * the target said in its own words that it works on the answer. `more`:
 * what must go out apart from this is taken next, at once. `finishing`: the answer is there, and only its usage or
 * terminator may still come.
 */
export type Taken = {
  parts: StreamPart[];
  relay: Buffer | undefined;
  state: 'open' | 'working' | 'more' | 'finishing' | 'complete' | UpstreamFault;
};

export type ReplyHead = { status: number; headers: ReplyHeaders };

export type ExchangeOptions = {
  pool: Pool;
  path: string;
  /** Names and values in turn. */
  headers: string[];
  body: Buffer;
  stream: boolean;
  timeouts: UpstreamTimeouts;
  clock: Clock;
  deadlines: Deadlines;
  sink: AttemptSink;
  openReader(head: ReplyHead): ReplyReader | UpstreamFault;
};

/** After the answer is complete, the rest of the reply is read for the connection's sake, up to here. */
const DRAIN_MAX_BYTES = 64 * 1024;
const DRAIN_MAX_MS = 2_000;

/** How long a target that said why it stopped may keep its usage and terminator back. */
const FINISH_MAX_MS = 5_000;

/** One object for all: its stack says nothing, and making it would be the dearest part of a cancel. */
const CANCELLED = new Error('cancelled');

/**
 * Sends one request and drives one reply into a sink: exactly one of `onEnd` and `onFault` is called, unless the
 * attempt is cancelled first. What one network read brings leaves in one `onParts`, however many HTTP chunks it was:
 * undici reports those one by one within one turn of the event loop, so a microtask behind them sees them all.
 * The sink is never called before `startExchange` returns.
 */
export function startExchange(options: ExchangeOptions): Attempt {
  const exchange = new Exchange(options);
  exchange.start();
  return {
    cancel: () => exchange.cancel(),
    pause: () => exchange.pause(),
    resume: () => exchange.resume(),
  };
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #deadline: Deadline;
  #controller: Dispatcher.DispatchController | undefined;
  #reader: ReplyReader | undefined;
  #fault: UpstreamFault | undefined;
  /** `running`: the sink listens. `draining`: it has its end, bytes still come. `over`: nothing more happens. */
  #phase: 'running' | 'draining' | 'over' = 'running';
  #isFlushDue = false;
  #isPaused = false;
  #hasParts = false;
  /** When the last part came, or the request began. */
  #lastPartMs: number;
  #responseEnded = false;
  #drainedBytes = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { timeouts, clock } = options;
    const waitMs = options.stream ? timeouts.firstPartMs : timeouts.wholeReplyMs;
    this.#lastPartMs = clock.monotonicMs();
    this.#deadline = {
      rosterPlace: NOWHERE,
      atMs: this.#lastPartMs + waitMs,
      onPassed: () => this.#onDeadline(),
    };
  }

  start(): void {
    const { pool, path, headers, body, deadlines } = this.#options;
    deadlines.add(this.#deadline);
    pool.dispatch({ method: 'POST', path, headers, body }, this);
  }

  cancel(): void {
    if (this.#phase === 'over') return;
    this.#stop();
  }

  pause(): void {
    if (this.#phase !== 'running' || this.#isPaused) return;
    this.#isPaused = true;
    this.#deadline.atMs = NEVER;
    this.#controller?.pause();
  }

  resume(): void {
    if (this.#phase !== 'running' || !this.#isPaused) return;
    this.#isPaused = false;
    this.#lastPartMs = this.#options.clock.monotonicMs();
    this.#waitForNextPart();
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#phase === 'over') controller.abort(CANCELLED);
    else if (this.#isPaused) controller.pause();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    // Interim replies (103 and the like) come before the real one.
    if (this.#phase !== 'running' || status < 200) return;
    const opened = this.#options.openReader({ status, headers });
    if ('blame' in opened) {
      this.#fault = opened;
      this.#flushSoon();
      return;
    }
    this.#reader = opened;
    if (status === 200) this.#options.sink.onAlive();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase === 'running') {
      if (this.#fault !== undefined) return;
      this.#reader?.push(chunk);
      this.#flushSoon();
      return;
    }
    this.#drainedBytes += chunk.length;
    if (this.#phase === 'draining' && this.#drainedBytes > DRAIN_MAX_BYTES) this.#stop();
  }

  onResponseEnd(): void {
    this.#responseEnded = true;
    if (this.#phase === 'draining') this.#stop();
    if (this.#phase !== 'running') return;
    this.#reader?.close();
    this.#flushSoon();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#responseEnded = true;
    if (this.#phase === 'draining') this.#stop();
    if (this.#phase !== 'running') return;
    const fault = transportFault(error);
    if (this.#reader === undefined) this.#fault ??= fault;
    else this.#reader.close(fault);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      if (this.#phase === 'running') this.#flush();
    });
  }

  #flush(): void {
    const { sink } = this.#options;
    if (this.#fault !== undefined) return this.#fail(this.#fault);
    if (this.#reader === undefined) return;
    const { parts, relay, state } = this.#reader.take();
    if (parts.length > 0 || relay !== undefined) {
      if (this.#options.stream && parts.length > 0) {
        this.#hasParts = true;
        this.#lastPartMs = this.#options.clock.monotonicMs();
        this.#waitForNextPart();
      }
      sink.onParts(parts, relay);
      if (!this.#isIn('running')) return;
    } else if (state === 'open' || state === 'working') sink.onAlive();
    switch (state) {
      case 'open':
        break;
      case 'working':
        this.#waitOn();
        break;
      case 'more':
        this.#flush();
        break;
      case 'finishing':
        this.#waitForEnd();
        break;
      case 'complete':
        this.#complete();
        break;
      default:
        this.#fail(state);
    }
  }

  /** Asked through a method because calls in between, such as the sink's, change the phase. */
  #isIn(phase: 'running' | 'draining'): boolean {
    return this.#phase === phase;
  }

  #waitForEnd(): void {
    const endMs = this.#options.clock.monotonicMs() + FINISH_MAX_MS;
    this.#deadline.atMs = this.#isPaused ? NEVER : Math.min(this.#deadline.atMs, endMs);
  }

  #waitForNextPart(): void {
    if (this.#isPaused || !this.#options.stream) return;
    this.#deadline.atMs = this.#options.clock.monotonicMs() + this.#partWaitMs();
  }

  /** A target that thinks in silence is waited for, but not for ever: its signs of life may hide a dead engine. */
  #waitOn(): void {
    if (this.#isPaused || !this.#options.stream) return;
    const { clock, timeouts } = this.#options;
    const untilMs = Math.min(
      clock.monotonicMs() + this.#partWaitMs(),
      this.#lastPartMs + timeouts.wholeReplyMs,
    );
    this.#deadline.atMs = Math.max(this.#deadline.atMs, untilMs);
  }

  #partWaitMs(): number {
    const { timeouts } = this.#options;
    return this.#hasParts ? timeouts.stallMs : timeouts.firstPartMs;
  }

  #complete(): void {
    if (this.#responseEnded) this.#stop();
    else {
      this.#phase = 'draining';
      this.#deadline.atMs = this.#options.clock.monotonicMs() + DRAIN_MAX_MS;
      this.#controller?.resume();
    }
    this.#options.sink.onEnd();
  }

  #fail(fault: UpstreamFault): void {
    this.#stop();
    this.#options.sink.onFault(fault);
  }

  #onDeadline(): void {
    if (this.#phase === 'draining') this.#stop();
    if (this.#phase !== 'running') return;
    // A stream that already said how it ended lacks only its tail: the reader decides.
    this.#reader?.close(targetFault(this.#hasParts ? 'stall' : 'timeout', 'upstream_timeout'));
    if (this.#reader === undefined) this.#fault = targetFault('timeout', 'upstream_timeout');
    this.#flush();
    if (this.#isIn('draining')) this.#stop();
  }

  #stop(): void {
    this.#phase = 'over';
    this.#options.deadlines.remove(this.#deadline);
    if (!this.#responseEnded) this.#controller?.abort(CANCELLED);
    this.#reader = undefined;
  }
}
