import type { Usage } from '@switchyard/protocol/usage.ts';
import type { TokenPrice } from '../catalog/model.ts';
import type { Micros } from '../core/money.ts';

/** One kind of tokens of a request: how many, at what price, and what they make. */
export type PricedTokens = {
  kind: 'input' | 'image input' | 'cache read' | 'cache write' | 'output' | 'reasoning';
  tokens: number;
  microsPerMillion: Micros;
  /** Exact, in US dollars, as decimal text. */
  usd: string;
};

/**
 * A charge by tokens, line by line. Nothing is rounded here: the sum of the lines rounded up to a whole µ$ is `priceUsage`
 * without its minimum.
 */
export function pricedTokens(price: TokenPrice, usage: Usage): PricedTokens[] {
  const line = (kind: PricedTokens['kind'], tokens: number, microsPerMillion: Micros): PricedTokens => {
    return { kind, tokens, microsPerMillion, usd: picoUsdText(BigInt(tokens) * BigInt(microsPerMillion)) };
  };
  return [
    line('input', usage.inputTokens, price.inputMicrosPerMillion),
    line('image input', usage.imageInputTokens, price.imageInputMicrosPerMillion),
    line('cache read', usage.cacheReadTokens, price.cacheReadMicrosPerMillion),
    line('cache write', usage.cacheWriteTokens, price.cacheWriteMicrosPerMillion),
    line('output', usage.outputTokens, price.outputMicrosPerMillion),
    line('reasoning', usage.reasoningTokens, price.reasoningMicrosPerMillion),
  ];
}

/** Places of a dollar: µ$ have six, a price for a million tokens six more. */
const PLACES = 12;

/** `0.000021` of 21 000 000 millionths of a µ$, without zeros at the end. */
function picoUsdText(pico: bigint): string {
  const digits = String(pico).padStart(PLACES + 1, '0');
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  const whole = digits.slice(0, -PLACES);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
