export type ReplyReader = {
  /** Takes the next bytes of the connection. Returns what is wrong with them, if anything is. */
  push(bytes: Buffer): string | undefined;
};

type State =
  | { at: 'head' }
  | { at: 'body'; remainingBytes: number }
  | { at: 'chunk-size' }
  | { at: 'chunk'; remainingBytes: number }
  | { at: 'last-line' };

const headMaxBytes = 64 * 1024;
const lineEnd = Buffer.from('\r\n');
const headEnd = Buffer.from('\r\n\r\n');

/**
 * Reads HTTP/1.1 replies from a connection, one after the other: bodies of known length and chunked ones. Knows no
 * more of HTTP than a load generator needs.
 */
export function createReplyReader(handlers: {
  onBody(part: Buffer): void;
  onEnd(status: number): void;
}): ReplyReader {
  let state: State = { at: 'head' };
  let status = 0;
  /** Bytes that are not a whole head or line yet. */
  let pending: Buffer | undefined;

  function end(): void {
    state = { at: 'head' };
    handlers.onEnd(status);
  }

  function readHead(bytes: Buffer): Buffer | string | undefined {
    const headLength = bytes.indexOf(headEnd);
    if (headLength === -1) return undefined;
    const head = bytes.toString('latin1', 0, headLength);
    status = Number(head.slice(9, 12));
    const length = /content-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) state = { at: 'body', remainingBytes: Number(length) };
    else if (/transfer-encoding: *chunked/i.test(head)) state = { at: 'chunk-size' };
    else return `reply ${status} without a length`;
    if (length === '0') end();
    return bytes.subarray(headLength + headEnd.length);
  }

  function readBody(bytes: Buffer, body: State & { remainingBytes: number }): Buffer {
    const part = bytes.subarray(0, body.remainingBytes);
    handlers.onBody(part);
    body.remainingBytes -= part.length;
    if (body.remainingBytes === 0) {
      if (body.at === 'body') end();
      else state = { at: 'chunk-size' };
    }
    return bytes.subarray(part.length);
  }

  /** A size line, or the empty line that ends a chunk or the whole body. */
  function readLine(bytes: Buffer): Buffer | string | undefined {
    const lineLength = bytes.indexOf(lineEnd);
    if (lineLength === -1) return undefined;
    const rest = bytes.subarray(lineLength + lineEnd.length);
    if (state.at === 'last-line') {
      end();
      return rest;
    }
    if (lineLength === 0) return rest;
    const size = Number.parseInt(bytes.toString('latin1', 0, lineLength), 16);
    if (!Number.isInteger(size)) return 'a chunk without a size';
    state = size === 0 ? { at: 'last-line' } : { at: 'chunk', remainingBytes: size };
    return rest;
  }

  return {
    push(arrived) {
      let bytes = pending === undefined ? arrived : Buffer.concat([pending, arrived]);
      pending = undefined;
      while (bytes.length > 0) {
        const current = state;
        const rest =
          current.at === 'body' || current.at === 'chunk'
            ? readBody(bytes, current)
            : current.at === 'head'
              ? readHead(bytes)
              : readLine(bytes);
        if (typeof rest === 'string') return rest;
        if (rest === undefined) {
          pending = bytes;
          return bytes.length > headMaxBytes ? 'a head that does not end' : undefined;
        }
        bytes = rest;
      }
      return undefined;
    },
  };
}
