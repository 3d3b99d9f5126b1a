import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../core/money.ts';
import { priceUsage } from './meter.ts';
import { LEAST_AFFORDABLE_OUTPUT_TOKENS, outputCap, quoteHold } from './quote.ts';
import { flat, perToken } from './testing-prices.ts';

const PRICE = perToken({ input: 2_000_000, cacheRead: 200_000, cacheWrite: 3_000_000, output: 10_000_000 });
const NO_IMAGES = { imageTokensCeiling: 0 };

describe('quoteHold', () => {
  it('takes the dearest input and output price', () => {
    expect(quoteHold({ ...NO_IMAGES, price: PRICE, inputTokensCeiling: 1_000, outputCapTokens: 100 })).toBe(
      3_000 + 1_000,
    );
  });
  it('is the price itself for a flat price', () => {
    expect(
      quoteHold({ ...NO_IMAGES, price: flat(20_000), inputTokensCeiling: 1e6, outputCapTokens: 1e6 }),
    ).toBe(20_000);
  });
  it('is at least the minimum charge', () => {
    const price = perToken({ input: 1, output: 1, minimum: 500 });
    expect(quoteHold({ ...NO_IMAGES, price, inputTokensCeiling: 10, outputCapTokens: 10 })).toBe(500);
  });
  it('does not hold for more tokens than the context takes', () => {
    const bounds = { ...NO_IMAGES, price: PRICE, inputTokensCeiling: 400_000, outputCapTokens: 8_000 };
    expect(quoteHold({ ...bounds, contextTokens: 100_000 })).toBe(92_000 * 3 + 8_000 * 10);
  });

  it.each([
    ['counts pictures at their price when it is the dearest', { imageInput: 5_000_000 }, 300 * 5 + 700 * 3],
    ['counts them as other input when that is dearer', { imageInput: 1_000_000 }, 1_000 * 3],
  ])('%s', (_name, change, inputMicros) => {
    const price = perToken({ input: 2_000_000, cacheWrite: 3_000_000, output: 10_000_000, ...change });
    const bounds = { price, inputTokensCeiling: 1_000, outputCapTokens: 100 };
    expect(quoteHold({ ...bounds, imageTokensCeiling: 300 })).toBe(inputMicros + 1_000);
    expect(quoteHold({ ...bounds, imageTokensCeiling: 0 })).toBe(3_000 + 1_000);
  });
  it('finds the dearest share of a context: pictures before output, output before text', () => {
    const price = perToken({ input: 1_000_000, imageInput: 20_000_000, output: 10_000_000 });
    const bounds = { price, inputTokensCeiling: 1_000, imageTokensCeiling: 300, outputCapTokens: 900 };
    expect(quoteHold({ ...bounds, contextTokens: 1_000 })).toBe(300 * 20 + 700 * 10);
  });

  it('covers every usage within its bounds', () => {
    const tokens = fc.nat(50_000);
    const perMillion = fc.nat(30_000_000);
    fc.assert(
      fc.property(
        fc.tuple(perMillion, perMillion, perMillion, perMillion, fc.nat(20_000), perMillion),
        fc.tuple(tokens, tokens, fc.integer({ min: 1, max: 80_000 }), tokens),
        fc.array(fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })), {
          minLength: 6,
          maxLength: 6,
        }),
        (
          [input, cacheRead, cacheWrite, output, minimum, imageInput],
          [ceiling, cap, contextTokens, imageTokensCeiling],
          [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0],
        ) => {
          const price = perToken({ input, imageInput, cacheRead, cacheWrite, output, minimum });
          const inputTotal = Math.floor(Math.min(ceiling, contextTokens) * a);
          const outputTotal = Math.floor(Math.min(cap, contextTokens - inputTotal) * b);
          const cacheReadTokens = Math.floor(inputTotal * c);
          const cacheWriteTokens = Math.floor((inputTotal - cacheReadTokens) * d);
          const plainTokens = inputTotal - cacheReadTokens - cacheWriteTokens;
          const imageInputTokens = Math.floor(Math.min(plainTokens, imageTokensCeiling) * f);
          const reasoningTokens = Math.floor(outputTotal * e);
          const usage = {
            inputTokens: plainTokens - imageInputTokens,
            imageInputTokens,
            cacheReadTokens,
            cacheWriteTokens,
            outputTokens: outputTotal - reasoningTokens,
            reasoningTokens,
          };
          const hold = quoteHold({
            price,
            inputTokensCeiling: ceiling,
            imageTokensCeiling,
            outputCapTokens: cap,
            contextTokens,
          });
          expect(priceUsage(price, usage)).toBeLessThanOrEqual(hold);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('outputCap', () => {
  const base = {
    ...NO_IMAGES,
    price: PRICE,
    inputTokensCeiling: 1_000,
    modelMaxOutputTokens: 4_000,
    contextTokens: 100_000,
  };

  it('gives the most of the model when the balance covers it', () => {
    expect(outputCap({ ...base, availableMicros: micros(1_000_000) })).toEqual({
      capTokens: 4_000,
      holdMicros: 43_000,
    });
  });
  it('gives what the balance buys when that is less, and holds no more than it', () => {
    expect(outputCap({ ...base, availableMicros: micros(13_009) })).toEqual({
      capTokens: 1_000,
      holdMicros: 13_000,
    });
  });
  it('honours the cap of the client in full or refuses', () => {
    expect(outputCap({ ...base, clientCap: 500, availableMicros: micros(8_000) })).toEqual({
      capTokens: 500,
      holdMicros: 8_000,
    });
    expect(outputCap({ ...base, clientCap: 500, availableMicros: micros(7_999) })).toBe('insufficient');
  });
  it('bounds the cap of the client by the most of the model', () => {
    const answer = outputCap({ ...base, clientCap: 1e9, availableMicros: micros(1_000_000) });
    expect(answer).toEqual({ capTokens: 4_000, holdMicros: 43_000 });
  });
  it('refuses when the balance buys the input and no useful output', () => {
    const least = 3_000 + LEAST_AFFORDABLE_OUTPUT_TOKENS * 10;
    expect(outputCap({ ...base, availableMicros: micros(least - 1) })).toBe('insufficient');
    expect(outputCap({ ...base, availableMicros: micros(least) })).toEqual({
      capTokens: LEAST_AFFORDABLE_OUTPUT_TOKENS,
      holdMicros: least,
    });
  });
  it('keeps room in the context for the input when the client gave no cap', () => {
    const answer = outputCap({
      ...base,
      modelMaxOutputTokens: 100_000,
      inputTokensEstimate: 60_000,
      availableMicros: micros(1e9),
    });
    expect(answer).toMatchObject({ capTokens: 40_000 });
  });
  it('leaves room for an answer even if the estimate fills the context', () => {
    const answer = outputCap({ ...base, inputTokensEstimate: 200_000, availableMicros: micros(1e9) });
    expect(answer).toMatchObject({ capTokens: 1_024 });
  });
  it('needs the whole amount of a flat price', () => {
    const flatBase = { ...base, price: flat(20_000) };
    expect(outputCap({ ...flatBase, availableMicros: micros(20_000) })).toEqual({
      capTokens: 4_000,
      holdMicros: 20_000,
    });
    expect(outputCap({ ...flatBase, availableMicros: micros(19_999) })).toBe('insufficient');
  });
  it('gives a free model to an empty balance', () => {
    const answer = outputCap({ ...base, price: perToken({}), availableMicros: micros(0) });
    expect(answer).toEqual({ capTokens: 4_000, holdMicros: 0 });
  });

  it('gives the largest cap whose hold is covered', () => {
    fc.assert(
      fc.property(
        fc.nat(30_000_000),
        fc.nat(30_000_000),
        fc.tuple(fc.nat(200_000), fc.nat(60_000)),
        fc.nat(400_000),
        (input, output, [ceiling, imageTokensCeiling], balance) => {
          const question = {
            price: perToken({ input, output, cacheRead: input, cacheWrite: input, imageInput: 2 * input }),
            inputTokensCeiling: ceiling,
            imageTokensCeiling,
            modelMaxOutputTokens: 8_000,
            contextTokens: 64_000,
            availableMicros: micros(balance),
          };
          const answer = outputCap(question);
          if (answer === 'insufficient') {
            expect(outputCap({ ...question, clientCap: LEAST_AFFORDABLE_OUTPUT_TOKENS })).toBe(
              'insufficient',
            );
            return;
          }
          expect(answer.holdMicros).toBeLessThanOrEqual(balance);
          if (answer.capTokens === 8_000) return;
          expect(outputCap({ ...question, clientCap: answer.capTokens + 1 })).toBe('insufficient');
        },
      ),
    );
  });
});
