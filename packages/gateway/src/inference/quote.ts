import { priceAt } from '../catalog/price-schedule.ts';
import { fault } from '../core/errors.ts';
import { creditsNumber, micros, usdNumber } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { outputCap } from '../pricing/quote.ts';
import type { InferenceDeps } from './deps.ts';
import { measureRequest } from './measure-request.ts';
import type { Refusal, Understood } from './understand.ts';

/** More than any request can cost, so that a quote does not depend on the balance. */
const NO_BOUND = micros(Number.MAX_SAFE_INTEGER);

/** The answer to a dry run: what the request would cost at most. Nothing is held, asked or counted. */
export type QuoteView = {
  object: 'quote';
  model: string;
  /** USD, exact. */
  max_cost: number;
  max_cost_credits: number;
  /** The most output tokens it could have: the client's cap, or the model's. */
  max_output_tokens: number;
  /** A bound that no tokenizer passes, not a count. */
  max_input_tokens: number;
  price_version: string;
};

/**
 * Quotes the maximal price of a request: the amount that a hold would take now if the balance were no bound.
 * Errors: `connector_offline` (no node of the deployment was online yet, so nobody knows its bounds).
 */
export function quoteText(deps: InferenceDeps, understood: Understood): Result<QuoteView, Refusal> {
  const { model, decoded, caller } = understood;
  if (model.deployment !== undefined && model.contextTokens === 0)
    return failed({ ...fault('connector_offline'), accountId: caller.account.id });
  const price = priceAt(model, deps.clock.nowMs());
  const input = measureRequest(deps, understood);
  const clientCap = decoded.chat.maxOutputTokens;
  const capped = outputCap({
    price: price.price,
    inputTokensCeiling: input.ceilingTokens,
    imageTokensCeiling: input.imageCeilingTokens,
    inputTokensEstimate: input.estimatedTokens,
    modelMaxOutputTokens: model.maxOutputTokens,
    contextTokens: model.contextTokens,
    availableMicros: NO_BOUND,
    ...(clientCap === undefined ? {} : { clientCap }),
  });
  if (capped === 'insufficient') throw new Error('a quote has no bound');
  return ok({
    object: 'quote',
    model: model.id,
    max_cost: usdNumber(capped.holdMicros),
    max_cost_credits: creditsNumber(capped.holdMicros),
    max_output_tokens: capped.capTokens,
    max_input_tokens: Math.min(input.ceilingTokens, model.contextTokens),
    price_version: price.version,
  });
}
