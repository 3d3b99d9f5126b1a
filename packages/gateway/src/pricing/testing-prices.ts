import type { FlatPrice, TokenPrice } from '../catalog/model.ts';
import { micros } from '../core/money.ts';

/** Prices for tests, in whole µ$ per million tokens. Reasoning costs as output, pictures as input unless told. */
export function perToken(prices: {
  input?: number;
  imageInput?: number;
  cacheRead?: number;
  cacheWrite?: number;
  output?: number;
  minimum?: number;
}): TokenPrice {
  return {
    type: 'per-token',
    inputMicrosPerMillion: micros(prices.input ?? 0),
    imageInputMicrosPerMillion: micros(prices.imageInput ?? prices.input ?? 0),
    cacheReadMicrosPerMillion: micros(prices.cacheRead ?? 0),
    cacheWriteMicrosPerMillion: micros(prices.cacheWrite ?? 0),
    outputMicrosPerMillion: micros(prices.output ?? 0),
    reasoningMicrosPerMillion: micros(prices.output ?? 0),
    minimumMicros: micros(prices.minimum ?? 0),
  };
}

export function flat(amountMicros: number): FlatPrice {
  return { type: 'flat', amountMicros: micros(amountMicros) };
}
