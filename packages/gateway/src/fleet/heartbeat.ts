import type { RandomSource } from '../core/clock.ts';
import { blend, decideLiveness } from './session-rules.ts';
import type { Liveness } from './session-rules.ts';

/** When a connection was last heard and asked, and how long its answers take. Monotonic milliseconds. */
export class Heartbeat {
  readonly #random: RandomSource;
  readonly #openedAtMs: number;
  #lastInboundMs: number;
  #lastPingMs: number;
  #pingBody: Uint8Array | undefined;
  #roundTripMs: number | undefined;

  constructor(random: RandomSource, nowMs: number) {
    this.#random = random;
    this.#openedAtMs = nowMs;
    this.#lastInboundMs = nowMs;
    this.#lastPingMs = nowMs;
  }

  get roundTripMs(): number {
    return this.#roundTripMs ?? 0;
  }

  get lastInboundMs(): number {
    return this.#lastInboundMs;
  }

  heard(nowMs: number): void {
    this.#lastInboundMs = nowMs;
  }

  due(session: { isWelcomed: boolean; hasJobs: boolean }, nowMs: number): Liveness {
    return decideLiveness(
      {
        ...session,
        openedAtMs: this.#openedAtMs,
        lastInboundMs: this.#lastInboundMs,
        lastPingMs: this.#lastPingMs,
      },
      nowMs,
    );
  }

  /** The body of a new PING: random, so that a node cannot answer before it was asked. */
  ping(nowMs: number): Uint8Array {
    const body = new Uint8Array(8);
    const view = new DataView(body.buffer);
    view.setUint32(0, Math.floor(this.#random() * 0x1_0000_0000));
    view.setUint32(4, Math.floor(this.#random() * 0x1_0000_0000));
    this.#pingBody = body;
    this.#lastPingMs = nowMs;
    return body;
  }

  /** An answer to an older ping is a sign of life and nothing more. */
  pong(body: Uint8Array): void {
    if (this.#pingBody === undefined || Buffer.compare(this.#pingBody, body) !== 0) return;
    this.#pingBody = undefined;
    this.#roundTripMs = blend(this.#roundTripMs, this.#lastInboundMs - this.#lastPingMs);
  }
}
