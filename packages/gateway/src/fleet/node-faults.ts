import type { FailCode, RejectReason } from '@switchyard/protocol/link/messages.ts';
import type { AttemptFault } from '../core/attempt.ts';

/**
 * What went wrong at a node, in the words of the rest of the gateway. The texts are ours: a node sends codes only.
 * `context_length_exceeded` and `invalid_request` are blamed on the request, so no other node is asked.
 */
const FAILS: Record<FailCode, AttemptFault> = {
  context_length_exceeded: { code: 'context_length_exceeded', blame: 'request', cause: 'fail-context' },
  invalid_request: { code: 'invalid_request', blame: 'request', cause: 'fail-invalid-request' },
  unsupported: { code: 'upstream_failed', blame: 'target', cause: 'fail-unsupported' },
  overloaded: { code: 'server_is_overloaded', blame: 'target', cause: 'fail-overloaded' },
  engine_unreachable: { code: 'upstream_failed', blame: 'target', cause: 'fail-engine-unreachable' },
  engine_failed: { code: 'upstream_failed', blame: 'target', cause: 'fail-engine' },
  timeout: { code: 'upstream_timeout', blame: 'target', cause: 'fail-timeout' },
};

/** A rejecting node says nothing about the others, not even with `context`: theirs may be longer. */
const REJECTS: Record<RejectReason, AttemptFault> = {
  busy: { code: 'server_is_overloaded', blame: 'target', cause: 'reject-busy' },
  paused: { code: 'server_is_overloaded', blame: 'target', cause: 'reject-paused' },
  local_use: { code: 'server_is_overloaded', blame: 'target', cause: 'reject-local-use' },
  context: { code: 'context_length_exceeded', blame: 'target', cause: 'reject-context' },
  unloaded: { code: 'server_is_overloaded', blame: 'target', cause: 'reject-unloaded' },
  unsupported: { code: 'upstream_failed', blame: 'target', cause: 'reject-unsupported' },
  policy: { code: 'server_is_overloaded', blame: 'target', cause: 'reject-policy' },
};

export type JobTimeout = 'accept-timeout' | 'first-part-timeout' | 'stalled' | 'deadline';

export function failFault(code: FailCode): AttemptFault {
  return FAILS[code];
}

export function rejectFault(reason: RejectReason): AttemptFault {
  return REJECTS[reason];
}

export function timeoutFault(cause: JobTimeout): AttemptFault {
  return { code: 'upstream_timeout', blame: 'target', cause };
}

/** The link broke, was closed for a breach of the protocol, or the node was replaced or revoked. */
export const NODE_LOST: AttemptFault = { code: 'upstream_failed', blame: 'target', cause: 'node-lost' };

/** The request as JSON is larger than the link carries. Every node would be too small for it. */
export const BODY_TOO_LARGE: AttemptFault = {
  code: 'body_too_large',
  blame: 'request',
  cause: 'body-too-large',
};

/**
 * Whether the fault is that of a node that is gone or hangs, and not of one job: its line broke, or it let an offer
 * lie. All jobs that ran then end like this one.
 */
export function isNodeAway({ cause }: AttemptFault): boolean {
  return cause === NODE_LOST.cause || cause === 'accept-timeout';
}

/** Whether the fault tells something about the node's quality. A full or pausing node is not a bad one. */
export function countsAgainstNode(fault: AttemptFault): boolean {
  return (
    fault.blame === 'target' && fault.code !== 'server_is_overloaded' && !fault.cause.startsWith('reject-')
  );
}
