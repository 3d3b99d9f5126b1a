import { parseCapabilities } from '@switchyard/protocol/link/capabilities.ts';
import type { Capabilities, NodeStatusReport } from '@switchyard/protocol/link/capabilities.ts';
import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import type { LinkRecord } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS, LINK_TIMES } from '@switchyard/protocol/link/limits.ts';
import { encodeBody, encodeStreamSeqs, parseOffer, parseWindow } from '@switchyard/protocol/link/messages.ts';
import type { Welcome } from '@switchyard/protocol/link/messages.ts';
import {
  createReceived,
  isAckDue,
  RESUME_FEATURE,
  takeAck,
  takeSeq,
} from '@switchyard/protocol/link/replay.ts';
import type { Received, StreamSeq } from '@switchyard/protocol/link/replay.ts';
import { LinkWriter } from '@switchyard/protocol/link/writer.ts';
import type { Timer, Timers } from '../timers.ts';
import { LinkJob } from './link-job.ts';
import type { LinkLine } from './link-line.ts';
import type { LinkAgent } from './types.ts';

export type LinkSessionOptions = {
  agent: LinkAgent;
  timers: Timers;
  /** The agent's own report is not valid: no connection can help. */
  onBadCapabilities(path: string): void;
};

const TICK_MS = 1_000;
/** Records of one or more streams that come within this time leave in one message. */
const PACK_MS = 2;

/**
 * What a node does for a gateway: its report and its jobs. It begins with the first connection and ends with the last
 * one: when a connection breaks under running jobs, their engines work on and the session waits for the next one.
 */
export class LinkSession {
  readonly writer: LinkWriter;
  readonly #options: LinkSessionOptions;
  readonly #jobs = new Map<number, LinkJob>();
  /** Of all streams that may still be heard of; the writer may hold the end of those whose job is over. */
  readonly #received = new Map<number, Received>();
  readonly #ticker: Timer;
  #sessionId: string | undefined;
  #line: LinkLine | undefined;
  #isResumable = false;
  #heldUntil: Timer | undefined;
  #isAckDue = false;
  #lastStream = 0;
  #isEnded = false;
  /** When running jobs are given up, since this node takes no new ones. */
  #drainsUntilMs: number | undefined;
  /** The grace of a drain is over: unread answers are given up. */
  #isCut = false;
  #onIdle: (() => void) | undefined;
  #lastFlushMs = -Infinity;
  #lastStatusMs = 0;
  #lastCapabilitiesMs = 0;
  #isReportDue = false;

  constructor(options: LinkSessionOptions) {
    this.#options = options;
    this.writer = new LinkWriter({
      schedule: (flush) => this.#schedule(flush),
      onOverflow: () => this.#line?.end(CLOSE_CODES.tooMany, 'nothing is read'),
      onSent: (stream) => this.#jobs.get(stream)?.onSent(),
    });
    this.#ticker = options.timers.every(TICK_MS, () => this.#tick());
  }

  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** Whether the gateway waits for its jobs when the connection breaks. */
  get isWaitedFor(): boolean {
    return this.#isResumable && this.writer.hasOpenStreams() && !this.#isEnded;
  }

  // ---- the line

  /** Begins on its first line. */
  start(line: LinkLine, welcome: Welcome): void {
    this.#sessionId = welcome.sessionId;
    this.#isResumable = welcome.features.includes(RESUME_FEATURE);
    this.#take(line);
    this.#report();
  }

  /**
   * What a gateway has to know to go on: the last number received on each stream. Undefined when there are too many
   * streams to name.
   */
  received(): StreamSeq[] | undefined {
    if (this.#received.size > LINK_LIMITS.streamSeqsMax) return undefined;
    return [...this.#received].map(([stream, { lastSeq }]) => ({ stream, seq: lastSeq }));
  }

  /**
   * Goes on over another line: gives up the jobs that the gateway has ended meanwhile, and sends again what it lacks of
   * the others. False: it cannot have received what it says.
   */
  resume(line: LinkLine, received: readonly StreamSeq[]): boolean {
    this.#heldUntil?.cancel();
    const theirs = new Set(received.map(({ stream }) => stream));
    for (const stream of this.#received.keys()) if (!theirs.has(stream)) this.#drop(stream);
    this.#take(line);
    if (!this.writer.replay(received)) return false;
    const leftMs = (this.#drainsUntilMs ?? 0) - this.#options.timers.nowMs();
    if (this.#drainsUntilMs !== undefined) this.#sayDrain(Math.max(leftMs, 0));
    this.#report();
    this.#checkIdle();
    return true;
  }

  /**
   * The line broke. True: the jobs go on and wait for another one, but not for ever. Also without any job: an offer may
   * have been under way.
   */
  hold(onGivenUp: () => void): boolean {
    if (!this.#isResumable || this.#isEnded) {
      this.end();
      return false;
    }
    this.#line = undefined;
    this.writer.detach();
    this.#heldUntil ??= this.#options.timers.after(LINK_TIMES.nodeHoldsMs, () => {
      this.end();
      onGivenUp();
    });
    return true;
  }

  /** Cancels all jobs. The line is gone, or somebody else closes it. */
  end(): void {
    if (this.#isEnded) return;
    this.writer.flush();
    this.#isEnded = true;
    this.#line = undefined;
    this.#ticker.cancel();
    this.#heldUntil?.cancel();
    this.writer.stop();
    for (const job of this.#jobs.values()) job.lost();
    this.#onIdle?.();
  }

  #take(line: LinkLine): void {
    this.#line = line;
    this.#heldUntil = undefined;
    this.writer.attach(line.socket, {
      sentRecords: line.sentRecords,
      keepsUnacknowledged: this.#isResumable,
    });
  }

  // ---- what comes

  /** Takes the number of a stream's record. What comes late on streams that nobody waits for is not counted. */
  takeSeq(record: LinkRecord): boolean {
    const { stream } = record;
    let received = this.#received.get(stream);
    if (received === undefined) {
      if (stream <= this.#lastStream) return true;
      this.#received.set(stream, (received = createReceived()));
    }
    if (!takeSeq(received, record)) return false;
    this.#isAckDue ||= isAckDue(received);
    return true;
  }

  /** Takes a record of a job's stream. A close code: the gateway broke the protocol. */
  onRecord(record: LinkRecord): CloseCode | undefined {
    const { type, stream, body } = record;
    if (type === RECORD_TYPES.offer) return this.#onOffer(stream, body);
    if (stream > this.#lastStream) return CLOSE_CODES.protocol;
    const job = this.#jobs.get(stream);
    switch (type) {
      case RECORD_TYPES.window: {
        const addBytes = parseWindow(body);
        const isSound = addBytes !== undefined && this.writer.grant(stream, addBytes);
        return isSound ? undefined : CLOSE_CODES.protocol;
      }
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

  onMessageRead(): void {
    if (this.#isAckDue) this.#acknowledge();
  }

  /** False: so much was never sent. */
  onAcks(acks: readonly StreamSeq[]): boolean {
    if (!acks.every((ack) => this.writer.acknowledge(ack))) return false;
    for (const { stream } of acks) this.#forgetIfOver(stream);
    this.#checkIdle();
    return true;
  }

  /** The job has ended here, but its last parts still wait for credit that will never come. A rejected one has none. */
  #cancelQueued(stream: number): void {
    if (!this.writer.hasDataWaiting(stream)) return;
    this.writer.control(RECORD_TYPES.cancelled, stream);
    this.writer.dropData(stream);
  }

  #onOffer(stream: number, body: Uint8Array): CloseCode | undefined {
    const offer = parseOffer(body);
    if (!offer.ok || stream <= this.#lastStream) return CLOSE_CODES.protocol;
    this.#lastStream = stream;
    this.writer.open(stream);
    const { bodyBytes, ...offered } = offer.value;
    const answer =
      this.#drainsUntilMs === undefined ? this.#options.agent.offer(offered) : { reject: 'paused' as const };
    if ('reject' in answer) {
      this.writer.control(RECORD_TYPES.reject, stream, encodeBody({ reason: answer.reject }));
      this.writer.close(stream);
      if (!this.#isResumable) this.#received.delete(stream);
      return undefined;
    }
    this.writer.control(RECORD_TYPES.accept, stream);
    const job = new LinkJob({
      stream,
      bodyBytes,
      accepted: 'accept' in answer ? answer.accept : answer.acceptImage,
      writer: this.writer,
      nowMs: () => this.#options.timers.nowMs(),
      onClosed: () => this.#onJobClosed(stream),
    });
    this.#jobs.set(stream, job);
    return undefined;
  }

  #onJobClosed(stream: number): void {
    this.#jobs.delete(stream);
    if (!this.#isResumable) this.#received.delete(stream);
    this.#checkIdle();
  }

  /** The gateway has the last record of the stream. */
  #forgetIfOver(stream: number): void {
    if (!this.#jobs.has(stream) && !this.writer.knows(stream)) this.#received.delete(stream);
  }

  /** The gateway has ended the stream while there was no connection. */
  #drop(stream: number): void {
    this.#jobs.get(stream)?.lost();
    this.writer.forget(stream);
    this.#received.delete(stream);
  }

  // ---- what the node says by itself

  /** Sends the capabilities anew, at most once a second. */
  capabilitiesChanged(): void {
    this.#isReportDue = true;
    if (this.#options.timers.nowMs() - this.#lastCapabilitiesMs >= LINK_TIMES.capabilitiesMinMs)
      this.#report();
  }

  /** Takes no more offers; resolves when the running jobs have ended, were cancelled after `graceMs`, or are lost. */
  drain(graceMs: number): Promise<void> {
    this.#drainsUntilMs = this.#options.timers.nowMs() + graceMs;
    this.#sayDrain(graceMs);
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

  #sayDrain(graceMs: number): void {
    this.writer.control(RECORD_TYPES.drain, 0, encodeBody({ graceMs: Math.floor(graceMs) }));
  }

  #checkIdle(): void {
    if (this.#jobs.size === 0 && (this.#isCut || !this.writer.hasOpenStreams())) this.#onIdle?.();
  }

  #tick(): void {
    if (this.#line === undefined) return;
    this.#acknowledge();
    if (this.#isReportDue) this.#report();
    else if (this.#options.timers.nowMs() - this.#lastStatusMs >= LINK_TIMES.statusMs)
      this.#status(this.#options.agent.capabilities());
  }

  #acknowledge(): void {
    this.#isAckDue = false;
    if (!this.#isResumable) return;
    const acks: StreamSeq[] = [];
    for (const [stream, received] of this.#received) {
      if (acks.length === LINK_LIMITS.streamSeqsMax) break;
      const seq = takeAck(received);
      if (seq !== undefined) acks.push({ stream, seq });
    }
    if (acks.length > 0) this.writer.control(RECORD_TYPES.ack, 0, encodeStreamSeqs(acks));
  }

  #report(): void {
    if (this.#line === undefined) return;
    const capabilities = this.#options.agent.capabilities();
    const body = encodeBody(capabilities);
    const checked = parseCapabilities(body);
    if (!checked.ok) {
      this.#options.onBadCapabilities(checked.path);
      return;
    }
    this.#isReportDue = false;
    this.#lastCapabilitiesMs = this.#options.timers.nowMs();
    this.writer.slicedControl(RECORD_TYPES.capabilities, 0, body);
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
    this.writer.control(RECORD_TYPES.status, 0, encodeBody(report));
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
