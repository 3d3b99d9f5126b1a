import sonicBoom from 'sonic-boom';
import type { Clock, Timer } from '../core/clock.ts';
import type { LogLevel } from '../core/errors.ts';
import { LOG_FIELDS, type Log, type LogFields } from '../core/log.ts';

const ALLOWED: ReadonlySet<string> = new Set(LOG_FIELDS);

/** Longest text of one field. Ids, codes and names are shorter; anything longer was not meant for a log. */
const FIELD_MAX_CHARS = 400;

/** The numbers that pino and bunyan use, which log viewers know. */
const LEVELS: Record<LogLevel, number> = { debug: 20, info: 30, warn: 40, error: 50 };

export type LineSink = { write(line: string): unknown; flush?(): void };

/**
 * Writes one JSON line for each event: `level`, `time` (ISO 8601), the allowed fields, `event`. Lines are put together
 * here, because a general logger took three times as long, and every request writes one.
 */
export function createLog(
  level: LogLevel | 'silent',
  clock: Pick<Clock, 'nowMs' | 'after'>,
  sink: LineSink = standardOutput(clock),
): Log {
  const least = level === 'silent' ? Number.POSITIVE_INFINITY : LEVELS[level];
  const timeText = createTimeText();
  const writer = (name: LogLevel): Log[LogLevel] => {
    if (LEVELS[name] < least) return () => undefined;
    const head = `{"level":${LEVELS[name]},"time":"`;
    const isUrgent = LEVELS[name] >= LEVELS.warn;
    return (event, fields) => {
      sink.write(
        `${head}${timeText(clock.nowMs())}"${fieldsText(fields)},"event":${JSON.stringify(event)}}\n`,
      );
      // What went wrong must be there even if the process is gone the next moment.
      if (isUrgent) sink.flush?.();
    };
  };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

function fieldsText(fields: LogFields = {}): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || !ALLOWED.has(name)) continue;
    text += `,"${name}":${typeof value === 'string' ? stringText(value) : numberText(value)}`;
  }
  return text;
}

function stringText(value: string): string {
  return JSON.stringify(value.length > FIELD_MAX_CHARS ? value.slice(0, FIELD_MAX_CHARS) : value);
}

/** JSON has no word for numbers that are none. */
function numberText(value: number | boolean): string {
  return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value);
}

/** Many lines are written within one millisecond. */
function createTimeText(): (nowMs: number) => string {
  let lastMs = Number.NaN;
  let text = '';
  return (nowMs) => {
    if (nowMs !== lastMs) {
      lastMs = nowMs;
      text = new Date(nowMs).toISOString();
    }
    return text;
  };
}

/** Lines wait at most this long for others, so that a busy server writes many with one system call. */
const FLUSH_MS = 200;
const BATCH_CHARS = 12_000;

/** Standard output, without waiting for it: a log line must not hold a request up. */
function standardOutput(clock: Pick<Clock, 'after'>): LineSink {
  const target = new sonicBoom.SonicBoom({ fd: 1, sync: false });
  // A reader that went away is no reason to stop serving.
  target.on('error', () => undefined);
  const batch = batchLines(target, clock);
  process.once('exit', () => {
    try {
      batch.flush();
      target.flushSync();
    } catch {
      // The stream was never opened: there is nothing to flush.
    }
  });
  return batch;
}

/**
 * Collects lines before they are handed on. The stream has a buffer of its own, but counts its bytes anew with each
 * line, which cost more than the line.
 */
export function batchLines(target: LineSink, clock: Pick<Clock, 'after'>): LineSink & { flush(): void } {
  let lines = '';
  let timer: Timer | undefined;
  function flush(): void {
    timer?.cancel();
    timer = undefined;
    const batch = lines;
    lines = '';
    if (batch !== '') target.write(batch);
  }
  return {
    flush,
    write(line) {
      lines += line;
      if (lines.length >= BATCH_CHARS) flush();
      else timer ??= clock.after(FLUSH_MS, flush);
    },
  };
}
