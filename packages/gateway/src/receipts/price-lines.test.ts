import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TokenPrice } from '../catalog/model.ts';
import { micros } from '../core/money.ts';
import { priceUsage } from '../pricing/meter.ts';
import { pricedTokens } from './price-lines.ts';

const price = (change: Partial<TokenPrice> = {}): TokenPrice => ({
  type: 'per-token',
  inputMicrosPerMillion: micros(150_000),
  imageInputMicrosPerMillion: micros(150_000),
  cacheReadMicrosPerMillion: micros(15_000),
  cacheWriteMicrosPerMillion: micros(187_500),
  outputMicrosPerMillion: micros(600_000),
  reasoningMicrosPerMillion: micros(600_000),
  minimumMicros: micros(0),
  ...change,
});
const usage = (inputTokens: number, outputTokens: number) => ({
  inputTokens,
  imageInputTokens: 0,
  cacheReadTokens: 7,
  cacheWriteTokens: 0,
  outputTokens,
  reasoningTokens: 0,
});

it('names each kind with what it makes, to the last place', () => {
  expect(pricedTokens(price(), usage(1_000, 2_500_000)).map(({ kind, usd }) => [kind, usd])).toEqual([
    ['input', '0.00015'],
    ['image input', '0'],
    ['cache read', '0.000000105'],
    ['cache write', '0'],
    ['output', '1.5'],
    ['reasoning', '0'],
  ]);
});

it('adds up to what is charged, rounded up once', () => {
  const amount = fc.nat({ max: 100_000_000 }).map(micros);
  const tokens = fc.nat({ max: 200_000_000 });
  fc.assert(
    fc.property(amount, amount, tokens, tokens, (input, output, inputTokens, outputTokens) => {
      const own = price({ inputMicrosPerMillion: input, outputMicrosPerMillion: output });
      const used = usage(inputTokens, outputTokens);
      const pico = pricedTokens(own, used).reduce((sum, { usd }) => sum + readPico(usd), 0n);
      expect((pico + 999_999n) / 1_000_000n).toBe(BigInt(priceUsage(own, used)));
    }),
  );
});

function readPico(usd: string): bigint {
  const [whole = '', fraction = ''] = usd.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}
