import type { ServerResponse } from 'node:http';
import { errorRow, type Fault } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { RateWindow } from '../limits/key-limits.ts';
import type { Exchange } from './exchange.ts';

/**
 * Writes one reply to the client's socket. Headers leave with the first bytes, so that a failure before them keeps
 * its real status. Every reply ends in one of three ways: whole, as an error reply, or broken off after an error
 * event, where the connection is cut so that no client can take the end of data for the end of the answer.
 */
export class ReplyWriter {
  readonly #exchange: Exchange;
  readonly #response: ServerResponse;
  #ended = false;
  /** Monotonic ms of the last write, for keepalives. */
  lastWriteMs: number;
  /** Monotonic ms since which the client takes nothing; undefined while it keeps up. */
  stalledSinceMs: number | undefined;

  constructor(exchange: Exchange, handlers: { onDrain: () => void; onGone: () => void }) {
    this.#exchange = exchange;
    this.#response = exchange.response;
    this.lastWriteMs = exchange.startedMonotonicMs;
    this.#response.on('drain', () => {
      this.stalledSinceMs = undefined;
      handlers.onDrain();
    });
    this.#response.on('close', () => {
      if (!this.#ended) {
        this.#ended = true;
        handlers.onGone();
      }
    });
    // A reset socket also raises 'close'; without a listener the error itself would end the process.
    this.#response.on('error', () => undefined);
  }

  get committed(): boolean {
    return this.#response.headersSent;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sends status 200 and the stream's headers at once. */
  commitStream(contentType: string): void {
    if (this.#ended || this.#response.headersSent) return;
    this.#response.writeHead(200, [
      'content-type',
      contentType,
      'cache-control',
      'no-cache',
      'x-accel-buffering',
      'no',
      ...commonHeaders(this.#exchange.requestId, this.#exchange.rateWindow),
    ]);
    this.#response.flushHeaders();
  }

  /** Sends status 200 and the headers of a body of so many bytes, which follow by `write` and `endStream`. */
  commitBody(contentType: string, bytes: number): void {
    if (this.#ended || this.#response.headersSent) return;
    this.#response.writeHead(200, [
      'content-type',
      contentType,
      'content-length',
      String(bytes),
      ...commonHeaders(this.#exchange.requestId, this.#exchange.rateWindow),
    ]);
  }

  /** Writes a piece of the stream. False: the client does not keep up, pause the source until `onDrain`. */
  write(data: string | Buffer, nowMs: number): boolean {
    if (this.#ended) return true;
    this.lastWriteMs = nowMs;
    if (this.#response.write(data)) return true;
    this.stalledSinceMs ??= nowMs;
    return false;
  }

  /** Ends a stream properly with its last bytes. */
  endStream(data: string | Buffer = ''): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end(data);
    this.#cutIfNeverRead();
  }

  /** Sends a whole JSON body. */
  endJson(status: number, contentType: string, body: string | Buffer): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.writeHead(status, [
      'content-type',
      contentType,
      'content-length',
      String(Buffer.byteLength(body)),
      ...commonHeaders(this.#exchange.requestId, this.#exchange.rateWindow),
    ]);
    if (typeof body === 'string' || body.length > ONE_WRITE_MAX_BYTES) this.#response.end(body);
    else this.#response.end(body.toString('latin1'), 'latin1');
    this.#cutIfNeverRead();
  }

  /** Sends an error reply with its real status. Only before `commitStream`. */
  endFault(fault: Fault, body: string): void {
    if (this.#ended) return;
    this.#ended = true;
    writeFault(this.#exchange, fault, body);
  }

  /** Ends a started stream with an error event, then cuts the connection once the bytes have left. */
  breakOff(event: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#response.writableNeedDrain) {
      // The client does not keep up and may never read the event: the cut line alone must do.
      this.#response.destroy();
      return;
    }
    this.#response.write(event, () => this.#response.socket?.destroySoon());
  }

  /** The run is over and watches no more: a reader who never takes the rest must not hold the socket for ever. */
  #cutIfNeverRead(): void {
    if (this.#response.writableLength === 0) return;
    const socket = this.#response.socket;
    if (socket === null) return;
    const cut = () => socket.destroy();
    socket.setTimeout(LIMITS.clientStallMs, cut);
    this.#response.once('finish', () => socket.off('timeout', cut));
  }

  /** Cuts a client that takes nothing. Raises `onGone`. */
  cut(): void {
    this.#response.destroy();
  }
}

/** Sends one error reply: status, retry headers, limits and the surface's own body. */
export function writeFault(exchange: Exchange, fault: Fault, body: string): void {
  const row = errorRow(fault.code);
  const headers = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    ...commonHeaders(exchange.requestId, exchange.rateWindow),
  ];
  if (fault.retryAfterMs !== undefined) {
    const waitMs = Math.min(fault.retryAfterMs, LIMITS.retryAfterMaxMs);
    headers.push(
      'retry-after',
      String(Math.ceil(waitMs / 1_000)),
      'retry-after-ms',
      String(Math.ceil(waitMs)),
    );
  } else if (fault.code === 'server_is_overloaded' || fault.code === 'insufficient_quota') {
    // Nothing serves this model at all, or nothing pays for it: official SDKs then stop after one try.
    headers.push('x-should-retry', 'false');
  }
  if (row.status === 401) headers.push('www-authenticate', 'Bearer');
  exchange.response.writeHead(row.status, headers);
  exchange.response.end(body);
}

/** Sends a small JSON reply that is no answer of a model. */
export function writeJson(
  exchange: Exchange,
  status: number,
  body: string,
  headers: readonly string[] = [],
): void {
  exchange.response.writeHead(status, [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    ...commonHeaders(exchange.requestId, exchange.rateWindow),
    ...headers,
  ]);
  exchange.response.end(body);
}

/** `request-id` is the name Anthropic's clients read; both hold the id of our log line and receipt. */
function commonHeaders(requestId: string, window: RateWindow | undefined): string[] {
  const headers = ['x-request-id', requestId, 'request-id', requestId];
  if (window !== undefined) {
    headers.push(
      'x-ratelimit-limit-requests',
      String(window.limit),
      'x-ratelimit-remaining-requests',
      String(window.remaining),
      'x-ratelimit-reset-requests',
      `${Math.ceil(window.resetMs)}ms`,
    );
  }
  return headers;
}

/**
 * Node joins the headers with a body that is text, and sends them with one system call; a buffer goes in a second
 * piece. Bytes as Latin-1 text are the same bytes.
 */
const ONE_WRITE_MAX_BYTES = 16_384;

/** True when a client has taken nothing for too long. */
export function isStalled(writer: ReplyWriter, nowMs: number): boolean {
  return writer.stalledSinceMs !== undefined && nowMs - writer.stalledSinceMs > LIMITS.clientStallMs;
}
