import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSampler, type SamplingSettings } from './sampling.ts';

const logitsOf = (...logits: number[]) => new Float32Array(logits);

function settings(changes: Partial<SamplingSettings> = {}): SamplingSettings {
  return {
    temperature: 1,
    topP: 1,
    topK: 0,
    minP: 0,
    seed: 1,
    frequencyPenalty: 0,
    presencePenalty: 0,
    ...changes,
  };
}

/** Which tokens come out in many draws from the same logits. */
function drawn(changes: Partial<SamplingSettings>, logits: number[]): number[] {
  const sampler = createSampler(settings(changes), [], logits.length);
  const tokens = new Set(Array.from({ length: 2000 }, () => sampler.pick(logitsOf(...logits))));
  return [...tokens].sort((a, b) => a - b);
}

test.each<[string, Partial<SamplingSettings>, number[]]>([
  ['no limit', {}, [0, 1, 2, 3]],
  ['temperature 0', { temperature: 0 }, [2]],
  ['a very low temperature', { temperature: 1e-300 }, [2]],
  ['top-k 1', { topK: 1 }, [2]],
  ['top-k 3', { topK: 3 }, [0, 1, 2]],
  ['top-k above the vocabulary', { topK: 99 }, [0, 1, 2, 3]],
  ['top-p 0', { topP: 0 }, [2]],
  ['top-p 0.6', { topP: 0.6 }, [2]],
  ['top-p 0.7', { topP: 0.7 }, [0, 2]],
  ['min-p 0.3', { minP: 0.3 }, [0, 2]],
  ['min-p 1', { minP: 1 }, [2]],
  ['top-k and min-p', { topK: 3, minP: 0.3 }, [0, 2]],
])('%s', (_name, changes, expected) => {
  // Chances of about 0.24, 0.09, 0.64 and 0.03.
  expect(drawn(changes, [1, 0, 2, -1])).toEqual(expected);
});

test('a token that was ruled out is never drawn', () => {
  expect(drawn({}, [-Infinity, 0, -Infinity, 0, -Infinity])).toEqual([1, 3]);
  expect(drawn({ temperature: 0 }, [-Infinity, -Infinity, 3])).toEqual([2]);
});

test('draws follow the chances', () => {
  const sampler = createSampler(settings(), [], 2);
  const ones = Array.from({ length: 20_000 }, () => sampler.pick(logitsOf(0, Math.log(3)))).filter(
    (token) => token === 1,
  );
  expect(ones.length / 20_000).toBeCloseTo(0.75, 1);
});

test('penalties count what was noted', () => {
  const greedy = (changes: Partial<SamplingSettings>, notes: number[], prompt: number[] = []) => {
    const sampler = createSampler(settings({ temperature: 0, ...changes }), prompt, 3);
    for (const token of notes) sampler.note(token);
    return sampler.pick(logitsOf(2, 1.4, 1));
  };
  expect(greedy({}, [0, 0])).toBe(0);
  expect(greedy({ presencePenalty: 0.5 }, [0, 0])).toBe(0);
  expect(greedy({ presencePenalty: 0.7 }, [0])).toBe(1);
  expect(greedy({ frequencyPenalty: 0.4 }, [0])).toBe(0);
  expect(greedy({ frequencyPenalty: 0.4 }, [0, 0])).toBe(1);
  expect(greedy({ repetitionPenalty: 1.5 }, [], [0])).toBe(1);
  expect(greedy({ repetitionPenalty: 1.5 }, [0])).toBe(1);
  expect(greedy({ presencePenalty: -1 }, [2])).toBe(0);
  expect(greedy({ presencePenalty: -2 }, [2])).toBe(2);
});

test('the same seed gives the same draws, all its bits count', () => {
  const draws = (seed: number) => {
    const sampler = createSampler(settings({ seed }), [], 8);
    return Array.from({ length: 20 }, () => sampler.pick(new Float32Array(8))).join('');
  };
  fc.assert(fc.property(fc.maxSafeInteger(), (seed) => draws(seed) === draws(seed)));
  expect(new Set([0, 1, -7, 2 ** 32, 2 ** 32 + 1, 2 ** 52].map(draws)).size).toBe(6);
});
