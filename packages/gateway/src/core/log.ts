import type { LogLevel } from './errors.ts';

/**
 * The only words that a log line may hold. There is no field for a body, a header, an address or a free text, so
 * nothing of a prompt or an answer can get into a log by a careless call.
 */
export const LOG_FIELDS = [
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
  'upstreamKey',
  'remoteModel',
  'streamed',
  'status',
  'code',
  'cause',
  'end',
  'usageSource',
  'inputTokens',
  'outputTokens',
  'chargedMicros',
  'costMicros',
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

export type LogField = (typeof LOG_FIELDS)[number];
export type LogFields = Partial<Record<LogField, string | number | boolean>>;

/** `event` is a constant of the code, never built from input. */
export type Log = Record<LogLevel, (event: string, fields?: LogFields) => void>;

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
