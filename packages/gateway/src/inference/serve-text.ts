import type { Clock, Timer } from '../core/clock.ts';
import { fault } from '../core/errors.ts';
import type { TextSurface } from '../core/surface.ts';
import { admitText } from './admit.ts';
import type { InferenceDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { writeFault } from './reply-writer.ts';
import { TextRun } from './text-run.ts';

/**
 * The life of one text request:
 *
 * 1. `admit`: who asks (key), what for (body, model), whether it may (limits), what it can cost at most (hold).
 *    All of it in this tick; a refusal is answered here and leaves nothing behind.
 * 2. `TextRun`: finds a target, hands its parts to the client as they come, tries the next target while the client
 *    has seen nothing, and resolves the hold exactly once. The last bytes leave after the ledger's commit.
 * 3. A receipt of metadata remains, nothing else.
 */
export function serveText(deps: InferenceDeps, surface: TextSurface, exchange: Exchange): void {
  if (!deps.accepting()) {
    const value = fault('draining', { retryAfterMs: 2_000 });
    exchange.response.setHeader('connection', 'close');
    writeFault(exchange, value, surface.renderFault(value, exchange.requestId));
    return;
  }
  const admitted = admitText(deps, surface, exchange);
  if (!admitted.ok) {
    writeFault(exchange, admitted.error, surface.renderFault(admitted.error, exchange.requestId));
    deps.observer.refused({
      requestId: exchange.requestId,
      surface: surface.dialect,
      code: admitted.error.code,
      accountId: admitted.error.accountId ?? '',
    });
    return;
  }
  new TextRun(deps, admitted.value).start();
}

/** One coarse timer for all running requests: header commits, keepalives, stalled clients. */
export function startPulse(clock: Clock, running: ReadonlySet<TextRun>): Timer {
  return clock.every(1_000, () => {
    const nowMs = clock.monotonicMs();
    for (const run of running) run.tick(nowMs);
  });
}
