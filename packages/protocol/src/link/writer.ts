import { addCredit, createSendWindow, sendableBytes, spendCredit } from './flow.ts';
import type { SendWindow } from './flow.ts';
import { encodeMessage, RECORD_FLAGS, RECORD_TYPES } from './frame.ts';
import type { LinkRecord, RecordType } from './frame.ts';
import { LINK_LIMITS } from './limits.ts';

export type LinkWriterOptions = {
  /** Hands a message to the socket. `sent` must be called when it has left the process, or failed. */
  send(message: Uint8Array<ArrayBuffer>, sent: () => void): void;
  /** Bytes that the socket still holds. */
  bufferedBytes(): number;
  /** Runs the flush soon, once for all that is queued meanwhile. */
  schedule(flush: () => void): void;
  /** More control records wait than `controlQueueMaxBytes`: the far side reads nothing. */
  onOverflow(): void;
  /** Some DATA of the stream has left. */
  onSent?(stream: number): void;
};

type Entry = { type: RecordType; body: Uint8Array; sliceable: boolean };

type Outgoing = {
  stream: number;
  seq: number;
  window: SendWindow;
  queue: Entry[];
  queuedBytes: number;
  controlWaiting: number;
  isClosing: boolean;
};

type ControlEntry = { outgoing: Outgoing; type: RecordType; flags: number; body: Uint8Array };

const NO_BODY = new Uint8Array(0);
const HEADER_BYTES = LINK_LIMITS.recordHeaderBytes;

/**
 * The sending half of a link, the same on both sides. It packs what is waiting into messages: control records
 * first, then one record of each stream in turn, as far as credit and the socket's buffer allow. So a heartbeat or
 * a cancel never waits behind a picture, and a stream whose reader stalls holds back nobody else.
 *
 * Bounds: control records up to `controlQueueMaxBytes`; data is bounded by its callers, who watch `queuedBytes`.
 */
export class LinkWriter {
  readonly #options: LinkWriterOptions;
  readonly #connection = newOutgoing(0);
  readonly #connectionWindow = createSendWindow(LINK_LIMITS.connectionWindowBytes);
  readonly #streams = new Map<number, Outgoing>();
  /** Streams with something in their queue, the one whose turn is next first. */
  #turns: Outgoing[] = [];
  #control: ControlEntry[] = [];
  #controlBytes = 0;
  #isScheduled = false;
  #isStopped = false;

  constructor(options: LinkWriterOptions) {
    this.#options = options;
  }

  /** Starts the sequence and the window of a stream. */
  open(stream: number): void {
    if (this.#streams.has(stream)) throw new RangeError('the stream is open already');
    if (!this.#isStopped) this.#streams.set(stream, newOutgoing(stream));
  }

  /** Whether the stream is known still: something may be queued for it, or it was not ended yet. */
  isOpen(stream: number): boolean {
    return this.#streams.has(stream);
  }

  /** Whether anything may still have to leave for a job. */
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

  /** Sends what may be sent now. Called by itself after each change, through `schedule`. */
  flush(): void {
    this.#isScheduled = false;
    while (!this.#isStopped && this.#options.bufferedBytes() < LINK_LIMITS.socketBufferMaxBytes) {
      const records = this.#nextRecords();
      if (records.length === 0) return;
      this.#options.send(encodeMessage(records), () => {
        if (this.#control.length > 0 || this.#turns.length > 0) this.#changed();
      });
    }
  }

  /** The session is over: nothing is sent any more. */
  stop(): void {
    this.#isStopped = true;
    this.#control = [];
    this.#turns = [];
    this.#streams.clear();
  }

  #changed(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#options.schedule(() => this.flush());
  }

  #queueControl(entry: Omit<ControlEntry, 'outgoing'>, stream: number): void {
    const outgoing = stream === 0 ? this.#connection : this.#streams.get(stream);
    if (outgoing === undefined || this.#isStopped) return;
    outgoing.controlWaiting += 1;
    this.#control.push({ outgoing, ...entry });
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
    const spaceBytes = this.#takeControl(records);
    if (this.#control.length === 0) this.#takeData(records, spaceBytes);
    return records;
  }

  /** Gives back the space that is left in the message. */
  #takeControl(records: LinkRecord[]): number {
    let spaceBytes = LINK_LIMITS.messageMaxBytes;
    let taken = 0;
    for (const entry of this.#control) {
      const bytes = HEADER_BYTES + entry.body.byteLength;
      if (bytes > spaceBytes) break;
      spaceBytes -= bytes;
      this.#controlBytes -= bytes;
      taken += 1;
      entry.outgoing.controlWaiting -= 1;
      records.push(toRecord(entry.outgoing, entry));
      this.#forgetIfDone(entry.outgoing);
    }
    if (taken > 0) this.#control = this.#control.slice(taken);
    return spaceBytes;
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
    const allowed = isData ? Math.min(spaceBytes, sendableBytes(credit)) : spaceBytes;
    const bytes = entry.sliceable ? Math.min(allowed, entry.body.byteLength) : entry.body.byteLength;
    if (bytes > allowed || (isData && bytes === 0)) return undefined;
    if (isData) {
      spendCredit(outgoing.window, bytes);
      spendCredit(this.#connectionWindow, bytes);
    }
    const body = entry.body.subarray(0, bytes);
    outgoing.queuedBytes -= bytes;
    if (bytes === entry.body.byteLength) outgoing.queue.shift();
    else entry.body = entry.body.subarray(bytes);
    this.#forgetIfDone(outgoing);
    return toRecord(outgoing, { type: entry.type, flags: 0, body });
  }

  #forgetIfDone(outgoing: Outgoing): void {
    if (outgoing.isClosing && outgoing.controlWaiting === 0 && outgoing.queue.length === 0) {
      this.#streams.delete(outgoing.stream);
    }
  }
}

function newOutgoing(stream: number): Outgoing {
  return {
    stream,
    seq: 0,
    window: createSendWindow(LINK_LIMITS.streamWindowBytes),
    queue: [],
    queuedBytes: 0,
    controlWaiting: 0,
    isClosing: false,
  };
}

/** Numbers are given when a record leaves, so that control records may pass data. */
function toRecord(
  outgoing: Outgoing,
  entry: { type: RecordType; flags: number; body: Uint8Array },
): LinkRecord {
  outgoing.seq += 1;
  return {
    type: entry.type,
    flags: entry.flags,
    stream: outgoing.stream,
    seq: outgoing.seq,
    body: entry.body,
  };
}
