import type { UpstreamCause, UpstreamFault } from './fault-causes.ts';
import { targetFault } from './fault-causes.ts';

/** Thrown by the connector when a name leads to an address that upstreams may not have. */
export const ADDRESS_REFUSED = 'SWITCHYARD_ADDRESS_REFUSED';

/** Codes of Node's sockets, resolver and TLS, and of undici 8.12 (`lib/core/errors.js`, read 2026-11-20). */
const CAUSES: ReadonlyMap<string, UpstreamCause> = new Map<string, UpstreamCause>([
  [ADDRESS_REFUSED, 'address-refused'],
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ENETUNREACH', 'connect'],
  ['EADDRNOTAVAIL', 'connect'],
  ['ETIMEDOUT', 'connect-timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect-timeout'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['EAI_FAIL', 'dns'],
  ['EPROTO', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'tls'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['CERT_NOT_YET_VALID', 'tls'],
  ['UND_ERR_SOCKET', 'reset'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['UND_ERR_DESTROYED', 'closed'],
  ['UND_ERR_CLOSED', 'closed'],
  ['UND_ERR_HEADERS_OVERFLOW', 'protocol'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'truncated'],
  ['HPE_INVALID_EOF_STATE', 'truncated'],
]);

/**
 * Names the cause of a connection's error by its code. The error's message is never used: it may hold addresses, and
 * for parser errors even bytes of the reply.
 */
export function transportFault(error: unknown): UpstreamFault {
  const code = errorCode(error);
  const known = CAUSES.get(code);
  if (known !== undefined)
    return targetFault(known, known === 'connect-timeout' ? 'upstream_timeout' : 'upstream_failed');
  if (code.startsWith('HPE_')) return targetFault('protocol');
  if (code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || code.startsWith('CERT_'))
    return targetFault('tls');
  return targetFault('connect');
}

/** An `AggregateError` of several addresses counts as its first one. */
function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return '';
}
