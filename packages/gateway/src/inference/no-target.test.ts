import { expect, test } from 'vitest';
import type { AttemptFault } from '../core/attempt.ts';
import { NODE_LOST, failFault, rejectFault } from '../fleet/node-faults.ts';
import { busyFault, noTargetFault } from './no-target.ts';
import { FLAT, modelWith } from './testing-text-world.ts';

const CATALOGUE = modelWith(FLAT);
const OWN = { ...CATALOGUE, deployment: 'dep_1' };
const NOTHING = { lastFault: undefined, restsForMs: undefined, nodesOnline: 0 };
const after = (lastFault: AttemptFault) => ({ ...NOTHING, lastFault, nodesOnline: 1 });

test('a full model is overloaded, a full deployment has a busy connector', () => {
  expect(busyFault(CATALOGUE)).toEqual({ code: 'server_is_overloaded', retryAfterMs: 3_000 });
  expect(busyFault(OWN)).toEqual({ code: 'connector_busy', retryAfterMs: 3_000 });
});

test.each([
  ['nothing was there', NOTHING, 'server_is_overloaded', 'connector_offline'],
  ['an engine is down', { ...NOTHING, nodesOnline: 1 }, 'server_is_overloaded', 'connector_offline'],
  ['the node was full after all', after(rejectFault('busy')), 'server_is_overloaded', 'connector_busy'],
  ['its owner uses it', after(rejectFault('local_use')), 'server_is_overloaded', 'connector_busy'],
  ['its engine was full', after(failFault('overloaded')), 'server_is_overloaded', 'connector_busy'],
  ['it has paused', after(rejectFault('paused')), 'server_is_overloaded', 'connector_offline'],
  ['the node was lost', after(NODE_LOST), 'upstream_failed', 'connector_offline'],
  ['its engine was gone', after(failFault('engine_unreachable')), 'upstream_failed', 'connector_offline'],
  ['its engine broke', after(failFault('engine_failed')), 'upstream_failed', 'upstream_failed'],
  ['it took too long', after(failFault('timeout')), 'upstream_timeout', 'upstream_timeout'],
  ['it is too long', after(rejectFault('context')), 'context_length_exceeded', 'context_length_exceeded'],
])('%s', (_what, state, catalogueCode, ownCode) => {
  expect(noTargetFault(CATALOGUE, state).code).toBe(catalogueCode);
  expect(noTargetFault(OWN, state).code).toBe(ownCode);
});

test('an owner is told when to try again, and what to look at', () => {
  expect(noTargetFault(OWN, NOTHING)).toEqual({ code: 'connector_offline', retryAfterMs: 10_000 });
  const down = noTargetFault(OWN, { ...NOTHING, nodesOnline: 1 });
  expect(down.message).toContain('its engine is down');
  const resting = noTargetFault(OWN, { lastFault: undefined, restsForMs: 25_000, nodesOnline: 1 });
  expect(resting).toMatchObject({ retryAfterMs: 25_000, message: expect.stringContaining('failed several') });
});
