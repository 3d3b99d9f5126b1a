import type { LinkRecord } from './frame.ts';
import { LINK_LIMITS } from './limits.ts';

/**
 * What a stream needs to go on over another connection (feature `resume1`), as plain state without timers or sockets.
 * The sender keeps each record until the receiver has acknowledged its number (`SentLog`); the receiver counts
 * (`Received`). After a loss each side tells the other its last number, and what came after it is sent again, with
 * the numbers it had. So a record is taken exactly once, wherever the connection was cut.
 */
export const RESUME_FEATURE = 'resume1';

/** A stream and the last number that was received on it. */
export type StreamSeq = { stream: number; seq: number };

/** Records that have left and are not acknowledged, oldest first; those before `from` are acknowledged. */
export type SentLog = { records: LinkRecord[]; from: number; ackedSeq: number; bytes: number };

export type Received = { lastSeq: number; ackedSeq: number; unackedBytes: number };

export function createSentLog(): SentLog {
  return { records: [], from: 0, ackedSeq: 0, bytes: 0 };
}

/** Notes a record that leaves. Numbers must follow each other. */
export function logSent(log: SentLog, record: LinkRecord): void {
  if (record.seq !== lastSentSeq(log) + 1) throw new RangeError('a number was left out');
  log.records.push(record);
  log.bytes += recordBytes(record);
}

/** Lets go of all up to `seq`; an old number changes nothing. False: so much was never sent. */
export function acknowledge(log: SentLog, seq: number): boolean {
  if (seq > lastSentSeq(log)) return false;
  while (log.ackedSeq < seq) {
    const record = log.records[log.from];
    if (record !== undefined) log.bytes -= recordBytes(record);
    log.from += 1;
    log.ackedSeq += 1;
  }
  if (log.from * 2 >= log.records.length) {
    log.records = log.records.slice(log.from);
    log.from = 0;
  }
  return true;
}

/**
 * What a receiver that has all up to `seq` still needs, in order. It stays in the log. Undefined: the receiver takes an
 * acknowledgement back, or has more than was sent.
 */
export function unreceived(log: SentLog, seq: number): LinkRecord[] | undefined {
  if (seq < log.ackedSeq || !acknowledge(log, seq)) return undefined;
  return log.records.slice(log.from);
}

export function isAllAcknowledged(log: SentLog): boolean {
  return log.from === log.records.length;
}

export function createReceived(): Received {
  return { lastSeq: 0, ackedSeq: 0, unackedBytes: 0 };
}

/** Takes the number of a record. False: one is missing or came twice. */
export function takeSeq(received: Received, { seq, body }: LinkRecord): boolean {
  if (seq !== received.lastSeq + 1) return false;
  received.lastSeq = seq;
  received.unackedBytes += body.byteLength;
  return true;
}

/** Whether so much has come that the sender should hear of it before the next tick. */
export function isAckDue({ lastSeq, ackedSeq, unackedBytes }: Received): boolean {
  return lastSeq - ackedSeq >= LINK_LIMITS.ackRecords || unackedBytes >= LINK_LIMITS.ackBytes;
}

/** The number to acknowledge now; undefined when nothing new has come. */
export function takeAck(received: Received): number | undefined {
  if (received.ackedSeq === received.lastSeq) return undefined;
  received.ackedSeq = received.lastSeq;
  received.unackedBytes = 0;
  return received.lastSeq;
}

function lastSentSeq(log: SentLog): number {
  return log.ackedSeq + log.records.length - log.from;
}

function recordBytes(record: LinkRecord): number {
  return LINK_LIMITS.recordHeaderBytes + record.body.byteLength;
}
