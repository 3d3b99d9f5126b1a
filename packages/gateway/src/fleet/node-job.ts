import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import {
  consumeBytes,
  createReceiveWindow,
  receiveBytes,
  takeGrant,
} from '@switchyard/protocol/link/flow.ts';
import { RECORD_TYPES } from '@switchyard/protocol/link/frame.ts';
import type { LinkRecord } from '@switchyard/protocol/link/frame.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import {
  encodeBody,
  encodeWindow,
  parseFail,
  parseReject,
  parseWindow,
} from '@switchyard/protocol/link/messages.ts';
import type { Offer } from '@switchyard/protocol/link/messages.ts';
import { createReceived, isAckDue, takeAck, takeSeq } from '@switchyard/protocol/link/replay.ts';
import type { StreamSeq } from '@switchyard/protocol/link/replay.ts';
import type { LinkWriter } from '@switchyard/protocol/link/writer.ts';
import type { Attempt, AttemptFault } from '../core/attempt.ts';
import { NOWHERE, type Rostered } from '../core/roster.ts';
import type { JobAnswer } from './job-answer.ts';
import { decideJobDue } from './job-rules.ts';
import type { JobPhase, JobView } from './job-rules.ts';
import { failFault, NODE_LOST, rejectFault, timeoutFault } from './node-faults.ts';

/** What a job needs of its session. */
export type JobHost = {
  writer: LinkWriter;
  nowMs(): number;
  /** The slot is free: the node said so, or never will. Called once per job. */
  onSlotFree(): void;
  /** The node has said its last word on the stream. Called once, after or together with `onSlotFree`. */
  onClosed(): void;
  /** How the attempt ended for its owner. `fault` is undefined when it finished or was cancelled. */
  onOutcome(outcome: JobOutcome): void;
};

export type JobOutcome = { end: 'finished' | 'cancelled' } | { end: 'failed'; fault: AttemptFault };

export type JobOptions = {
  stream: number;
  alias: string;
  offer: Offer;
  body: Uint8Array;
  firstPartBudgetMs: number;
  answer: JobAnswer;
  host: JobHost;
};

/**
 * One attempt at one node: a stream of the link seen from the gateway. It offers the request, gives what comes to its
 * `JobAnswer`, and holds its slot until the node has said that the work is over.
 *
 * Methods that take records give back a close code when the node broke the protocol. The session closes then and
 * calls `lost` on all its jobs. Bound: at most a stream window (256 KiB) of parts comes after `pause`.
 */
export class NodeJob implements Attempt, Rostered {
  readonly stream: number;
  readonly alias: string;
  rosterPlace = NOWHERE;
  readonly #host: JobHost;
  readonly #window = createReceiveWindow(LINK_LIMITS.streamWindowBytes);
  readonly #view: JobView;
  /** Undefined once its owner has heard the end of it, or wants to hear no more. */
  #answer: JobAnswer | undefined;
  #holdsSlot = true;
  readonly #received = createReceived();
  #resultBytes = 0;
  #textChars = 0;
  #firstPartAtMs = 0;

  constructor(options: JobOptions) {
    this.stream = options.stream;
    this.alias = options.alias;
    this.#host = options.host;
    this.#answer = options.answer;
    const nowMs = options.host.nowMs();
    this.#view = {
      phase: 'offered',
      isPaused: false,
      offeredAtMs: nowMs,
      acceptedAtMs: nowMs,
      lastSignAtMs: nowMs,
      cancelledAtMs: nowMs,
      heldSinceMs: undefined,
      firstPartBudgetMs: options.firstPartBudgetMs,
      deadlineMs: options.offer.deadlineMs,
    };
    const { writer } = options.host;
    writer.open(this.stream);
    writer.control(RECORD_TYPES.offer, this.stream, encodeBody(options.offer));
    writer.data(this.stream, options.body, true);
  }

  get phase(): JobPhase {
    return this.#view.phase;
  }

  get offeredAtMs(): number {
    return this.#view.offeredAtMs;
  }

  /**
   * Text characters received per second since the first part, for the node's measured speed. At least half of the whole
   * time counts: a node that keeps its answer back and sends it at once must not draw all jobs to itself.
   */
  charsPerSecond(): { chars: number; perSecond: number } {
    const nowMs = this.#host.nowMs();
    const wholeMs = nowMs - this.#view.acceptedAtMs;
    const seconds = Math.max(nowMs - this.#firstPartAtMs, wholeMs / 2, 1) / 1_000;
    return { chars: this.#textChars, perSecond: this.#textChars / seconds };
  }

  cancel(): void {
    if (this.#takeAnswer() === undefined) return;
    this.#stopNode();
    this.#host.onOutcome({ end: 'cancelled' });
  }

  pause(): void {
    this.#view.isPaused = true;
  }

  resume(): void {
    if (!this.#view.isPaused) return;
    this.#view.isPaused = false;
    this.#view.lastSignAtMs = this.#host.nowMs();
    this.#grant();
  }

  /** Takes the number of a record, whatever its type. False: one is missing or came twice. */
  takeSeq(record: LinkRecord): boolean {
    return takeSeq(this.#received, record);
  }

  isAckDue(): boolean {
    return isAckDue(this.#received);
  }

  /** What to acknowledge now: one number, or none. */
  takeAck(): StreamSeq[] {
    const seq = takeAck(this.#received);
    return seq === undefined ? [] : [{ stream: this.stream, seq }];
  }

  /** The node has lost its connection. */
  hold(): void {
    this.#view.heldSinceMs = this.#host.nowMs();
  }

  /** The node has another connection. Gives what was received. */
  goOn(): StreamSeq {
    this.#view.heldSinceMs = undefined;
    takeAck(this.#received);
    return { stream: this.stream, seq: this.#received.lastSeq };
  }

  /** Takes a record of a known job type or WINDOW. */
  onRecord(record: LinkRecord): CloseCode | undefined {
    switch (record.type) {
      case RECORD_TYPES.data:
        return this.#onData(record.body);
      case RECORD_TYPES.alive:
        return this.#onAlive();
      case RECORD_TYPES.window:
        return this.#onWindow(record.body);
      case RECORD_TYPES.accept:
        return this.#onAccept();
      case RECORD_TYPES.reject:
        return this.#onReject(record.body);
      case RECORD_TYPES.finish:
        return this.#onFinish(record.body);
      case RECORD_TYPES.progress:
        return this.#onProgress(record.body);
      case RECORD_TYPES.fail:
        return this.#onFail(record.body);
      case RECORD_TYPES.cancelled:
        return this.#onCancelled();
      default:
        return CLOSE_CODES.protocol;
    }
  }

  /** Hands on the parts of one message, at its end or before the record that ends the job. */
  flushParts(): void {
    this.#answer?.flush();
  }

  /** Looks at the timeouts. */
  tick(nowMs: number): void {
    const due = decideJobDue(this.#view, nowMs);
    if (due === 'none') return;
    if (due === 'stuck') {
      this.#view.phase = 'stuck';
      this.#freeSlot();
      return;
    }
    const answer = this.#takeAnswer();
    this.#stopNode();
    this.#failed(answer, due === 'lost' ? NODE_LOST : timeoutFault(due));
  }

  /** The session is over. */
  lost(): void {
    if (this.#view.phase === 'closed') return;
    const answer = this.#takeAnswer();
    this.#closed();
    this.#failed(answer, NODE_LOST);
  }

  #onData(body: Uint8Array): CloseCode | undefined {
    if (!receiveBytes(this.#window, body.byteLength)) return CLOSE_CODES.tooBig;
    this.#resultBytes += body.byteLength;
    if (this.#resultBytes > LINK_LIMITS.resultMaxBytes) return CLOSE_CODES.tooBig;
    consumeBytes(this.#window, body.byteLength);
    const view = this.#view;
    if (view.phase === 'cancelling' || view.phase === 'stuck') return undefined;
    if (view.phase !== 'waiting' && view.phase !== 'streaming') return CLOSE_CODES.protocol;
    if (this.#answer?.data(body) !== true) return CLOSE_CODES.protocol;
    this.#noteFirstPart();
    if (!view.isPaused) this.#grant();
    return undefined;
  }

  #onProgress(body: Uint8Array): CloseCode | undefined {
    const { phase } = this.#view;
    if (phase === 'cancelling' || phase === 'stuck') return undefined;
    if (phase !== 'waiting' && phase !== 'streaming') return CLOSE_CODES.protocol;
    if (this.#answer?.progress(body) !== true) return CLOSE_CODES.protocol;
    this.#noteFirstPart();
    return undefined;
  }

  #noteFirstPart(): void {
    const view = this.#view;
    view.lastSignAtMs = this.#host.nowMs();
    if (view.phase !== 'waiting') return;
    view.phase = 'streaming';
    this.#firstPartAtMs = view.lastSignAtMs;
  }

  #onAlive(): CloseCode | undefined {
    const view = this.#view;
    if (view.phase === 'offered') return CLOSE_CODES.protocol;
    if (view.phase !== 'waiting' && view.phase !== 'streaming') return undefined;
    view.lastSignAtMs = this.#host.nowMs();
    this.#answer?.alive();
    return undefined;
  }

  #onWindow(body: Uint8Array): CloseCode | undefined {
    const addBytes = parseWindow(body);
    if (addBytes === undefined) return CLOSE_CODES.protocol;
    return this.#host.writer.grant(this.stream, addBytes) ? undefined : CLOSE_CODES.protocol;
  }

  #onAccept(): CloseCode | undefined {
    const view = this.#view;
    if (view.phase === 'cancelling' || view.phase === 'stuck') return undefined;
    if (view.phase !== 'offered') return CLOSE_CODES.protocol;
    view.phase = 'waiting';
    view.acceptedAtMs = this.#host.nowMs();
    view.lastSignAtMs = view.acceptedAtMs;
    return undefined;
  }

  #onReject(body: Uint8Array): CloseCode | undefined {
    const reject = parseReject(body);
    if (!reject.ok || this.#view.phase === 'waiting' || this.#view.phase === 'streaming')
      return CLOSE_CODES.protocol;
    this.#endedByNode(rejectFault(reject.value.reason));
    return undefined;
  }

  #onFinish(body: Uint8Array): CloseCode | undefined {
    const end = this.#answer?.finish(body) ?? 'whole';
    if (end === 'breach') return CLOSE_CODES.protocol;
    this.#endedByNode(end === 'whole' ? undefined : end);
    return undefined;
  }

  #onFail(body: Uint8Array): CloseCode | undefined {
    const fail = parseFail(body);
    if (!fail.ok) return CLOSE_CODES.protocol;
    this.#endedByNode(failFault(fail.value.code));
    return undefined;
  }

  #onCancelled(): CloseCode | undefined {
    if (this.#view.phase !== 'cancelling' && this.#view.phase !== 'stuck') return CLOSE_CODES.protocol;
    this.#closed();
    return undefined;
  }

  /** The node's last word. The slot is freed before the sink hears of it, so that a retry may use it at once. */
  #endedByNode(fault?: AttemptFault): void {
    this.flushParts();
    const answer = this.#takeAnswer();
    this.#closed();
    if (fault !== undefined) {
      this.#failed(answer, fault);
    } else if (answer?.look === undefined) {
      this.#finished(answer);
    } else {
      void answer.look().then((found) => {
        if (found === undefined) this.#finished(answer);
        else this.#failed(answer, found);
      });
    }
  }

  #finished(answer: JobAnswer | undefined): void {
    if (answer === undefined) return;
    this.#host.onOutcome({ end: 'finished' });
    answer.end();
  }

  #failed(answer: JobAnswer | undefined, fault: AttemptFault): void {
    if (answer === undefined) return;
    this.#host.onOutcome({ end: 'failed', fault });
    answer.fault(fault);
  }

  #takeAnswer(): JobAnswer | undefined {
    const answer = this.#answer;
    if (answer === undefined) return undefined;
    this.#answer = undefined;
    this.#textChars = answer.textChars();
    answer.drop();
    return answer;
  }

  /** Tells the node to stop, and sends nothing more on the stream. Its late parts are thrown away under credit. */
  #stopNode(): void {
    this.#view.phase = 'cancelling';
    this.#view.cancelledAtMs = this.#host.nowMs();
    const { writer } = this.#host;
    writer.dropData(this.stream);
    writer.control(RECORD_TYPES.cancel, this.stream);
    writer.close(this.stream);
  }

  #grant(): void {
    const addBytes = takeGrant(this.#window);
    if (addBytes > 0) this.#host.writer.control(RECORD_TYPES.window, this.stream, encodeWindow(addBytes));
  }

  #closed(): void {
    this.#view.phase = 'closed';
    this.#host.writer.forget(this.stream);
    this.#freeSlot();
    this.#host.onClosed();
  }

  #freeSlot(): void {
    if (!this.#holdsSlot) return;
    this.#holdsSlot = false;
    this.#host.onSlotFree();
  }
}
