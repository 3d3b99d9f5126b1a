/** The ranges of a job's settings. */

import type { ImageJob } from './types.ts';

const MAX_PROMPT_CHARACTERS = 32_768;

/**
 * What is wrong with a job, or undefined. The text names the field and its range and never a value, so it is safe
 * to show and to log.
 */
export function findJobProblem(job: ImageJob): string | undefined {
  const checks: [good: boolean, problem: string][] = [
    [isPrompt(job.prompt), `prompt: must be text of at most ${MAX_PROMPT_CHARACTERS} characters`],
    [
      isPrompt(job.negativePrompt),
      `negativePrompt: must be text of at most ${MAX_PROMPT_CHARACTERS} characters`,
    ],
    [isWholeWithin(job.width, 64, 2048), 'width: must be a whole number from 64 to 2048'],
    [isWholeWithin(job.height, 64, 2048), 'height: must be a whole number from 64 to 2048'],
    [isWholeWithin(job.steps, 1, 100), 'steps: must be a whole number from 1 to 100'],
    [typeof job.cfg === 'number' && job.cfg >= 0 && job.cfg <= 30, 'cfg: must be a number from 0 to 30'],
    [
      isWholeWithin(job.seed ?? 0, 0, Number.MAX_SAFE_INTEGER),
      'seed: must be a whole number from 0 to 2^53 - 1',
    ],
  ];
  return checks.find(([good]) => !good)?.[1];
}

function isPrompt(text: string): boolean {
  return typeof text === 'string' && text.length <= MAX_PROMPT_CHARACTERS;
}

function isWholeWithin(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}
