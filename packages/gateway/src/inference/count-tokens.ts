import { fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { TokenCountSurface } from '../core/surface.ts';
import { admitToRate } from './admit.ts';
import type { InferenceDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { measureRequest } from './measure-request.ts';
import { refuse, refuseAndTell } from './refuse.ts';
import { writeJson } from './reply-writer.ts';
import { understandText, type Refusal } from './understand.ts';

/**
 * Counts the input of a request without running it: the same key, body, model and rate as the request itself, but no
 * money, no target and no receipt. The count is the estimate that is charged where a target tells none; the header
 * `x-token-count` says so.
 */
export function serveTokenCount(deps: InferenceDeps, surface: TokenCountSurface, exchange: Exchange): void {
  if (!deps.accepting()) {
    exchange.response.setHeader('connection', 'close');
    refuse(surface, exchange, fault('draining', { retryAfterMs: 2_000 }));
    return;
  }
  const counted = countTokens(deps, surface, exchange);
  if (counted.ok) {
    writeJson(exchange, 200, surface.renderCount(counted.value), ['x-token-count', 'estimate']);
  } else {
    refuseAndTell(deps, surface, exchange, counted.error);
  }
}

function countTokens(
  deps: InferenceDeps,
  surface: TokenCountSurface,
  exchange: Exchange,
): Result<number, Refusal> {
  const understood = understandText(deps, surface, exchange);
  if (!understood.ok) return understood;
  const admitted = admitToRate(deps, understood.value);
  if (!admitted.ok) return failed(admitted.error);
  admitted.value.release();
  return ok(measureRequest(deps, understood.value).estimatedTokens);
}
