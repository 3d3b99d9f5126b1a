import type { Clock, Timer } from '../core/clock.ts';
import { fault } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { TextSurface } from '../core/surface.ts';
import { admitText } from './admit.ts';
import type { InferenceDeps, Run } from './deps.ts';
import { claimOnce } from './claim-once.ts';
import type { Exchange } from './exchange.ts';
import { quoteText, type QuoteView } from './quote.ts';
import { refuse, refuseAndTell } from './refuse.ts';
import { writeJson } from './reply-writer.ts';
import { readRequestHeaders } from './request-headers.ts';
import { TextRun } from './text-run.ts';
import { understandText, type Refusal } from './understand.ts';

/**
 * The life of one text request:
 *
 * 1. `understand`: who asks (key), what for (body), of which model. A dry run ends here, with a quote.
 * 2. `admit`: whether it may (limits) and what it can cost at most (hold), in one tick. A refusal is answered here and
 *    leaves nothing behind.
 * 3. `TextRun`: finds a target, hands its parts to the client as they come, tries the next target while the client
 *    has seen nothing, and resolves the hold exactly once. The last bytes leave after the ledger's commit.
 * 4. A receipt of metadata remains, nothing else.
 */
export function serveText(deps: InferenceDeps, surface: TextSurface, exchange: Exchange): void {
  if (!deps.accepting()) {
    exchange.response.setHeader('connection', 'close');
    refuse(surface, exchange, fault('draining', { retryAfterMs: 2_000 }));
    return;
  }
  const paused = deps.paused?.();
  if (paused !== undefined) {
    refuse(surface, exchange, paused);
    return;
  }
  const outcome = beginText(deps, surface, exchange);
  if (!outcome.ok) {
    refuseAndTell(deps, surface, exchange, outcome.error);
  } else if ('quote' in outcome.value) {
    writeJson(exchange, 200, JSON.stringify(outcome.value.quote));
  } else {
    outcome.value.run.start();
  }
}

function beginText(
  deps: InferenceDeps,
  surface: TextSurface,
  exchange: Exchange,
): Result<{ run: TextRun } | { quote: QuoteView }, Refusal> {
  const headers = readRequestHeaders(exchange.rawHeaders);
  if (!headers.ok) return headers;
  const understood = understandText(deps, surface, exchange);
  if (!understood.ok) return understood;
  if (headers.value.dryRun || understood.value.decoded.dryRun) {
    const quote = quoteText(deps, understood.value);
    return quote.ok ? ok({ quote: quote.value }) : quote;
  }

  const claim = claimOnce(deps.idempotency, understood.value, headers.value.idempotencyKey);
  if (!claim.ok) return claim;
  const admitted = admitText(deps, understood.value, headers.value.continueElsewhere);
  if (!admitted.ok) {
    claim.value?.abandon();
    return admitted;
  }
  return ok({ run: new TextRun(deps, admitted.value, claim.value) });
}

/** One coarse timer for all running requests: header commits, keepalives, stalled clients. */
export function startPulse(clock: Clock, running: Iterable<Run>): Timer {
  return clock.every(1_000, () => {
    const nowMs = clock.monotonicMs();
    for (const run of running) run.tick(nowMs);
  });
}
