import { fault } from '../core/errors.ts';
import { openAiFaultBody } from '../core/fault-body.ts';
import type { ImageSurface } from '../core/image-surface.ts';
import { creditsNumber, usdNumber } from '../core/money.ts';
import { ok, type Result } from '../core/result.ts';
import { admitImage, understandImage, type UnderstoodImage } from './admit-image.ts';
import { claimOnce } from './claim-once.ts';
import type { Exchange } from './exchange.ts';
import type { ImageDeps } from './image-deps.ts';
import { ImageRun } from './image-run.ts';
import { writeFault, writeJson } from './reply-writer.ts';
import { readRequestHeaders } from './request-headers.ts';
import type { Refusal } from './understand.ts';

/** The life of one picture: as of text (`serveText`), with a price that is known before. */
export function serveImage(deps: ImageDeps, surface: ImageSurface, exchange: Exchange): void {
  const { inference } = deps;
  if (!inference.accepting()) {
    exchange.response.setHeader('connection', 'close');
    const draining = fault('draining', { retryAfterMs: 2_000 });
    writeFault(exchange, draining, openAiFaultBody(draining));
    return;
  }
  const paused = inference.paused?.();
  if (paused !== undefined) {
    writeFault(exchange, paused, openAiFaultBody(paused));
    return;
  }
  const outcome = begin(deps, surface, exchange);
  if (outcome.ok) {
    if ('run' in outcome.value) outcome.value.run.start();
    else writeJson(exchange, 200, outcome.value.quote);
    return;
  }
  const { accountId = '', code } = outcome.error;
  writeFault(exchange, outcome.error, openAiFaultBody(outcome.error));
  inference.observer.refused({ requestId: exchange.requestId, surface: 'images', code, accountId });
}

function begin(
  deps: ImageDeps,
  surface: ImageSurface,
  exchange: Exchange,
): Result<{ run: ImageRun } | { quote: string }, Refusal> {
  const headers = readRequestHeaders(exchange.rawHeaders);
  if (!headers.ok) return headers;
  const understood = understandImage(deps, surface, exchange);
  if (!understood.ok) return understood;
  if (headers.value.dryRun || understood.value.decoded.dryRun)
    return ok({ quote: quoteText(understood.value) });
  const claim = claimOnce(deps.inference.idempotency, understood.value, headers.value.idempotencyKey);
  if (!claim.ok) return claim;
  const admitted = admitImage(deps, understood.value);
  if (!admitted.ok) {
    claim.value?.abandon();
    return admitted;
  }
  const tells = wantsEvents(exchange.rawHeaders);
  return ok({ run: new ImageRun(deps, admitted.value, { claim: claim.value, tells }) });
}

function quoteText({ model, price, priceMicros }: UnderstoodImage): string {
  return JSON.stringify({
    object: 'quote',
    model: model.id,
    max_cost: usdNumber(priceMicros),
    max_cost_credits: creditsNumber(priceMicros),
    price_version: price.version,
  });
}

function wantsEvents(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some(
    (value, index) =>
      index % 2 === 1 &&
      rawHeaders[index - 1]?.toLowerCase() === 'accept' &&
      value.toLowerCase().includes('text/event-stream'),
  );
}
