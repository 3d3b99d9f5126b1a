/** Byte-level steps over JSON, shared by everything that looks at a body without parsing it. None of them allocates. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Strings up to this length are walked; behind it the native search for a quote is faster. */
const WALKED_BYTES = 48;

/** Index behind the closing quote of the string that opens at `start`, or -1 when it never closes. */
export function skipString(body: Buffer, start: number): number {
  const walkedEnd = Math.min(body.length, start + WALKED_BYTES);
  let at = start + 1;
  while (at < walkedEnd) {
    const byte = body[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = body.indexOf(QUOTE, at);
    if (quote === -1) return -1;
    if (!isEscaped(body, quote, at)) return quote + 1;
    at = quote + 1;
  }
}

/** Whether an odd number of backslashes stands before `at`, looking back no further than `from`. */
function isEscaped(body: Buffer, at: number, from: number): boolean {
  let first = at;
  while (first > from && body[first - 1] === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

/** First index from `start` on that is no JSON whitespace; the body's length when there is none. */
export function skipSpace(body: Buffer, start: number): number {
  let at = start;
  while (at < body.length && isSpace(body[at])) at += 1;
  return at;
}

/** Index behind the value that begins at `start`, or -1 when it does not end. */
export function skipValue(body: Buffer, start: number): number {
  const first = body[start];
  if (first === QUOTE) return skipString(body, start);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return skipNested(body, start);
  let at = start;
  while (at < body.length && !endsPlainValue(body[at])) at += 1;
  return at === start ? -1 : at;
}

function skipNested(body: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < body.length) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = skipString(body, at);
      if (at === -1) return -1;
      continue;
    }
    at += 1;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

/** Whether objects and arrays nest deeper than `max`. Looks at brackets outside strings only. */
export function isDeeperThan(body: Buffer, max: number): boolean {
  let depth = 0;
  let at = 0;
  while (at < body.length) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = skipString(body, at);
      if (at === -1) return false;
      continue;
    }
    at += 1;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
      if (depth > max) return true;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
  }
  return false;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endsPlainValue(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || isSpace(byte);
}
