/** One event of a stream. Events without data (comments) are not reported. */
export type SseEvent = {
  /** Value of the `event:` field, '' when absent. */
  name: string;
  data: string;
  /**
   * The event's own bytes, blank line included, when they are one `data:` line ended by LF, with at most one `event:`
   * line before it: these may be handed on. Undefined where the event is written in any other way.
   */
  raw: Buffer | undefined;
  /** Where the value of the `data:` line begins in `raw`; it ends two bytes before the end. */
  dataStart: number;
};

export type SseReader = {
  /** Takes the next bytes and reports the events that they complete. False when an event is larger than allowed: stop then. */
  push(chunk: Buffer): boolean;
  /** End of the stream. Reports an event that lacks only its blank line, which the standard would drop. */
  end(): void;
};

export type SseReaderOptions = { maxEventBytes: number; onEvent(event: SseEvent): void };

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const NONE = Number.POSITIVE_INFINITY;

/**
 * Splits a server-sent event stream, given in any pieces, into events. Knows LF, CRLF and CR, comments, data over
 * several lines, and a byte order mark. Holds at most `maxEventBytes` of an unfinished event, looks at each byte once
 * and copies only events that arrive in pieces.
 * Source: WHATWG HTML, "Server-sent events", parsing an event stream, read 2026-11-20.
 */
export function createSseReader({ maxEventBytes, onEvent }: SseReaderOptions): SseReader {
  const unfinished = createGrowingBuffer();
  /** Nothing of the present line has been seen. */
  let atLineStart = true;
  /** The last byte was a CR: an LF right behind it belongs to it. */
  let afterCr = false;
  let isFirst = true;

  const emit = (tail: Buffer) => {
    const raw = unfinished.takeWith(tail);
    const event = parseEvent(raw, isFirst);
    isFirst = false;
    if (event !== undefined) onEvent(event);
  };

  return {
    push(chunk) {
      let at = 0;
      let eventStart = 0;
      if (afterCr && chunk.length > 0) {
        afterCr = false;
        if (chunk[0] === LF) {
          at = 1;
          // The CR ended an event that is already out: its LF begins no new one.
          if (unfinished.bytes() === 0) eventStart = 1;
        }
      }
      let nextCr = find(chunk, CR, at);
      while (at < chunk.length) {
        if (nextCr < at) nextCr = find(chunk, CR, at);
        const lineEnd = Math.min(find(chunk, LF, at), nextCr);
        if (lineEnd === NONE) {
          atLineStart = false;
          break;
        }
        const isBlank = atLineStart && lineEnd === at;
        at = lineEnd + 1;
        atLineStart = true;
        if (lineEnd === nextCr) {
          if (at === chunk.length) afterCr = true;
          else if (chunk[at] === LF) at += 1;
        }
        if (!isBlank) continue;
        if (unfinished.bytes() + at - eventStart > maxEventBytes) return false;
        emit(chunk.subarray(eventStart, at));
        eventStart = at;
      }
      if (unfinished.bytes() + chunk.length - eventStart > maxEventBytes) return false;
      unfinished.add(chunk.subarray(eventStart));
      return true;
    },
    end() {
      if (unfinished.bytes() > 0) emit(EMPTY);
    },
  };
}

const EMPTY = Buffer.alloc(0);

/** Collects bytes in one Buffer that doubles: a stream of single bytes costs no object and no copy per byte. */
function createGrowingBuffer(): {
  bytes(): number;
  add(piece: Buffer): void;
  takeWith(tail: Buffer): Buffer;
} {
  let store = EMPTY;
  let used = 0;
  return {
    bytes: () => used,
    add(piece) {
      if (used + piece.length > store.length) {
        const grown = Buffer.allocUnsafe(Math.max(1024, 2 * (used + piece.length)));
        store.copy(grown, 0, 0, used);
        store = grown;
      }
      used += piece.copy(store, used);
    },
    takeWith(tail) {
      if (used === 0) return tail;
      const whole = Buffer.concat([store.subarray(0, used), tail]);
      used = 0;
      if (store.length > KEPT_BYTES) store = EMPTY;
      return whole;
    },
  };
}

/** A store that a large event left behind is not kept for the rest of a long stream. */
const KEPT_BYTES = 8 * 1024;

function find(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at === -1 ? NONE : at;
}

/** `raw` is one event with its blank line. Undefined when it holds no data. */
function parseEvent(raw: Buffer, isFirst: boolean): SseEvent | undefined {
  const nameEnd = startsWith(raw, EVENT_FIELD, 0) ? raw.indexOf(LF) : -1;
  const dataStart = plainDataStart(raw, nameEnd + 1);
  if (dataStart !== undefined) {
    const name = nameEnd === -1 ? '' : raw.toString('utf8', valueStart(raw, EVENT_FIELD.length), nameEnd);
    return { name, data: raw.toString('utf8', dataStart, raw.length - 2), raw, dataStart };
  }
  let text = raw.toString();
  if (isFirst && text.startsWith('\uFEFF')) text = text.slice(1);
  let name = '';
  const data: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
  }
  return data.length === 0 ? undefined : { name, data: data.join('\n'), raw: undefined, dataStart: 0 };
}

const EVENT_FIELD = Buffer.from('event:');
const DATA_FIELD = Buffer.from('data:');

/**
 * Where the value starts when what begins at `from` is exactly `data: ...` LF LF, the form that nearly all servers
 * write, and nothing before it holds a CR.
 */
function plainDataStart(raw: Buffer, from: number): number | undefined {
  if (raw.length < from + DATA_FIELD.length + 2 || !startsWith(raw, DATA_FIELD, from)) return undefined;
  const end = raw.length - 2;
  if (raw[end + 1] !== LF || raw.indexOf(LF, from) !== end || raw.includes(CR)) return undefined;
  return valueStart(raw, from + DATA_FIELD.length);
}

/** The one space behind a field's colon is no part of its value. */
function valueStart(raw: Buffer, behindColon: number): number {
  return raw[behindColon] === SPACE ? behindColon + 1 : behindColon;
}

function startsWith(raw: Buffer, field: Buffer, from: number): boolean {
  const end = from + field.length;
  return raw.length >= end && raw.compare(field, 0, field.length, from, end) === 0;
}
