import { type Usage, totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';

/**
 * Nodes of others earn by what they report, so a report counts only as far as our own count bears it out: 1.1 times it.
 * Our count is made of bytes; how many tokens a model makes of them is learned from the reports of trusted nodes.
 */
const TOLERANCE = 1.1;

/** Tokens that an engine counts and no part shows: the end mark, and the syntax that it turns into a tool call. */
const MARKS_PER_ANSWER = 2;
const MARKS_PER_TOOL_CALL = 16;
/** What a template adds to a prompt; with tools it explains how to call them (Qwen and Llama: 60-200 tokens). */
const TEMPLATE_TOKENS = 64;
const TOOLS_TEMPLATE_TOKENS = 256;
/** A picture counts with a quarter of the most that one can become: 4 096 tokens, above 2 megapixels at Qwen2.5-VL. */
const IMAGE_CEILING_SHARE = 0.25;

/** Tokens of a model for each token of our own count. */
export type Yardstick = { input: number; output: number };

export const NO_YARDSTICK: Yardstick = Object.freeze({ input: 1, output: 1 });

/** What we counted ourselves of one request. */
export type OwnCount = {
  /** See `InputMeasure`. */
  inputTokensEstimate: number;
  imageTokensCeiling: number;
  hasTools: boolean;
  outputTokens: number;
  reasoningTokens: number;
  toolCalls: number;
};

/** The most that a report is believed. */
export type TokenBound = { inputTokens: number; outputTokens: number; reasoningTokens: number };

export function tokenBound(count: OwnCount, yardstick: Yardstick): TokenBound {
  const template = TEMPLATE_TOKENS + (count.hasTools ? TOOLS_TEMPLATE_TOKENS : 0);
  const images = Math.floor(count.imageTokensCeiling * IMAGE_CEILING_SHARE);
  const bounded = (tokens: number, ratio: number) => Math.floor(TOLERANCE * ratio * tokens);
  const marks = MARKS_PER_ANSWER + MARKS_PER_TOOL_CALL * count.toolCalls;
  return {
    inputTokens: bounded(count.inputTokensEstimate, yardstick.input) + template + images,
    outputTokens: bounded(count.outputTokens + count.reasoningTokens, yardstick.output) + marks,
    reasoningTokens: bounded(count.reasoningTokens, yardstick.output),
  };
}

/**
 * A report within a bound, the same object when it is. Output above the bound is cut; what it calls reasoning without
 * having sent that much counts as plain output. Cut input is taken from the dearest kinds first; writes to a cache
 * are plain input, since nobody pays a node for its cache.
 */
export function withinBound(reported: Usage, bound: TokenBound): Usage {
  const output = Math.min(totalOutputTokens(reported), bound.outputTokens);
  const reasoningTokens = Math.min(reported.reasoningTokens, bound.reasoningTokens, output);
  const input = Math.min(totalInputTokens(reported), bound.inputTokens);
  const cacheReadTokens = Math.min(reported.cacheReadTokens, input);
  const plain = reported.inputTokens + reported.cacheWriteTokens;
  const inputTokens = Math.min(plain, input - cacheReadTokens);
  const imageInputTokens = Math.min(reported.imageInputTokens, input - cacheReadTokens - inputTokens);
  const isSame =
    output - reasoningTokens === reported.outputTokens &&
    reasoningTokens === reported.reasoningTokens &&
    inputTokens === reported.inputTokens &&
    imageInputTokens === reported.imageInputTokens &&
    cacheReadTokens === reported.cacheReadTokens;
  if (isSame) return reported;
  return {
    inputTokens,
    imageInputTokens,
    cacheReadTokens,
    cacheWriteTokens: 0,
    outputTokens: output - reasoningTokens,
    reasoningTokens,
  };
}

/** A mean that newer values weigh more in, and how many it is made of. */
export type Ratio = { value: number; samples: number };

export const NO_RATIO: Ratio = Object.freeze({ value: 1, samples: 0 });

const NEWEST_WEIGHT = 0.05;
/** No tokenizer makes more than a token of a byte, which is four of our count, or fewer than a fourth of it. */
const RATIO_MIN = 0.25;
const RATIO_MAX = 4;
/** Below it a few marks weigh too much. */
const MEASURABLE_TOKENS = 50;

/** Learns from one report of a trusted node. Too short ones change nothing. */
export function learnRatio(ratio: Ratio, reportedTokens: number, countedTokens: number): Ratio {
  if (countedTokens < MEASURABLE_TOKENS || !Number.isSafeInteger(reportedTokens)) return ratio;
  const value = Math.min(Math.max(reportedTokens / countedTokens, RATIO_MIN), RATIO_MAX);
  const samples = ratio.samples + 1;
  // The first ones are averaged, so that the very first does not rule for long.
  const weight = Math.max(NEWEST_WEIGHT, 1 / samples);
  return { value: ratio.value + (value - ratio.value) * weight, samples };
}
