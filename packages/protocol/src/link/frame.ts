import { LINK_LIMITS } from './limits.ts';

/**
 * The binary form of the link. One WebSocket binary message carries one or more records, back to back:
 *
 *     0 u8  version = 1      1 u8 type      2 u16 flags
 *     4 u32 stream: 0 is the connection itself, odd ones are jobs opened by the gateway
 *     8 u32 seq, counted per stream and direction from 1
 *    12 u32 length of the body in bytes
 *    16 body: UTF-8 JSON for most types, binary for WINDOW, PING and PONG
 *
 * All numbers are big-endian. Several records in a message because a message costs about 4 µs and a record in it
 * under 1 (measured 2026-11-20).
 */
export const LINK_VERSION = 1;

/**
 * `n>g` is sent by the node, `g>n` by the gateway, `<>` by both.
 * Types 1-15 belong to the connection (stream 0), 16-31 to a job, WINDOW (32) to either, 33 and more to the connection.
 */
export const RECORD_TYPES = {
  /** n>g, first record. */
  hello: 1,
  /** g>n, the answer. */
  welcome: 2,
  /** n>g, a whole capability report; may be sliced, the last slice has the END flag. */
  capabilities: 3,
  /** n>g, on change and at least every 10 s. */
  status: 4,
  /** g>n, opens a stream; the request follows as DATA. */
  offer: 16,
  /** n>g, empty. */
  accept: 17,
  /** n>g, ends the stream. */
  reject: 18,
  /** g>n: bytes of the request. n>g: one part as JSON, or of an image job bytes of the picture. */
  data: 19,
  /** n>g, empty: still at work without a part. */
  alive: 20,
  /** n>g, ends the stream. Empty after the `finish` part; of an image job what the picture is. */
  finish: 21,
  /** n>g, ends the stream. */
  fail: 22,
  /** g>n, empty: stop the work. The gateway sends nothing more on the stream. */
  cancel: 23,
  /** n>g, empty: the work has stopped. Ends the stream. */
  cancelled: 24,
  /** n>g, of image jobs: steps done and steps in all. */
  progress: 25,
  /** <>, u32: so many more bytes of DATA may be sent, on this stream or (stream 0) on the connection. */
  window: 32,
  /** <>, 8 opaque bytes that PONG gives back. */
  ping: 33,
  pong: 34,
  /** <>: no new offers; running jobs go on. */
  drain: 35,
  /** g>n: the connection closes now, and when to come back. */
  goaway: 36,
  /** g>n, with the OPTIONAL flag: what the node's owner may want to know. */
  notice: 37,
  /** <>, pairs of stream and number: all up to it was received. Only with the feature `resume1`, as the next two. */
  ack: 38,
  /** n>g, right after a HELLO that names a session: its streams, each with the last number received. */
  resume: 39,
  /** g>n, right after a WELCOME to that session: the same of the gateway. Then both send again what is missing. */
  resumed: 40,
} as const;

export type RecordType = (typeof RECORD_TYPES)[keyof typeof RECORD_TYPES];

export const RECORD_FLAGS = {
  /** The last slice of a sliced body. */
  end: 1,
  /** A receiver that does not know the type ignores the record. Without it an unknown type ends the connection. */
  optional: 2,
} as const;

/** `type` is any byte: a receiver may meet types of a later minor version. `body` is a view, never a copy. */
export type LinkRecord = { type: number; flags: number; stream: number; seq: number; body: Uint8Array };

export type FrameError = 'empty' | 'message-too-large' | 'truncated' | 'bad-version' | 'bad-seq';

export type DecodedMessage = { ok: true; records: LinkRecord[] } | { ok: false; error: FrameError };

const HEADER_BYTES = LINK_LIMITS.recordHeaderBytes;
const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(RECORD_TYPES));

/**
 * Splits a message into its records. The bodies are views into `message`, so whoever keeps one keeps the message.
 * Takes any bytes; the result has at most 4 096 records. Sequence numbers are only checked to be at least 1.
 */
export function decodeMessage(message: Uint8Array): DecodedMessage {
  const length = message.byteLength;
  if (length === 0) return { ok: false, error: 'empty' };
  if (length > LINK_LIMITS.messageMaxBytes) return { ok: false, error: 'message-too-large' };
  const view = new DataView(message.buffer, message.byteOffset, length);
  const records: LinkRecord[] = [];
  let at = 0;
  while (at < length) {
    if (length - at < HEADER_BYTES) return { ok: false, error: 'truncated' };
    if (view.getUint8(at) !== LINK_VERSION) return { ok: false, error: 'bad-version' };
    const seq = view.getUint32(at + 8);
    if (seq === 0) return { ok: false, error: 'bad-seq' };
    const bodyAt = at + HEADER_BYTES;
    const end = bodyAt + view.getUint32(at + 12);
    if (end > length) return { ok: false, error: 'truncated' };
    records.push({
      type: view.getUint8(at + 1),
      flags: view.getUint16(at + 2),
      stream: view.getUint32(at + 4),
      seq,
      body: message.subarray(bodyAt, end),
    });
    at = end;
  }
  return { ok: true, records };
}

/** Bytes of a message with these records. */
export function messageBytes(records: readonly LinkRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += HEADER_BYTES + record.body.byteLength;
  return bytes;
}

/**
 * Packs records into one message, copying each body once. Throws a RangeError when they do not fit into a message:
 * the writer counts before it packs, so that is a programming error.
 */
export function encodeMessage(records: readonly LinkRecord[]): Uint8Array<ArrayBuffer> {
  const bytes = messageBytes(records);
  if (bytes > LINK_LIMITS.messageMaxBytes) throw new RangeError('records do not fit into one message');
  const message = new Uint8Array(bytes);
  const view = new DataView(message.buffer);
  let at = 0;
  for (const record of records) {
    view.setUint8(at, LINK_VERSION);
    view.setUint8(at + 1, record.type);
    view.setUint16(at + 2, record.flags);
    view.setUint32(at + 4, record.stream);
    view.setUint32(at + 8, record.seq);
    view.setUint32(at + 12, record.body.byteLength);
    message.set(record.body, at + HEADER_BYTES);
    at += HEADER_BYTES + record.body.byteLength;
  }
  return message;
}

export function isKnownType(type: number): type is RecordType {
  return KNOWN_TYPES.has(type);
}

/** Whether a record of this type may stand on this stream: connection types on 0, job types on odd numbers. */
export function fitsStream(type: RecordType, stream: number): boolean {
  if (type === RECORD_TYPES.window) return stream === 0 || stream % 2 === 1;
  const isJobType = type >= RECORD_TYPES.offer && type <= RECORD_TYPES.progress;
  return isJobType ? stream % 2 === 1 : stream === 0;
}
