import { addCredit, createSendWindow, sendableBytes, spendCredit } from './flow.ts';
import { encodeMessage, RECORD_FLAGS, RECORD_TYPES } from './frame.ts';
import type { LinkRecord, RecordType } from './frame.ts';
import { LINK_LIMITS } from './limits.ts';
import { createOutgoing, isDone, numbered, unackedSpaceBytes } from './outgoing.ts';
import type { ControlEntry, Entry, Outgoing } from './outgoing.ts';
import { acknowledge, unreceived } from './replay.ts';
import type { StreamSeq } from './replay.ts';

/** A connection as the writer uses it. */
export type WriterLine = {
  /** Hands a message to the socket. `sent` must be called when it has left the process, or failed. */
  send(message: Uint8Array<ArrayBuffer>, sent: () => void): void;
  /** Bytes that the socket still holds. */
  bufferedBytes(): number;
};

export type LinkWriterOptions = {
  /** Runs the flush soon, once for all that is queued meanwhile. */
  schedule(flush: () => void): void;
  /** More control records wait than `controlQueueMaxBytes`: the far side reads nothing. */
  onOverflow(): void;
  /** Some DATA of the stream has left. */
  onSent?(stream: number): void;
};

export type AttachOptions = {
  /** Records that were sent on stream 0 of this connection without the writer. */
  sentRecords: number;
  /** What leaves on streams that are opened from now on is kept for a resume. */
  keepsUnacknowledged: boolean;
};

const NO_BODY = new Uint8Array(0);
const HEADER_BYTES = LINK_LIMITS.recordHeaderBytes;

/**
 * The sending half of a link, the same on both sides. It packs what is waiting into messages: control records
 * first, then one record of each stream in turn, as far as credit and the socket's buffer allow. So a heartbeat or
 * a cancel never waits behind a picture, and a stream whose reader stalls holds back nobody else.
 *
 * Its streams may outlive the connection: `detach` stops all sending, `attach` gives it another one, and `replay` sends
 * again what the far side did not get, before anything new of any stream.
 *
 * Bounds: control records up to `controlQueueMaxBytes`; `unackedMaxBytes` of what has left per stream; waiting data is
 * bounded by its callers, who watch `queuedBytes`.
 */
export class LinkWriter {
  readonly #options: LinkWriterOptions;
  #line: WriterLine | undefined;
  #keepsUnacknowledged = false;
  #connection = createOutgoing(0, false);
  #connectionWindow = createSendWindow(LINK_LIMITS.connectionWindowBytes);
  readonly #streams = new Map<number, Outgoing>();
  /** Streams with something in their queue, the one whose turn is next first. */
  #turns: Outgoing[] = [];
  /** Of the connection itself. They do not outlive it. */
  #connectionControl: ControlEntry[] = [];
  #streamControl: ControlEntry[] = [];
  #controlBytes = 0;
  /** Sent before, over a connection that was lost; those before `#replayAt` have left again. */
  #replay: LinkRecord[] = [];
  #replayAt = 0;
  #isScheduled = false;
  #isStopped = false;

  constructor(options: LinkWriterOptions) {
    this.#options = options;
  }

  /** Sends over this connection from now on, with a fresh connection window. */
  attach(line: WriterLine, options: AttachOptions): void {
    this.detach();
    this.#line = line;
    this.#keepsUnacknowledged = options.keepsUnacknowledged;
    this.#connection.seq = options.sentRecords;
    if (this.#hasWaiting()) this.#changed();
  }

  /** The connection is gone. What streams still have to say waits for the next one. */
  detach(): void {
    this.#line = undefined;
    for (const { body } of this.#connectionControl) this.#controlBytes -= HEADER_BYTES + body.byteLength;
    this.#connectionControl = [];
    this.#connection = createOutgoing(0, false);
    this.#connectionWindow = createSendWindow(LINK_LIMITS.connectionWindowBytes);
    this.#clearReplay();
  }

  get isAttached(): boolean {
    return this.#line !== undefined;
  }

  /**
   * Queues again what the far side lacks on each stream; a stream that it does not name it knows nothing of. False: it
   * cannot have received what it says.
   */
  replay(received: readonly StreamSeq[]): boolean {
    const lastSeqs = new Map(received.map(({ stream, seq }) => [stream, seq]));
    for (const [stream, { sent }] of this.#streams) {
      const records = sent === undefined ? [] : unreceived(sent, lastSeqs.get(stream) ?? 0);
      if (records === undefined) return false;
      for (const record of records) this.#replay.push(record);
    }
    this.#changed();
    return true;
  }

  /** Takes an ACK. False: so much was never sent. Unknown streams are fine, they have just ended. */
  acknowledge({ stream, seq }: StreamSeq): boolean {
    const outgoing = this.#streams.get(stream);
    if (outgoing?.sent === undefined) return true;
    if (!acknowledge(outgoing.sent, seq)) return false;
    this.#forgetIfDone(outgoing);
    if (this.#turns.length > 0) this.#changed();
    return true;
  }

  /** Starts the sequence and the window of a stream. */
  open(stream: number): void {
    if (this.#streams.has(stream)) throw new RangeError('the stream is open already');
    if (!this.#isStopped) this.#streams.set(stream, createOutgoing(stream, this.#keepsUnacknowledged));
  }

  /** Whether data of the stream, or its last record behind them, waits: for credit, or for the next message. */
  hasDataWaiting(stream: number): boolean {
    return (this.#streams.get(stream)?.queue.length ?? 0) > 0;
  }

  /** Whether anything of the stream may still have to leave, or to leave again. */
  knows(stream: number): boolean {
    return this.#streams.has(stream);
  }

  /** The same of any stream. */
  hasOpenStreams(): boolean {
    return this.#streams.size > 0;
  }

  /** Queues a record that goes before all data. The body must fit into one record. */
  control(type: RecordType, stream: number, body: Uint8Array = NO_BODY): void {
    this.#queueControl({ type, flags: RECORD_FLAGS.end, body }, stream);
  }

  /** The same for a record that the other side may leave unread when it does not know the type. */
  optional(type: RecordType, stream: number, body: Uint8Array): void {
    this.#queueControl({ type, flags: RECORD_FLAGS.end | RECORD_FLAGS.optional, body }, stream);
  }

  /** Queues a control body of any length as slices, the last with the END flag. */
  slicedControl(type: RecordType, stream: number, body: Uint8Array): void {
    const step = LINK_LIMITS.recordBodyMaxBytes;
    let at = 0;
    do {
      const isLast = at + step >= body.byteLength;
      this.#queueControl(
        { type, flags: isLast ? RECORD_FLAGS.end : 0, body: body.subarray(at, at + step) },
        stream,
      );
      at += step;
    } while (at < body.byteLength);
  }

  /** Queues DATA. `sliceable` bodies may be cut anywhere to use up credit; others wait until they fit as a whole. */
  data(stream: number, body: Uint8Array, sliceable: boolean): void {
    if (body.byteLength > 0) this.#queueEntry(stream, { type: RECORD_TYPES.data, body, sliceable });
  }

  /** Queues the last record of a stream behind its data. The stream is forgotten when it has left. */
  end(stream: number, type: RecordType, body: Uint8Array = NO_BODY): void {
    this.#queueEntry(stream, { type, body, sliceable: false });
    this.close(stream);
  }

  /** Throws away a stream's waiting data; control records still leave. */
  dropData(stream: number): void {
    const outgoing = this.#streams.get(stream);
    if (outgoing === undefined) return;
    outgoing.queue = [];
    outgoing.queuedBytes = 0;
    this.#turns = this.#turns.filter((candidate) => candidate !== outgoing);
  }

  /** Forgets a stream as soon as what is queued for it has left. */
  close(stream: number): void {
    const outgoing = this.#streams.get(stream);
    if (outgoing === undefined) return;
    outgoing.isClosing = true;
    this.#forgetIfDone(outgoing);
  }

  /** Forgets a stream at once: the far side has said its last word on it. Control records still leave. */
  forget(stream: number): void {
    this.dropData(stream);
    this.#streams.delete(stream);
    if (this.#replay.length === 0) return;
    const rest = this.#replay.slice(this.#replayAt);
    this.#clearReplay();
    for (const record of rest) if (record.stream !== stream) this.#replay.push(record);
  }

  /** Takes a WINDOW record. False: more than was ever sent. Unknown streams are fine, they have just ended. */
  grant(stream: number, addBytes: number): boolean {
    const window = stream === 0 ? this.#connectionWindow : this.#streams.get(stream)?.window;
    if (window === undefined) return true;
    if (!addCredit(window, addBytes)) return false;
    if (this.#turns.length > 0) this.#changed();
    return true;
  }

  /** Bytes of DATA that wait on a stream, for credit or for the socket. */
  queuedBytes(stream: number): number {
    return this.#streams.get(stream)?.queuedBytes ?? 0;
  }

  /** The same, and what has left and is not acknowledged. */
  keptBytes(stream: number): number {
    const outgoing = this.#streams.get(stream);
    return outgoing === undefined ? 0 : outgoing.queuedBytes + (outgoing.sent?.bytes ?? 0);
  }

  /** Sends what may be sent now. Called by itself after each change, through `schedule`. */
  flush(): void {
    this.#isScheduled = false;
    for (;;) {
      const line = this.#line;
      if (line === undefined || line.bufferedBytes() >= LINK_LIMITS.socketBufferMaxBytes) return;
      const records = this.#nextRecords();
      if (records.length === 0) return;
      line.send(encodeMessage(records), () => {
        if (this.#hasWaiting()) this.#changed();
      });
    }
  }

  /** The session is over: nothing is sent any more. */
  stop(): void {
    this.#isStopped = true;
    this.detach();
    this.#streamControl = [];
    this.#turns = [];
    this.#streams.clear();
  }

  #hasWaiting(): boolean {
    const control = this.#connectionControl.length + this.#streamControl.length;
    return control + this.#replay.length + this.#turns.length > 0;
  }

  #changed(): void {
    if (this.#isScheduled || this.#line === undefined) return;
    this.#isScheduled = true;
    this.#options.schedule(() => this.flush());
  }

  #queueControl(entry: Omit<ControlEntry, 'outgoing'>, stream: number): void {
    const outgoing = stream === 0 ? this.#connection : this.#streams.get(stream);
    if (outgoing === undefined || this.#isStopped) return;
    if (stream === 0 && this.#line === undefined) return;
    outgoing.controlWaiting += 1;
    const control = stream === 0 ? this.#connectionControl : this.#streamControl;
    control.push({ outgoing, ...entry });
    this.#controlBytes += HEADER_BYTES + entry.body.byteLength;
    if (this.#controlBytes > LINK_LIMITS.controlQueueMaxBytes) {
      this.stop();
      this.#options.onOverflow();
      return;
    }
    this.#changed();
  }

  #queueEntry(stream: number, entry: Entry): void {
    const outgoing = this.#streams.get(stream);
    if (outgoing === undefined || outgoing.isClosing) return;
    if (outgoing.queue.length === 0) this.#turns.push(outgoing);
    outgoing.queue.push(entry);
    outgoing.queuedBytes += entry.body.byteLength;
    this.#changed();
  }

  /** Takes the records of the next message off the queues. */
  #nextRecords(): LinkRecord[] {
    const records: LinkRecord[] = [];
    let spaceBytes = this.#takeControl(this.#connectionControl, records, LINK_LIMITS.messageMaxBytes);
    if (this.#connectionControl.length > 0) return records;
    if (this.#replay.length > 0) spaceBytes = this.#takeReplay(records, spaceBytes);
    if (this.#replay.length > 0) return records;
    spaceBytes = this.#takeControl(this.#streamControl, records, spaceBytes);
    if (this.#streamControl.length === 0) this.#takeData(records, spaceBytes);
    return records;
  }

  /** Takes what fits into the message off a queue. Gives back the space that is left. */
  #takeControl(queue: ControlEntry[], records: LinkRecord[], spaceBytes: number): number {
    let left = spaceBytes;
    let taken = 0;
    for (const entry of queue) {
      const bytes = HEADER_BYTES + entry.body.byteLength;
      if (bytes > left) break;
      left -= bytes;
      this.#controlBytes -= bytes;
      taken += 1;
      entry.outgoing.controlWaiting -= 1;
      records.push(numbered(entry.outgoing, entry));
      this.#forgetIfDone(entry.outgoing);
    }
    if (taken > 0) queue.splice(0, taken);
    return left;
  }

  /** As much of the replay as the message and the connection's credit take. Its streams have paid before. */
  #takeReplay(records: LinkRecord[], spaceBytes: number): number {
    let left = spaceBytes;
    for (; this.#replayAt < this.#replay.length; this.#replayAt += 1) {
      const record = this.#replay[this.#replayAt];
      if (record === undefined) break;
      const bytes = record.body.byteLength;
      const isData = record.type === RECORD_TYPES.data;
      if (HEADER_BYTES + bytes > left || (isData && bytes > this.#connectionWindow.creditBytes)) break;
      if (isData) spendCredit(this.#connectionWindow, bytes);
      left -= HEADER_BYTES + bytes;
      records.push(record);
    }
    if (this.#replayAt === this.#replay.length) this.#clearReplay();
    return left;
  }

  #clearReplay(): void {
    this.#replay = [];
    this.#replayAt = 0;
  }

  /** One record of each stream in turn, round after round, until the message is full or nobody has credit. */
  #takeData(records: LinkRecord[], spaceBytes: number): void {
    let left = spaceBytes;
    const sentOn = new Set<number>();
    const stuck: Outgoing[] = [];
    let waiting = this.#turns;
    while (waiting.length > 0) {
      const again: Outgoing[] = [];
      for (const outgoing of waiting) {
        const record = this.#takeEntry(outgoing, left - HEADER_BYTES);
        if (record === undefined) {
          stuck.push(outgoing);
          continue;
        }
        left -= HEADER_BYTES + record.body.byteLength;
        records.push(record);
        sentOn.add(outgoing.stream);
        if (outgoing.queue.length > 0) again.push(outgoing);
      }
      waiting = again;
    }
    this.#turns = stuck;
    if (this.#options.onSent !== undefined) for (const stream of sentOn) this.#options.onSent(stream);
  }

  /** The next record of a stream, if it fits into `spaceBytes` and the credit. */
  #takeEntry(outgoing: Outgoing, spaceBytes: number): LinkRecord | undefined {
    const entry = outgoing.queue[0];
    if (entry === undefined || spaceBytes < 0) return undefined;
    const isData = entry.type === RECORD_TYPES.data;
    const credit = { stream: outgoing.window, connection: this.#connectionWindow };
    const dataBytes = Math.min(sendableBytes(credit), unackedSpaceBytes(outgoing) - HEADER_BYTES);
    const allowed = isData ? Math.min(spaceBytes, dataBytes) : spaceBytes;
    const bytes = entry.sliceable ? Math.min(allowed, entry.body.byteLength) : entry.body.byteLength;
    if (bytes > allowed || (isData && bytes <= 0)) return undefined;
    if (isData) {
      spendCredit(outgoing.window, bytes);
      spendCredit(this.#connectionWindow, bytes);
    }
    const body = entry.body.subarray(0, bytes);
    outgoing.queuedBytes -= bytes;
    if (bytes === entry.body.byteLength) outgoing.queue.shift();
    else entry.body = entry.body.subarray(bytes);
    const record = numbered(outgoing, { type: entry.type, flags: 0, body });
    this.#forgetIfDone(outgoing);
    return record;
  }

  #forgetIfDone(outgoing: Outgoing): void {
    if (isDone(outgoing)) this.#streams.delete(outgoing.stream);
  }
}
