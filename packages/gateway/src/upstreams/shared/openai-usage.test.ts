import fc from 'fast-check';
import { expect, test } from 'vitest';
import { totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import { readUsage } from './openai-usage.ts';

/** Input without pictures, cache read, cache write, output, reasoning */
function buckets(value: unknown): number[] | undefined {
  const usage = readUsage(value);
  if (usage === undefined) return undefined;
  return [
    usage.inputTokens,
    usage.cacheReadTokens,
    usage.cacheWriteTokens,
    usage.outputTokens,
    usage.reasoningTokens,
  ];
}

const base = { prompt_tokens: 100, completion_tokens: 50 };

test.each([
  ['plain', base, [100, 0, 0, 50, 0]],
  ['zero is not missing', { prompt_tokens: 0, completion_tokens: 0 }, [0, 0, 0, 0, 0]],
  [
    'OpenAI',
    {
      ...base,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 30 },
    },
    [30, 60, 10, 20, 30],
  ],
  [
    'OpenAI, responses',
    {
      input_tokens: 100,
      output_tokens: 50,
      total_tokens: 150,
      input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
      output_tokens_details: { reasoning_tokens: 30 },
    },
    [30, 60, 10, 20, 30],
  ],
  ['DeepSeek', { ...base, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 }, [36, 64, 0, 50, 0]],
  [
    'reasoning counted beside, by the total',
    { ...base, total_tokens: 180, completion_tokens_details: { reasoning_tokens: 30 } },
    [100, 0, 0, 50, 30],
  ],
  [
    'reasoning counted beside, because it is more',
    { ...base, completion_tokens_details: { reasoning_tokens: 70 } },
    [100, 0, 0, 50, 70],
  ],
  ['more cached than read', { ...base, prompt_tokens_details: { cached_tokens: 500 } }, [0, 100, 0, 50, 0]],
  [
    'null details',
    { ...base, prompt_tokens_details: null, completion_tokens_details: null },
    [100, 0, 0, 50, 0],
  ],
  ['nothing', undefined, undefined],
  ['null', null, undefined],
  ['no prompt count', { completion_tokens: 5 }, undefined],
  ['a negative count', { prompt_tokens: -1, completion_tokens: 5 }, undefined],
  ['a fraction', { prompt_tokens: 1.5, completion_tokens: 5 }, undefined],
  ['text', { prompt_tokens: '1', completion_tokens: 5 }, undefined],
])('%s', (_what, value, expected) => {
  expect(buckets(value)).toEqual(expected);
});

test.each([
  ['beside cached input', { cached_tokens: 60, image_tokens: 25 }, 15, 25],
  ['at most what no cache has', { cached_tokens: 60, cache_write_tokens: 10, image_tokens: 90 }, 0, 30],
  ['more than there is', { image_tokens: 500 }, 0, 100],
  ['none', { image_tokens: 0 }, 100, 0],
  ['nonsense', { image_tokens: -5 }, 100, 0],
])('pictures: %s', (_what, details, inputTokens, imageInputTokens) => {
  const usage = readUsage({ ...base, prompt_tokens_details: details });
  expect([usage?.inputTokens, usage?.imageInputTokens]).toEqual([inputTokens, imageInputTokens]);
});

test('buckets are never negative, and input adds up to what was reported', () => {
  const count = fc.oneof(fc.nat(1000), fc.constant(undefined), fc.jsonValue());
  const usage = fc.record({
    prompt_tokens: fc.nat(1000),
    completion_tokens: fc.nat(1000),
    total_tokens: count,
    prompt_cache_hit_tokens: count,
    prompt_tokens_details: fc.oneof(
      fc.record({ cached_tokens: count, cache_write_tokens: count, image_tokens: count }),
      fc.jsonValue(),
    ),
    completion_tokens_details: fc.oneof(fc.record({ reasoning_tokens: count }), fc.jsonValue()),
  });
  fc.assert(
    fc.property(usage, (value) => {
      const read = readUsage(value);
      if (read === undefined) throw new Error('both counts are there');
      for (const tokens of Object.values(read)) expect(tokens).toBeGreaterThanOrEqual(0);
      expect(totalInputTokens(read)).toBe(value.prompt_tokens);
      expect(totalOutputTokens(read)).toBeGreaterThanOrEqual(value.completion_tokens);
    }),
  );
});
