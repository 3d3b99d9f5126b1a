import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';

/** How a connection, or the try to make one, ended. */
export type LinkEnd =
  /** The WebSocket closed. 1006: the line broke without a word. */
  | { kind: 'closed'; code: number; retryAfterMs?: number; minAgentVersion?: string; because?: string }
  /** The gateway answered the upgrade with plain HTTP. */
  | { kind: 'refused'; status: number; retryAfterMs?: number; because?: string }
  /** No connection. `code` is a system code such as ECONNREFUSED. */
  | { kind: 'unreachable'; code: string };

export type NextStep = { stop: string } | { retryInMs: number; reason: string };

/** Longest wait that a gateway may ask for: a wrong number must not silence a node for a day. */
const RETRY_AFTER_MAX_MS = 10 * 60_000;
const FIRST_RETRY_MAX_MS = 1_000;
const RETRY_STEP_MS = 500;
const RETRY_MAX_MS = 30_000;
/** Two programs with one token would otherwise throw each other out for ever. */
const REPLACED_RETRY_MS = 60_000;
/** A person lets a suspended node in again, or its time runs out: neither is a matter of seconds. */
const SUSPENDED_RETRY_MS = 60_000;
/** HTTP status of a refusal, and 4000 less than the close code. */
const SUSPENDED = 403;
const SUSPENDED_REASON =
  'This node is drained or suspended. Its owner or the operator of the gateway can let it in again.';

const STOPS: Record<number, string> = {
  401: 'The gateway does not know this node token, or it was revoked. Make a new one and start again.',
  426: 'This connector and the gateway speak different versions of the node link. Update the older one.',
};

const REASONS: Record<number, string> = {
  [CLOSE_CODES.protocol]: 'The gateway did not understand this node.',
  [CLOSE_CODES.silent]: 'The gateway did not hear from this node in time.',
  [CLOSE_CODES.replaced]: 'Another connector runs with the same token.',
  [CLOSE_CODES.tooBig]: 'This node sent more than the gateway takes.',
  [CLOSE_CODES.tooMany]: 'The gateway takes no more connections now.',
  [CLOSE_CODES.draining]: 'The gateway restarts.',
};

/**
 * Full jitter: any time up to a bound that doubles from 1 s to 30 s, so that a restarted gateway is not met by all
 * its nodes at once. `failures` counts the tries since the last connection that stood for a minute, this one
 * included.
 */
export function retryDelayMs(failures: number, random: () => number): number {
  const bound =
    failures <= 1 ? FIRST_RETRY_MAX_MS : Math.min(RETRY_STEP_MS * 2 ** (failures - 1), RETRY_MAX_MS);
  return random() * bound;
}

/** Whether the gateway, or this node, said goodbye. Else the line broke, and jobs may go on over the next one. */
export function isGoodbye(end: LinkEnd): boolean {
  return end.kind === 'closed' && (end.code === 1000 || end.code > 4_000);
}

/** Decides what follows an end: stop for good when trying again is useless without a person, or wait. */
export function decideNext(end: LinkEnd, failures: number, random: () => number): NextStep {
  const delayMs = retryDelayMs(failures, random);
  switch (end.kind) {
    case 'unreachable':
      return { retryInMs: delayMs, reason: `The gateway cannot be reached (${end.code}).` };
    case 'refused': {
      if (end.status === SUSPENDED) return suspendedNext(end, delayMs);
      const stop = STOPS[end.status];
      if (stop !== undefined) return { stop: withReason(stop, end.because) };
      return {
        retryInMs: later(delayMs, end.retryAfterMs),
        reason: `The gateway answered HTTP ${end.status}.`,
      };
    }
    case 'closed':
      break;
  }
  if (end.code === CLOSE_CODES.suspended) return suspendedNext(end, delayMs);
  const stop = end.code > 4_000 ? (tooOld(end) ?? STOPS[end.code - 4_000]) : undefined;
  if (stop !== undefined) return { stop: withReason(stop, end.because) };
  const reason = REASONS[end.code] ?? `The connection was lost (${end.code}).`;
  const replacedMs = end.code === CLOSE_CODES.replaced ? REPLACED_RETRY_MS : 0;
  return { retryInMs: later(delayMs, end.retryAfterMs) + replacedMs, reason };
}

/** It may be let in again at any time, so nobody should have to start this program anew for it. */
function suspendedNext(end: { retryAfterMs?: number; because?: string }, delayMs: number): NextStep {
  const retryInMs = SUSPENDED_RETRY_MS + later(delayMs, end.retryAfterMs);
  return { retryInMs, reason: withReason(SUSPENDED_REASON, end.because) };
}

const REASON_MAX_CHARS = 500;

/** Adds what the gateway says itself, cut to what is safe on a terminal. */
function withReason(text: string, because: string | undefined): string {
  if (because === undefined) return text;
  return `${text} It says: ${because.replaceAll(/[^ -~]+/g, ' ').slice(0, REASON_MAX_CHARS)}`;
}

/** What to do when the gateway takes newer connectors only. */
function tooOld(end: Extract<LinkEnd, { kind: 'closed' }>): string | undefined {
  if (end.code !== CLOSE_CODES.upgradeNeeded || end.minAgentVersion === undefined) return undefined;
  return `This connector is too old for the gateway. Update it to version ${end.minAgentVersion} or newer, and start it again.`;
}

/** The gateway's wish plus our jitter: all its nodes got the same wish. */
function later(delayMs: number, retryAfterMs: number | undefined): number {
  return delayMs + Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
}
