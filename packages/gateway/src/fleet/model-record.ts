import {
  breakerWaitMs,
  enterBreaker,
  NEW_BREAKER,
  noteVerdict,
  type Breaker,
  type BreakerRules,
  type Pass,
} from '../core/breaker.ts';
import { blend } from './session-rules.ts';

/**
 * What this gateway has seen of one model at one node. It outlives connections: a node that fails at once does not
 * get a clean slate by coming back. All times are monotonic ms.
 */
export class ModelRecord {
  /** Output tokens per second as measured here. */
  outputTokensPerSecond: number | undefined;
  /** Share of recent jobs that the node failed, 0 to 1. All jobs of one lost line count as one. */
  failureRate = 0;
  #breaker: Breaker = NEW_BREAKER;
  /** When a lost line was counted last. */
  #awayAtMs = -Infinity;
  /** What the last failure changed. */
  #beforeFailure: { breaker: Breaker; failureRate: number; after: Breaker } | undefined;

  /** How long until the breaker lets a job pass, ms. 0: now. */
  waitMs(nowMs: number): number {
    return breakerWaitMs(this.#breaker, nowMs);
  }

  breakerPhase(): Breaker['phase'] {
    return this.#breaker.phase;
  }

  /** Lets one job pass; its outcome comes with the pass. Only when `waitMs` says 0. */
  enter(nowMs: number): Pass {
    const entered = enterBreaker(this.#breaker, nowMs);
    this.#breaker = entered.breaker;
    return entered.pass;
  }

  /** `text`: what came and how fast. Short answers say nothing about speed. */
  finished(pass: Pass, nowMs: number, text: { chars: number; perSecond: number }): void {
    this.failureRate = blend(this.failureRate, 0);
    this.#note(pass, nowMs, 'success');
    if (text.chars >= MEASURABLE_CHARS)
      this.outputTokensPerSecond = blend(this.outputTokensPerSecond, text.perSecond / CHARS_PER_TOKEN);
  }

  failed(pass: Pass, nowMs: number): void {
    const before = { breaker: this.#breaker, failureRate: this.failureRate };
    this.failureRate = blend(this.failureRate, 1);
    this.#note(pass, nowMs, 'failure');
    this.#beforeFailure = { ...before, after: this.#breaker };
  }

  /**
   * The node went away under a job that was offered at `offeredAtMs`. One broken line ends all jobs of a node, some at
   * once and some later, so those that were offered before the last loss was counted say nothing new. A probe always
   * counts: it is the only job that decides.
   */
  lost(pass: Pass, { offeredAtMs, nowMs }: { offeredAtMs: number; nowMs: number }): void {
    if (this.#breaker.phase === 'closed' && offeredAtMs <= this.#awayAtMs) return;
    this.#awayAtMs = nowMs;
    this.failed(pass, nowMs);
  }

  /** The last failure was the job's fault. Too late once something else has been learned. */
  forgive(): void {
    if (this.#beforeFailure === undefined || this.#beforeFailure.after !== this.#breaker) return;
    this.#breaker = this.#beforeFailure.breaker;
    this.failureRate = this.#beforeFailure.failureRate;
    this.#beforeFailure = undefined;
  }

  /** The job ended in a way that says nothing about the node: cancelled, refused as busy, or at fault itself. */
  unknown(pass: Pass, nowMs: number): void {
    this.#note(pass, nowMs, 'none');
  }

  #note(pass: Pass, nowMs: number, verdict: 'success' | 'failure' | 'none'): void {
    this.#breaker = noteVerdict(this.#breaker, BREAKER_RULES, { pass, verdict, nowMs });
  }
}

/** Three failures in a row leave a node out for half a minute, then twice as long each time, up to ten minutes. */
const BREAKER_RULES: BreakerRules = { failures: 3, openMs: 30_000, maxOpenMs: 600_000 };

/** Rough length of a token, to turn received text into speed without trusting a node's own count. */
const CHARS_PER_TOKEN = 4;
const MEASURABLE_CHARS = 200;

/** Nodes that are remembered. Each stands for a token that an operator or owner has made, so there are not many. */
const NODES_MAX = 10_000;

/** The records of all nodes by node and alias. The node that was longest without a connection is forgotten first. */
export class ModelRecords {
  readonly #byNode = new Map<string, Map<string, ModelRecord>>();

  /** The records of a node that connects, for as long as it is connected and after. */
  ofNode(nodeId: string): Map<string, ModelRecord> {
    const records = this.#byNode.get(nodeId) ?? new Map<string, ModelRecord>();
    this.#byNode.delete(nodeId);
    this.#byNode.set(nodeId, records);
    const [oldest] = this.#byNode.keys();
    if (this.#byNode.size > NODES_MAX && oldest !== undefined) this.#byNode.delete(oldest);
    return records;
  }
}
