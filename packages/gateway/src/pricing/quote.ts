import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import type { Price, TokenPrice } from '../catalog/model.ts';
import { type Micros, micros } from '../core/money.ts';
import { priceUsage } from './meter.ts';

/**
 * An answer cut shorter than this helps nobody, though its input would be paid for: such a request is refused for
 * want of credits instead. 16 is also the least `max_output_tokens` of OpenAI's Responses API (reference, read 2026-11-20).
 */
export const LEAST_AFFORDABLE_OUTPUT_TOKENS = 16;

/**
 * Room for an answer that is left even if the estimate fills the context: the estimate may be too high, and if it is
 * not, the target refuses the prompt as too long, which is the right answer.
 */
const LEAST_ROOM_TOKENS = 1_024;

export type HoldQuestion = {
  price: Price;
  /** The most input tokens that the request can have, see `measureInput`. */
  inputTokensCeiling: number;
  /** How many of them may be of pictures. */
  imageTokensCeiling: number;
  /** The most tokens that may be generated, reasoning included. */
  outputCapTokens: number;
  /** Tokens of input and output together that the model can take. Absent: no such bound. */
  contextTokens?: number;
};

/**
 * The most that a request can cost, in whole µ$: the amount to hold. No usage within the bounds costs more.
 * Input counts at the dearest of the input prices and output at the dearest of the output prices,
 * since nobody knows before the answer what a cache will serve or how much is reasoning. The price of pictures
 * only counts for as many tokens as the request's pictures can have.
 */
export function quoteHold(question: HoldQuestion): Micros {
  const { price } = question;
  if (price.type === 'flat') return price.amountMicros;
  const input = wholeTokens(question.inputTokensCeiling);
  const output = wholeTokens(question.outputCapTokens);
  const context = question.contextTokens === undefined ? input + output : wholeTokens(question.contextTokens);
  // Input and output share the context, pictures come first in the input. The dearest is then at a corner of what is
  // possible: as much input as can be, as much output as can be, or the pictures and what output is left.
  const mostInput = Math.min(input, context);
  const mostOutput = Math.min(output, context);
  const leastInput = Math.min(mostInput, context - mostOutput);
  const images = Math.min(wholeTokens(question.imageTokensCeiling), mostInput);
  const costs = [mostInput, leastInput, Math.max(images, leastInput)].map((inputTokens) =>
    dearestCost(price, {
      inputTokens,
      imageTokens: Math.min(images, inputTokens),
      outputTokens: Math.min(mostOutput, context - inputTokens),
    }),
  );
  return micros(Math.max(...costs));
}

export type CapQuestion = {
  price: Price;
  inputTokensCeiling: number;
  imageTokensCeiling: number;
  /** A likely count of the input: without a client's cap, this much of the context is kept free of output. */
  inputTokensEstimate?: number;
  modelMaxOutputTokens: number;
  contextTokens: number;
  /** The client's own bound on generated tokens. */
  clientCap?: number;
  /** What the account, and the key's spend limits, leave for this request. */
  availableMicros: Micros;
};

/**
 * The cap on generated tokens to send to the target, and the hold that covers it. 'insufficient' when the balance
 * does not buy it (error `insufficient_credits`).
 *
 * A client's own cap is honoured in full or the request is refused. Without one the cap is the model's most, or
 * what the balance buys when that is less: a default of the model never refuses a request that could be paid for.
 */
export function outputCap(question: CapQuestion): { capTokens: number; holdMicros: Micros } | 'insufficient' {
  const { price, inputTokensCeiling, imageTokensCeiling, contextTokens, clientCap, availableMicros } =
    question;
  const modelMost = Math.max(
    1,
    Math.min(wholeTokens(question.modelMaxOutputTokens), wholeTokens(contextTokens)),
  );
  const room = Math.max(LEAST_ROOM_TOKENS, contextTokens - wholeTokens(question.inputTokensEstimate ?? 0));
  const wanted = Math.min(modelMost, clientCap === undefined ? room : Math.max(1, wholeTokens(clientCap)));
  const hold = (outputCapTokens: number): Micros =>
    quoteHold({ price, inputTokensCeiling, imageTokensCeiling, outputCapTokens, contextTokens });

  const holdMicros = hold(wanted);
  if (holdMicros <= availableMicros) return { capTokens: wanted, holdMicros };
  if (clientCap !== undefined || price.type === 'flat') return 'insufficient';

  // The hold never falls as the cap grows, so halving finds the largest cap that is affordable.
  let affordable = Math.min(LEAST_AFFORDABLE_OUTPUT_TOKENS, wanted);
  if (hold(affordable) > availableMicros) return 'insufficient';
  let tooDear = wanted;
  while (tooDear - affordable > 1) {
    const middle = affordable + Math.floor((tooDear - affordable) / 2);
    if (hold(middle) <= availableMicros) affordable = middle;
    else tooDear = middle;
  }
  return { capTokens: affordable, holdMicros: hold(affordable) };
}

/** What so many tokens cost at most. `imageTokens` are part of `inputTokens`. */
function dearestCost(
  price: TokenPrice,
  tokens: { inputTokens: number; imageTokens: number; outputTokens: number },
): Micros {
  const textMicros = micros(
    Math.max(price.inputMicrosPerMillion, price.cacheReadMicrosPerMillion, price.cacheWriteMicrosPerMillion),
  );
  const dearest: TokenPrice = {
    ...price,
    inputMicrosPerMillion: textMicros,
    imageInputMicrosPerMillion: micros(Math.max(textMicros, price.imageInputMicrosPerMillion)),
    outputMicrosPerMillion: micros(Math.max(price.outputMicrosPerMillion, price.reasoningMicrosPerMillion)),
  };
  return priceUsage(dearest, {
    ...NO_USAGE,
    inputTokens: tokens.inputTokens - tokens.imageTokens,
    imageInputTokens: tokens.imageTokens,
    outputTokens: tokens.outputTokens,
  });
}

function wholeTokens(tokens: number): number {
  if (!Number.isFinite(tokens) || tokens < 0)
    throw new RangeError('token bounds must be numbers of at least 0');
  return Math.min(Math.ceil(tokens), Number.MAX_SAFE_INTEGER / 2);
}
