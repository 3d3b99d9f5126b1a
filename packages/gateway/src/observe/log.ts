import { pino, type DestinationStream } from 'pino';
import type { LogLevel } from '../core/errors.ts';

/**
 * The only words that a log line may hold. There is no field for a body, a header, an address or a free text, so
 * nothing of a prompt or an answer can get into a log by a careless call.
 */
const FIELDS = [
  'requestId',
  'accountId',
  'keyId',
  'nodeId',
  'sessionId',
  'jobId',
  'modelId',
  'surface',
  'routeKind',
  'routeName',
  'streamed',
  'status',
  'code',
  'cause',
  'end',
  'usageSource',
  'inputTokens',
  'outputTokens',
  'chargedMicros',
  'heldMicros',
  'attempts',
  'firstPartMs',
  'durationMs',
  'count',
  'reason',
  'port',
  'host',
  'version',
  'signal',
  'errorName',
  'frames',
] as const;

export type LogField = (typeof FIELDS)[number];
export type LogFields = Partial<Record<LogField, string | number | boolean>>;

/** `event` is a constant of the code, never built from input. */
export type Log = Record<LogLevel, (event: string, fields?: LogFields) => void>;

const ALLOWED: ReadonlySet<string> = new Set(FIELDS);

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

/** An error as log fields: its name, code and where it was thrown, never its message, which may quote input. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 4)
    .map((line) => line.trim().replace(/\(?(?:file:\/\/)?\/.*\//, '('))
    .join(' | ');
  return { errorName: error.name, code, frames };
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

function standardOutput(): DestinationStream {
  const target = pino.destination({ dest: 1, sync: false });
  process.once('exit', () => {
    try {
      target.flushSync();
    } catch {
      // The stream was never opened: there is nothing to flush.
    }
  });
  return target;
}
