/** The ranges of a job's settings. */

import type { DemoJob } from './types.ts';

const MAX_STOPS = 16;
const MAX_STOP_CHARACTERS = 1024;

/**
 * What is wrong with a job, or undefined. The text names the field and its range and never a value, so it is safe
 * to show and to log.
 */
export function findJobProblem(job: DemoJob): string | undefined {
  const checks: [good: boolean, problem: string][] = [
    [job.messages.length > 0, 'messages: at least one is needed'],
    [isPositiveInteger(job.maxOutputTokens ?? 1), 'maxOutputTokens: must be a whole number from 1'],
    [isWithin(job.temperature, 0, 100), 'temperature: must be between 0 and 100'],
    [isWithin(job.topP, 0, 1), 'topP: must be between 0 and 1'],
    [job.topK === 0 || isPositiveInteger(job.topK), 'topK: must be a whole number from 0'],
    [isWithin(job.minP, 0, 1), 'minP: must be between 0 and 1'],
    [Number.isSafeInteger(job.seed ?? 0), 'seed: must be a whole number'],
    [isWithin(job.frequencyPenalty, -2, 2), 'frequencyPenalty: must be between -2 and 2'],
    [isWithin(job.presencePenalty, -2, 2), 'presencePenalty: must be between -2 and 2'],
    [isWithin(job.repetitionPenalty ?? 1, 0.1, 10), 'repetitionPenalty: must be between 0.1 and 10'],
    [job.stop.length <= MAX_STOPS, `stop: at most ${MAX_STOPS} strings`],
    [job.stop.every(isGoodStop), `stop: each must have 1 to ${MAX_STOP_CHARACTERS} characters`],
    [hasChosenTool(job), 'toolChoice: asks for a tool that is not in tools'],
  ];
  return checks.find(([good]) => !good)?.[1];
}

const isWithin = (value: number, low: number, high: number) => value >= low && value <= high;
const isPositiveInteger = (value: number) => Number.isSafeInteger(value) && value >= 1;
const isGoodStop = (stop: string) => stop.length >= 1 && stop.length <= MAX_STOP_CHARACTERS;

function hasChosenTool({ toolChoice, tools }: DemoJob): boolean {
  if (toolChoice === 'auto' || toolChoice === 'none') return true;
  if (toolChoice === 'required') return tools.length > 0;
  return tools.some((tool) => tool.name === toolChoice.name);
}
