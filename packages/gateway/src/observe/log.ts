import { pino, type DestinationStream } from 'pino';
import type { LogLevel } from '../core/errors.ts';
import { LOG_FIELDS, type Log, type LogFields } from '../core/log.ts';

const ALLOWED: ReadonlySet<string> = new Set(LOG_FIELDS);

/** Longest text of one field. Ids, codes and names are shorter; anything longer was not meant for a log. */
const FIELD_MAX_CHARS = 400;

/** Writes JSON lines. `destination` defaults to standard output, buffered, since a log line must not hold a request up. */
export function createLog(level: LogLevel | 'silent', destination?: DestinationStream): Log {
  const logger = pino(
    { level, base: null, messageKey: 'event', timestamp: pino.stdTimeFunctions.isoTime },
    destination ?? standardOutput(),
  );
  const write = (name: LogLevel) => (event: string, fields?: LogFields) => {
    if (!logger.isLevelEnabled(name)) return;
    if (fields === undefined) logger[name](event);
    else logger[name](allowed(fields), event);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function allowed(fields: LogFields): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!ALLOWED.has(name) || value === undefined) continue;
    kept[name] =
      typeof value === 'string' && value.length > FIELD_MAX_CHARS ? value.slice(0, FIELD_MAX_CHARS) : value;
  }
  return kept;
}

/** Lines wait at most this long for others, so that a busy server writes many with one system call. */
const FLUSH_MS = 200;
const BUFFER_BYTES = 8_192;

function standardOutput(): DestinationStream {
  const target = pino.destination({ dest: 1, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS });
  process.once('exit', () => {
    try {
      target.flushSync();
    } catch {
      // The stream was never opened: there is nothing to flush.
    }
  });
  return target;
}
