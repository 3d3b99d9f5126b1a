import { write, writeSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { LineSink } from './log.ts';

/** Text that waits for a reader who does not keep up. Beyond it lines are lost rather than memory. */
const BACKLOG_MAX_CHARS = 8 * 1024 * 1024;
const RETRY_MS = 50;
/** How long the end of the program waits for a reader who takes nothing. */
const FLUSH_MAX_MS = 1_000;

export type LineWriter = LineSink & {
  /** Writes what waits, and `last` after it, for the end of the program. Gives up when nobody reads. */
  flushSync(last?: string): void;
};

/**
 * Writes to a file descriptor without waiting for it: a log line must not hold a request up. Made here because the
 * library that was used (sonic-boom 4.2.1) tries for ever to write its rest to a pipe whose reader is gone, and so kept
 * the program from ending. What is being written when the program ends may be there twice.
 */
export function openLineWriter(fd: number, clock: Pick<Clock, 'after' | 'monotonicMs'>): LineWriter {
  let waiting = '';
  let inFlight: Buffer | undefined;
  let isReaderGone = false;

  function send(bytes: Buffer): void {
    inFlight = bytes;
    write(fd, bytes, (error, written) => {
      if (error === null) sendNext(bytes.subarray(written));
      else if (isBusy(error)) clock.after(RETRY_MS, () => sendNext(bytes));
      else stop();
    });
  }

  function sendNext(rest: Buffer): void {
    if (rest.length > 0) {
      send(rest);
      return;
    }
    inFlight = undefined;
    if (waiting === '') return;
    const text = waiting;
    waiting = '';
    send(Buffer.from(text));
  }

  /** A reader that went away is no reason to stop serving. */
  function stop(): void {
    isReaderGone = true;
    inFlight = undefined;
    waiting = '';
  }

  return {
    write(text) {
      if (isReaderGone || waiting.length + text.length > BACKLOG_MAX_CHARS) return;
      waiting += text;
      if (inFlight === undefined) sendNext(EMPTY);
    },
    flushSync(last = '') {
      let rest = Buffer.concat([inFlight ?? EMPTY, Buffer.from(waiting + last)]);
      const giveUpAtMs = clock.monotonicMs() + FLUSH_MAX_MS;
      while (rest.length > 0 && !isReaderGone) {
        const written = tryWriteSync(fd, rest);
        if (written === undefined || (written === 0 && clock.monotonicMs() > giveUpAtMs)) stop();
        else if (written === 0) Atomics.wait(NEVER_WOKEN, 0, 0, RETRY_MS);
        rest = rest.subarray(written ?? 0);
      }
      stop();
    },
  };
}

const EMPTY = Buffer.alloc(0);
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

/** How many bytes were written; 0: the pipe is full. Undefined: nobody reads. */
function tryWriteSync(fd: number, bytes: Buffer): number | undefined {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return isBusy(error) ? 0 : undefined;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}
