import { expect, test } from 'vitest';
import { findJobProblem } from './check-job.ts';
import { imageJob } from './testing/image-fixtures.ts';
import type { ImageJob } from './types.ts';

test.each<[Partial<ImageJob>]>([
  [{}],
  [{ prompt: '', negativePrompt: '' }],
  [{ prompt: 'a'.repeat(32_768) }],
  [{ width: 64, height: 2048 }],
  [{ steps: 1, cfg: 0, seed: 0 }],
  [{ steps: 100, cfg: 30, seed: Number.MAX_SAFE_INTEGER }],
])('%j is taken', (changes) => {
  expect(findJobProblem(imageJob(changes))).toBeUndefined();
});

test.each<[Partial<Record<keyof ImageJob, unknown>>, string]>([
  [{ prompt: 'a'.repeat(32_769) }, 'prompt'],
  [{ prompt: 7 }, 'prompt'],
  [{ negativePrompt: 'a'.repeat(32_769) }, 'negativePrompt'],
  [{ negativePrompt: undefined }, 'negativePrompt'],
  [{ width: 63 }, 'width'],
  [{ width: 2049 }, 'width'],
  [{ width: 64.5 }, 'width'],
  [{ height: NaN }, 'height'],
  [{ height: '512' }, 'height'],
  [{ steps: 0 }, 'steps'],
  [{ steps: 101 }, 'steps'],
  [{ steps: Infinity }, 'steps'],
  [{ cfg: -0.1 }, 'cfg'],
  [{ cfg: 31 }, 'cfg'],
  [{ cfg: NaN }, 'cfg'],
  [{ cfg: '4' }, 'cfg'],
  [{ seed: -1 }, 'seed'],
  [{ seed: 0.5 }, 'seed'],
  [{ seed: 2 ** 53 }, 'seed'],
])('%j is refused', (changes, field) => {
  const problem = findJobProblem({ ...imageJob(), ...changes } as ImageJob);
  expect(problem).toMatch(new RegExp(`^${field}: must be`));
});
