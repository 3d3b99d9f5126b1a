import { parseCapabilities } from '@switchyard/protocol/link/capabilities.ts';
import type { Capabilities, NodeStatusReport } from '@switchyard/protocol/link/capabilities.ts';
import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import {
  consumeBytes,
  createReceiveWindow,
  receiveBytes,
  takeGrant,
} from '@switchyard/protocol/link/flow.ts';
import {
  decodeMessage,
  fitsStream,
  isKnownType,
  RECORD_FLAGS,
  RECORD_TYPES,
} from '@switchyard/protocol/link/frame.ts';
import type { LinkRecord } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS, LINK_TIMES } from '@switchyard/protocol/link/limits.ts';
import {
  encodeBody,
  encodeWindow,
  parseDrain,
  parseGoAway,
  parseNotice,
  parseOffer,
  parseWelcome,
  parseWindow,
} from '@switchyard/protocol/link/messages.ts';
import type { Hello, Welcome } from '@switchyard/protocol/link/messages.ts';
import { LinkWriter } from '@switchyard/protocol/link/writer.ts';
import type { Timer, Timers } from '../timers.ts';
import { LinkJob } from './link-job.ts';
import type { LinkSocket } from './link-socket.ts';
import type { LinkAgent } from './types.ts';

export type LinkSessionOptions = {
  socket: LinkSocket;
  hello: Hello;
  agent: LinkAgent;
  timers: Timers;
  onOnline(welcome: Pick<Welcome, 'sessionId' | 'newestAgent'>): void;
  /** The gateway said when to come back. */
  onRetryAfter(retryAfterMs: number): void;
  /** The agent's own report is not valid: no connection can help. */
  onBadCapabilities(path: string): void;
};

const TICK_MS = 1_000;
/** Records of one or more streams that come within this time leave in one message. */
const PACK_MS = 2;
const CLOSE_NORMAL = 1000;
const CLOSE_INTERNAL_ERROR = 1011;

/**
 * One connection to the gateway, from the open socket to its end. It checks what comes as the gateway does, since a
 * confused gateway must not crash a node, and holds the jobs that run over it. When it ends they are cancelled.
 */
export class LinkSession {
  readonly #options: LinkSessionOptions;
  readonly #writer: LinkWriter;
  readonly #window = createReceiveWindow(LINK_LIMITS.connectionWindowBytes);
  readonly #jobs = new Map<number, LinkJob>();
  readonly #seqs = new Map<number, number>();
  readonly #ticker: Timer;
  #lastStream = 0;
  #isWelcomed = false;
  #isEnded = false;
  #isDraining = false;
  /** The grace of a drain is over: unread answers are given up. */
  #isCut = false;
  #onIdle: (() => void) | undefined;
  #lastInboundMs: number;
  #lastFlushMs = -Infinity;
  #lastStatusMs = 0;
  #lastCapabilitiesMs = 0;
  #isReportDue = false;

  constructor(options: LinkSessionOptions) {
    this.#options = options;
    const { socket, timers } = options;
    this.#lastInboundMs = timers.nowMs();
    this.#writer = new LinkWriter({
      send: (message, sent) => socket.send(message, sent),
      bufferedBytes: () => socket.bufferedBytes(),
      schedule: (flush) => this.#schedule(flush),
      onOverflow: () => this.end(CLOSE_CODES.tooMany, 'nothing is read'),
      onSent: (stream) => this.#jobs.get(stream)?.onSent(),
    });
    this.#ticker = timers.every(TICK_MS, () => this.#tick());
    this.#writer.control(RECORD_TYPES.hello, 0, encodeBody(options.hello));
  }

  onMessage(message: Uint8Array): void {
    if (this.#isEnded) return;
    this.#lastInboundMs = this.#options.timers.nowMs();
    try {
      this.#readMessage(message);
    } catch {
      // A fault of the agent or of this code: the jobs are cancelled and a new connection starts clean.
      this.end(CLOSE_INTERNAL_ERROR, 'internal error');
    }
  }

  /** Sends the capabilities anew, at most once a second. */
  capabilitiesChanged(): void {
    this.#isReportDue = true;
    if (this.#options.timers.nowMs() - this.#lastCapabilitiesMs >= LINK_TIMES.capabilitiesMinMs)
      this.#report();
  }

  /** Takes no more offers; resolves when the running jobs have ended, were cancelled after `graceMs`, or are lost. */
  drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#isWelcomed) {
      this.#writer.control(RECORD_TYPES.drain, 0, encodeBody({ graceMs: Math.floor(graceMs) }));
    }
    return new Promise((resolve) => {
      const cut = this.#options.timers.after(graceMs, () => {
        this.#isCut = true;
        for (const job of this.#jobs.values()) job.abort();
        this.#checkIdle();
      });
      this.#onIdle = () => {
        cut.cancel();
        resolve();
      };
      this.#checkIdle();
    });
  }

  /** Closes the connection and cancels its jobs. */
  end(code: CloseCode | typeof CLOSE_NORMAL | typeof CLOSE_INTERNAL_ERROR, reason: string): void {
    if (this.#isEnded) return;
    this.#writer.flush();
    this.lost();
    this.#options.socket.close(code, reason);
  }

  /** The connection is gone. */
  lost(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#ticker.cancel();
    this.#writer.stop();
    for (const job of this.#jobs.values()) job.lost();
    this.#onIdle?.();
  }

  #readMessage(message: Uint8Array): void {
    const decoded = decodeMessage(message);
    if (!decoded.ok) return this.end(CLOSE_CODES.protocol, decoded.error);
    for (const record of decoded.records) {
      const breach = this.#onRecord(record);
      if (breach !== undefined) this.end(breach, 'protocol');
      if (this.#isEnded) return;
    }
    const addBytes = takeGrant(this.#window);
    if (addBytes > 0) this.#writer.control(RECORD_TYPES.window, 0, encodeWindow(addBytes));
  }

  #onRecord(record: LinkRecord): CloseCode | undefined {
    const { type, stream } = record;
    if (!this.#takeSeq(record)) return CLOSE_CODES.protocol;
    if (type === RECORD_TYPES.data) {
      if (!receiveBytes(this.#window, record.body.byteLength)) return CLOSE_CODES.tooBig;
      consumeBytes(this.#window, record.body.byteLength);
    }
    if (!isKnownType(type))
      return (record.flags & RECORD_FLAGS.optional) === 0 ? CLOSE_CODES.protocol : undefined;
    if (!fitsStream(type, stream)) return CLOSE_CODES.protocol;
    if (!this.#isWelcomed) return this.#onWelcome(record);
    return stream === 0 ? this.#onConnectionRecord(record) : this.#onStreamRecord(record);
  }

  /** Streams that have ended here are not counted any more: what comes late on them is dropped. */
  #takeSeq(record: LinkRecord): boolean {
    const { stream, seq } = record;
    if (stream !== 0 && stream <= this.#lastStream && !this.#jobs.has(stream)) return true;
    if (seq !== (this.#seqs.get(stream) ?? 0) + 1) return false;
    this.#seqs.set(stream, seq);
    return true;
  }

  #onWelcome(record: LinkRecord): CloseCode | undefined {
    const welcome = record.type === RECORD_TYPES.welcome ? parseWelcome(record.body) : undefined;
    if (welcome === undefined || !welcome.ok) return CLOSE_CODES.protocol;
    this.#isWelcomed = true;
    this.#report();
    if (!this.#isEnded) this.#options.onOnline(welcome.value);
    return undefined;
  }

  #onConnectionRecord(record: LinkRecord): CloseCode | undefined {
    switch (record.type) {
      case RECORD_TYPES.ping:
        this.#writer.control(RECORD_TYPES.pong, 0, record.body.slice());
        return undefined;
      case RECORD_TYPES.pong:
        return undefined;
      case RECORD_TYPES.window:
        return this.#onWindow(record);
      case RECORD_TYPES.notice: {
        const notice = parseNotice(record.body);
        if (notice.ok) this.#options.agent.notice?.(notice.value);
        return notice.ok ? undefined : CLOSE_CODES.protocol;
      }
      case RECORD_TYPES.drain:
        return parseDrain(record.body).ok ? undefined : CLOSE_CODES.protocol;
      case RECORD_TYPES.goaway: {
        const goAway = parseGoAway(record.body);
        if (!goAway.ok) return CLOSE_CODES.protocol;
        if (goAway.value.retryAfterMs !== undefined) this.#options.onRetryAfter(goAway.value.retryAfterMs);
        return undefined;
      }
      default:
        return CLOSE_CODES.protocol;
    }
  }

  #onStreamRecord(record: LinkRecord): CloseCode | undefined {
    const { type, stream, body } = record;
    if (type === RECORD_TYPES.offer) return this.#onOffer(stream, body);
    if (stream > this.#lastStream) return CLOSE_CODES.protocol;
    const job = this.#jobs.get(stream);
    switch (type) {
      case RECORD_TYPES.window:
        return this.#onWindow(record);
      case RECORD_TYPES.data:
        return job?.onData(body);
      case RECORD_TYPES.cancel:
        if (job !== undefined) job.onCancel();
        else this.#cancelQueued(stream);
        return undefined;
      default:
        return CLOSE_CODES.protocol;
    }
  }

  #onWindow(record: LinkRecord): CloseCode | undefined {
    const addBytes = parseWindow(record.body);
    return addBytes !== undefined && this.#writer.grant(record.stream, addBytes)
      ? undefined
      : CLOSE_CODES.protocol;
  }

  /** The job has ended here, but its last parts still wait for credit that will never come. */
  #cancelQueued(stream: number): void {
    if (!this.#writer.isOpen(stream)) return;
    this.#writer.control(RECORD_TYPES.cancelled, stream);
    this.#writer.dropData(stream);
  }

  #onOffer(stream: number, body: Uint8Array): CloseCode | undefined {
    const offer = parseOffer(body);
    if (!offer.ok || stream <= this.#lastStream) return CLOSE_CODES.protocol;
    this.#lastStream = stream;
    this.#writer.open(stream);
    const { bodyBytes, ...offered } = offer.value;
    const answer = this.#isDraining ? { reject: 'paused' as const } : this.#options.agent.offer(offered);
    if ('reject' in answer) {
      this.#writer.control(RECORD_TYPES.reject, stream, encodeBody({ reason: answer.reject }));
      this.#writer.close(stream);
      this.#seqs.delete(stream);
      return undefined;
    }
    this.#writer.control(RECORD_TYPES.accept, stream);
    const job = new LinkJob({
      stream,
      bodyBytes,
      accepted: 'accept' in answer ? answer.accept : answer.acceptImage,
      writer: this.#writer,
      nowMs: () => this.#options.timers.nowMs(),
      onClosed: () => this.#onJobClosed(stream),
    });
    this.#jobs.set(stream, job);
    return undefined;
  }

  #onJobClosed(stream: number): void {
    this.#jobs.delete(stream);
    this.#seqs.delete(stream);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#jobs.size === 0 && (this.#isCut || !this.#writer.hasOpenStreams())) this.#onIdle?.();
  }

  #tick(): void {
    const nowMs = this.#options.timers.nowMs();
    if (nowMs - this.#lastInboundMs >= LINK_TIMES.nodeGivesUpMs) {
      this.lost();
      this.#options.socket.terminate();
      return;
    }
    if (!this.#isWelcomed) return;
    if (this.#isReportDue) this.#report();
    else if (nowMs - this.#lastStatusMs >= LINK_TIMES.statusMs)
      this.#status(this.#options.agent.capabilities());
  }

  #report(): void {
    if (!this.#isWelcomed || this.#isEnded) return;
    const capabilities = this.#options.agent.capabilities();
    const body = encodeBody(capabilities);
    const checked = parseCapabilities(body);
    if (!checked.ok) {
      this.#options.onBadCapabilities(checked.path);
      return;
    }
    this.#isReportDue = false;
    this.#lastCapabilitiesMs = this.#options.timers.nowMs();
    this.#writer.slicedControl(RECORD_TYPES.capabilities, 0, body);
    this.#status(capabilities);
  }

  #status(capabilities: Capabilities): void {
    this.#lastStatusMs = this.#options.timers.nowMs();
    const { text, image } = capabilities.slots;
    const isUp = capabilities.models.some((model) => model.loaded);
    const stateWithoutSlots = isUp ? 'paused' : 'engine-down';
    const report: NodeStatusReport = {
      state: text > 0 || (image ?? 0) > 0 ? 'ready' : stateWithoutSlots,
      textSlots: text,
      ...(image !== undefined && { imageSlots: image }),
    };
    this.#writer.control(RECORD_TYPES.status, 0, encodeBody(report));
  }

  /** At the end of this tick after a pause, so that a first part waits for nothing; packed while parts rush in. */
  #schedule(flush: () => void): void {
    const { timers } = this.#options;
    const run = (): void => {
      this.#lastFlushMs = timers.nowMs();
      flush();
      this.#checkIdle();
    };
    if (timers.nowMs() - this.#lastFlushMs >= PACK_MS) setImmediate(run);
    else timers.after(PACK_MS, run);
  }
}
