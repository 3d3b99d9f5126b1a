import type { Fault } from '../../core/errors.ts';
import { anthropicFaultBody } from '../../core/fault-body.ts';

export const THREAD_FIELD = 'thread';

/**
 * The body of an error reply. A refused thread is told in the dialect's own machine-readable word: the official client's
 * tool runner asks for one by default, and goes on without it when it reads this.
 * Source: `ThreadUnsupportedRequestErrorDetails`, @anthropic-ai/sdk 1.11.0, read 2026-11-21.
 */
export function messagesFaultBody(value: Fault, requestId: string): string {
  return value.param === THREAD_FIELD
    ? anthropicFaultBody(value, requestId, { error_code: 'thread_unsupported_request' })
    : anthropicFaultBody(value, requestId);
}
