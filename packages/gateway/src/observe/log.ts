import type { Clock, Timer } from '../core/clock.ts';
import type { LogLevel } from '../core/errors.ts';
import { LOG_FIELDS, type Log, type LogField, type LogFields } from '../core/log.ts';
import { openLineWriter } from './line-writer.ts';

/** The allowed fields, each with the text before its value. */
const BEFORE_VALUE: ReadonlyMap<string, string> = new Map(LOG_FIELDS.map((name) => [name, `,"${name}":`]));

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
  clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'after'>,
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
  // Half the time of a loop over entries, which are made for it.
  for (const name in fields) {
    const value = fields[name as LogField];
    const before = BEFORE_VALUE.get(name);
    if (value === undefined || before === undefined) continue;
    text += before + (typeof value === 'string' ? stringText(value) : numberText(value));
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

function standardOutput(clock: Pick<Clock, 'monotonicMs' | 'after'>): LineSink {
  const target = openLineWriter(1, clock);
  const batch = batchLines(target, clock);
  // Not by way of `write`: what is on its way at the end may be there twice.
  process.once('exit', () => target.flushSync(batch.take()));
  return batch;
}

export type LineBatch = LineSink & {
  flush(): void;
  /** The lines that were not handed on, which the caller has now. */
  take(): string;
};

/**
 * Collects lines before they are handed on, so that a busy server makes one system call for many.
 */
export function batchLines(target: LineSink, clock: Pick<Clock, 'after'>): LineBatch {
  let lines = '';
  let timer: Timer | undefined;
  function take(): string {
    timer?.cancel();
    timer = undefined;
    const batch = lines;
    lines = '';
    return batch;
  }
  function flush(): void {
    const batch = take();
    if (batch !== '') target.write(batch);
  }
  return {
    take,
    flush,
    write(line) {
      lines += line;
      if (lines.length >= BATCH_CHARS) flush();
      else timer ??= clock.after(FLUSH_MS, flush);
    },
  };
}
