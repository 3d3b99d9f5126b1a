import type { Fault } from '../core/errors.ts';
import type { TextSurface } from '../core/surface.ts';
import { adaptFault } from './adapt-fault.ts';
import type { InferenceDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { writeFault } from './reply-writer.ts';
import type { Refusal } from './understand.ts';

/** Answers with an error in the surface's own shape. */
export function refuse(surface: TextSurface, exchange: Exchange, value: Fault): void {
  const adapted = adaptFault(surface, value, exchange);
  writeFault(exchange, adapted, surface.renderFault(adapted, exchange.requestId));
}

/** The same, and tells the log and the metrics. */
export function refuseAndTell(
  { observer }: InferenceDeps,
  surface: TextSurface,
  exchange: Exchange,
  refusal: Refusal,
): void {
  refuse(surface, exchange, refusal);
  observer.refused({
    requestId: exchange.requestId,
    surface: surface.dialect,
    code: refusal.code,
    accountId: refusal.accountId ?? '',
  });
}
