import { createSendWindow } from './flow.ts';
import type { SendWindow } from './flow.ts';
import type { LinkRecord, RecordType } from './frame.ts';
import { LINK_LIMITS } from './limits.ts';
import { createSentLog, isAllAcknowledged, logSent } from './replay.ts';
import type { SentLog } from './replay.ts';

/** A record of a stream that waits for its turn. `sliceable` bodies may be cut anywhere to use up credit. */
export type Entry = { type: RecordType; body: Uint8Array; sliceable: boolean };

/** A record that goes before all data. */
export type ControlEntry = { outgoing: Outgoing; type: RecordType; flags: number; body: Uint8Array };

/** The sending half of one stream. It outlives the connection when the far side can take it up again. */
export type Outgoing = {
  readonly stream: number;
  /** The last number that was given. */
  seq: number;
  readonly window: SendWindow;
  queue: Entry[];
  queuedBytes: number;
  controlWaiting: number;
  isClosing: boolean;
  /** Undefined: what has left is not kept. */
  readonly sent: SentLog | undefined;
};

export function createOutgoing(stream: number, isKept: boolean): Outgoing {
  return {
    stream,
    seq: 0,
    window: createSendWindow(LINK_LIMITS.streamWindowBytes),
    queue: [],
    queuedBytes: 0,
    controlWaiting: 0,
    isClosing: false,
    sent: isKept ? createSentLog() : undefined,
  };
}

/** Numbers are given when a record leaves, so that control records may pass data. */
export function numbered(outgoing: Outgoing, entry: Omit<ControlEntry, 'outgoing'>): LinkRecord {
  outgoing.seq += 1;
  const record: LinkRecord = {
    type: entry.type,
    flags: entry.flags,
    stream: outgoing.stream,
    seq: outgoing.seq,
    body: entry.body,
  };
  if (outgoing.sent !== undefined) logSent(outgoing.sent, record);
  return record;
}

/** Whether a stream was closed, and nothing of it can have to leave any more. */
export function isDone({ isClosing, controlWaiting, queue, sent }: Outgoing): boolean {
  const hasAllLeft = isClosing && controlWaiting === 0 && queue.length === 0;
  return hasAllLeft && (sent === undefined || isAllAcknowledged(sent));
}

/** How much more of a stream's records may leave before some of them are acknowledged. */
export function unackedSpaceBytes({ sent }: Outgoing): number {
  return sent === undefined ? Infinity : LINK_LIMITS.unackedMaxBytes - sent.bytes;
}
