import type { ServerResponse } from 'node:http';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';

/** The client's end of one connection, and how fast it reads. */
export type Wire = {
  life: Life;
  scheduler: Scheduler;
  /** Lives as long as the world. */
  world: { alive: boolean; timers: number };
  /** `write` answers false from here on. */
  highWaterBytes: number;
  /** `stuck` never reads anything. */
  reader: 'fast' | 'slow' | 'stuck';
  readBytes: number;
  readEveryMs: number;
  onHead(status: number): void;
  onData(data: string): void;
  /** Everything was read that the gateway ended properly. */
  onEnd(): void;
  /** The gateway gives the last bytes away now. */
  onHandedOut(status: number, data: string): void;
  /** Before the gateway hears that the connection is gone. */
  onClosing(): void;
  onClosed(): void;
  /** The client takes nothing for `STALL_MAX_MS` and was not cut. */
  onStalled(): void;
  /** The gateway did what Node's response forbids. */
  onMisuse(what: string): void;
};

/** The bound of `core/limits.ts` and two ticks of the pulse. */
const STALL_MAX_MS = 32_000;

type Piece = { data: string; done: (() => void) | undefined };

/**
 * As much of Node's `ServerResponse` as inference uses, with Node's rules (`lib/_http_outgoing.js`, `_http_server.js` of
 * Node 26): `write` says false at the high-water mark and `drain` follows when all has left; after `destroy` nothing
 * is sent and `close` comes later; when the client leaves, `destroyed` and `close` come together; a second head throws.
 */
export class FakeResponse {
  headersSent = false;
  destroyed = false;
  writableEnded = false;
  closed = false;
  socket: { destroySoon(): void } | null = { destroySoon: () => this.#destroySoon() };
  readonly #wire: Wire;
  readonly #listeners = new Map<string, (() => void)[]>();
  #status = 200;
  #pieces: Piece[] = [];
  #waitingBytes = 0;
  #needsDrain = false;
  #stalls = 0;
  #isDestroyDue = false;
  #isReading = false;
  #onGone: () => void = () => undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** For the client itself: called once when the connection is no more. */
  onGone(listener: () => void): void {
    this.#onGone = listener;
  }

  /** What the gateway is given. */
  asServerResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }

  get writableNeedDrain(): boolean {
    return !this.destroyed && !this.writableEnded && this.#needsDrain;
  }

  on(event: string, listener: () => void): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  setHeader(): this {
    if (this.headersSent) this.#misuse('a header was set after the head had left');
    return this;
  }

  writeHead(status: number): this {
    if (this.headersSent) this.#misuse('a second head');
    this.#status = status;
    this.headersSent = true;
    if (this.#wire.life.touch() && !this.destroyed) this.#wire.onHead(status);
    return this;
  }

  flushHeaders(): void {
    if (!this.headersSent) this.#misuse('flush without a head');
  }

  write(data: string | Buffer, done?: () => void): boolean {
    if (this.writableEnded) this.#misuse('write after end');
    if (!this.headersSent) this.#misuse('write without a head');
    if (!this.#wire.life.touch()) return true;
    if (this.destroyed) {
      if (done !== undefined) this.#soon(done);
      return false;
    }
    this.#send(String(data), done);
    return !this.#needsDrain;
  }

  end(data: string | Buffer, encoding?: 'latin1'): this {
    if (this.writableEnded) this.#misuse('a second end');
    if (!this.#wire.life.touch()) return this;
    this.writableEnded = true;
    if (this.destroyed) return this;
    const text = encoding === undefined ? String(data) : Buffer.from(String(data), encoding).toString();
    this.#wire.onHandedOut(this.#status, text);
    this.#send(text, undefined);
    return this;
  }

  destroy(): this {
    if (!this.#wire.life.touch() || this.destroyed) return this;
    this.destroyed = true;
    this.#drop();
    this.#wire.scheduler.after(0, this.#wire.world, () => this.#close());
    return this;
  }

  /** The client hangs up, or the machine at the other end does. */
  leave(): void {
    if (this.closed) return;
    this.destroyed = true;
    this.#drop();
    this.#close();
  }

  /** The gateway's process died: what was on its way still arrives, or does not. */
  lose(doesRestArrive: boolean): void {
    if (this.closed) return;
    this.#isDestroyDue = true;
    if (!doesRestArrive || this.#wire.reader === 'stuck') this.leave();
    else this.#whenEmpty();
  }

  #send(data: string, done: (() => void) | undefined): void {
    this.#waitingBytes += data.length;
    this.#pieces.push({ data, done });
    if (this.#wire.reader === 'fast') this.#read(this.#waitingBytes);
    else {
      if (this.#waitingBytes >= this.#wire.highWaterBytes && !this.#needsDrain) this.#stall();
      this.#readLater();
    }
  }

  #stall(): void {
    this.#needsDrain = true;
    const stall = (this.#stalls += 1);
    this.#wire.scheduler.after(STALL_MAX_MS, this.#wire.life, () => {
      const isSame = this.#needsDrain && this.#stalls === stall;
      if (isSame && !this.destroyed && !this.writableEnded) this.#wire.onStalled();
    });
  }

  #readLater(): void {
    if (this.#isReading || this.#wire.reader !== 'slow') return;
    this.#isReading = true;
    this.#wire.scheduler.after(this.#wire.readEveryMs, this.#wire.world, () => {
      this.#isReading = false;
      if (this.closed) return;
      this.#read(this.#wire.readBytes);
      if (this.#pieces.length > 0) this.#readLater();
    });
  }

  /** Whole pieces only, at least one: where a piece is cut makes no difference to who writes. */
  #read(bytes: number): void {
    let left = bytes;
    while (left > 0) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      left -= piece.data.length;
      this.#waitingBytes -= piece.data.length;
      this.#wire.onData(piece.data);
      if (piece.done !== undefined) this.#soon(piece.done);
    }
    if (this.#pieces.length === 0) this.#whenEmpty();
  }

  #whenEmpty(): void {
    if (this.#pieces.length > 0 || this.destroyed) return;
    if (this.writableEnded) {
      this.#wire.onEnd();
      this.#isDestroyDue = true;
    }
    if (this.#isDestroyDue) {
      this.#wire.scheduler.after(0, this.#wire.world, () => this.leave());
    } else if (this.#needsDrain) {
      this.#needsDrain = false;
      this.#emit('drain');
    }
  }

  #destroySoon(): void {
    if (!this.#wire.life.touch()) return;
    this.#isDestroyDue = true;
    this.#whenEmpty();
  }

  /** Callbacks of writes that never left are called too, as Node does. */
  #drop(): void {
    for (const { done } of this.#pieces) if (done !== undefined) this.#soon(done);
    this.#pieces = [];
    this.#waitingBytes = 0;
  }

  #close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket = null;
    this.#wire.onClosing();
    this.#emit('close');
    this.#wire.onClosed();
    this.#onGone();
  }

  #soon(task: () => void): void {
    this.#wire.scheduler.after(0, this.#wire.life, task);
  }

  #emit(event: string): void {
    if (!this.#wire.life.alive) return;
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }

  #misuse(what: string): never {
    if (this.#wire.life.alive) this.#wire.onMisuse(what);
    throw new Error(what);
  }
}
