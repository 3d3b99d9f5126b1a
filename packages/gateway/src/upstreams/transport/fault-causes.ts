import type { AttemptFault } from '../../core/attempt.ts';
import type { ErrorCode } from '../../core/errors.ts';

/** Every machine word that an upstream's fault may carry: the labels of its metrics. */
export const UPSTREAM_CAUSES = [
  'connect',
  'connect-timeout',
  'dns',
  'tls',
  'address-refused',
  'reset',
  'closed',
  'protocol',
  'timeout',
  'stall',
  'redirect',
  'encoding',
  'auth',
  'forbidden',
  'credits',
  'not-found',
  'http-408',
  'http-409',
  'http-4xx',
  'http-429',
  'http-5xx',
  'refused',
  'too-large',
  'context-length',
  'content-policy',
  'truncated',
  'bad-reply',
  'bad-event',
  'event-too-large',
  'reply-too-large',
  'error-in-reply',
  'resting',
] as const;

export type UpstreamCause = (typeof UPSTREAM_CAUSES)[number];

export type UpstreamFault = AttemptFault & { cause: UpstreamCause };

/** A failure of the target: another one may be asked. */
export function targetFault(cause: UpstreamCause, code: ErrorCode = 'upstream_failed'): UpstreamFault {
  return { code, blame: 'target', cause };
}
