import type { Model } from '../catalog/model.ts';
import type { AttemptFault } from '../core/attempt.ts';
import { fault, type Fault } from '../core/errors.ts';
import { clientFault } from './adapt-fault.ts';

/** A slot may become free within this time, an owner start a connector. Ms. */
const RETRY_BUSY_MS = 3_000;
const RETRY_OFFLINE_MS = 10_000;

/** A node that the gateway took for free has said otherwise. */
const BUSY_CAUSES: ReadonlySet<string> = new Set(['reject-busy', 'reject-local-use', 'fail-overloaded']);
/** It went away, or its engine did, while it was asked. */
const AWAY_CAUSES: ReadonlySet<string> = new Set([
  'reject-paused',
  'reject-unloaded',
  'fail-engine-unreachable',
  'node-lost',
]);

/** No slot became free in time, or too many wait already. */
export function busyFault(model: Model): Fault {
  const code = model.deployment === undefined ? 'server_is_overloaded' : 'connector_busy';
  return fault(code, { retryAfterMs: RETRY_BUSY_MS });
}

/** What is known when nothing is there to ask, or everything was asked. */
export type NoTarget = {
  /** Why the last try failed; undefined: nothing was tried. */
  lastFault: AttemptFault | undefined;
  /** How long until something that rests takes requests again, ms. */
  restsForMs: number | undefined;
  /** Nodes of the model that are connected. */
  nodesOnline: number;
};

/**
 * The owner of a deployment is the one who can mend it, so they are told which part is missing. Others learn only that
 * nothing is there.
 */
export function noTargetFault(model: Model, { lastFault, restsForMs, nodesOnline }: NoTarget): Fault {
  const waitMs = restsForMs === undefined ? {} : { retryAfterMs: restsForMs };
  if (model.deployment === undefined) {
    const message = 'Nothing that serves this model is online right now.';
    return lastFault === undefined
      ? fault('server_is_overloaded', { message, ...waitMs })
      : clientFault({ ...waitMs, ...lastFault });
  }
  if (lastFault !== undefined && BUSY_CAUSES.has(lastFault.cause)) return busyFault(model);
  if (lastFault !== undefined && !AWAY_CAUSES.has(lastFault.cause))
    return clientFault({ ...waitMs, ...lastFault });
  const message = offlineMessage(nodesOnline, restsForMs);
  return fault('connector_offline', {
    ...(message === undefined ? {} : { message }),
    retryAfterMs: restsForMs ?? RETRY_OFFLINE_MS,
  });
}

function offlineMessage(nodesOnline: number, restsForMs: number | undefined): string | undefined {
  if (restsForMs !== undefined)
    return 'The connector of this deployment failed several times and gets no requests for a while.';
  if (nodesOnline > 0)
    return 'The connector of this deployment is online, but cannot take this request: its engine is down, it is paused, or the request needs what the model cannot do.';
  return undefined;
}
