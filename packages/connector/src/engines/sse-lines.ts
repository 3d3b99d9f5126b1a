import { isUtf8 } from 'node:buffer';

/** Why a byte stream cannot be read on. Nothing after it is given out. */
export type SseProblem = 'line-too-long' | 'invalid-utf8';

export type SseRead = { lines: string[]; problem?: SseProblem };

export type SseLineReader = {
  /** Takes the next bytes, gives the lines that they complete. */
  push(bytes: Uint8Array): SseRead;
  /** The stream is over: gives the last line if it had no line end. */
  end(): SseRead;
};

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const PIECES_MAX = 64;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Splits the bytes of an event stream into its non-empty lines, whatever pieces they come in.
 *
 * Lines end with LF, CR or CRLF, as in the HTML standard's "Server-sent events". Holds at most
 * `maxLineBytes` of an unfinished line; a longer line is a problem, and so are bytes that are no UTF-8.
 * After a problem the reader stays silent.
 */
export function createSseLineReader(maxLineBytes: number): SseLineReader {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let problem: SseProblem | undefined;
  let isFirstLine = true;

  function finishLine(rest: Uint8Array, lines: string[]): void {
    const size = heldBytes + rest.length;
    if (size === 0) return;
    const bytes = held.length === 0 ? Buffer.from(rest) : Buffer.concat([...held, rest], size);
    held = [];
    heldBytes = 0;
    if (size > maxLineBytes) problem = 'line-too-long';
    else if (!isUtf8(bytes)) problem = 'invalid-utf8';
    else {
      const line = bytes.toString('utf8');
      const clean = isFirstLine && line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line;
      isFirstLine = false;
      if (clean !== '') lines.push(clean);
    }
  }

  function hold(rest: Uint8Array): void {
    heldBytes += rest.length;
    if (heldBytes > maxLineBytes) {
      problem = 'line-too-long';
      held = [];
      return;
    }
    // Copied, because the caller's buffer may be reused for the next read.
    if (rest.length > 0) held.push(Uint8Array.from(rest));
    // A line that comes byte by byte must not cost an object for each byte.
    if (held.length === PIECES_MAX) held = [Buffer.concat(held, heldBytes)];
  }

  function result(lines: string[]): SseRead {
    return problem === undefined ? { lines } : { lines, problem };
  }

  return {
    push(bytes) {
      const lines: string[] = [];
      let from = 0;
      for (let at = 0; at < bytes.length && problem === undefined; at++) {
        // CRLF gives one empty line between CR and LF, which is dropped like every empty line.
        if (bytes[at] !== LINE_FEED && bytes[at] !== CARRIAGE_RETURN) continue;
        finishLine(bytes.subarray(from, at), lines);
        from = at + 1;
      }
      if (problem === undefined) hold(bytes.subarray(from));
      return result(lines);
    },
    end() {
      const lines: string[] = [];
      if (problem === undefined) finishLine(new Uint8Array(0), lines);
      return result(lines);
    },
  };
}

/** What one line of an event stream says. */
export type SseLine =
  | { kind: 'data'; value: string }
  /** Older llama.cpp servers send failures as `error: {...}` instead of `data:`. */
  | { kind: 'error'; value: string }
  | { kind: 'comment' }
  | { kind: 'other' };

/**
 * Reads one line. Each `data:` line counts as an event of its own: no engine spreads one JSON value over
 * several lines, but some leave out the empty line between events.
 */
export function parseSseLine(line: string): SseLine {
  const colon = line.indexOf(':');
  if (colon === 0) return { kind: 'comment' };
  if (colon === -1) return { kind: 'other' };
  const field = line.slice(0, colon);
  const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
  if (field === 'data') return { kind: 'data', value };
  if (field === 'error') return { kind: 'error', value };
  return { kind: 'other' };
}
