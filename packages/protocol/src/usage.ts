/**
 * Token usage in disjoint buckets: no token stands in two of them, so no dialect's own idea of
 * "prompt tokens" can count one twice. All numbers are whole tokens, at least 0.
 */
export type Usage = {
  /** Input that was neither read from nor written to a cache, without pictures that are counted apart. */
  inputTokens: number;
  /**
   * Input that pictures became, where the target counts it apart; a picture read from a cache stands in
   * `cacheReadTokens`. 0 also where it is not known apart: then it is part of `inputTokens`.
   */
  imageInputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Generated tokens without reasoning. */
  outputTokens: number;
  reasoningTokens: number;
};

export const NO_USAGE: Usage = Object.freeze({
  inputTokens: 0,
  imageInputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
});

/** The sum, bucket by bucket. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    imageInputTokens: a.imageInputTokens + b.imageInputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}

/** All input tokens, pictures too, cached or not: what OpenAI calls `prompt_tokens`. */
export function totalInputTokens(usage: Usage): number {
  return usage.inputTokens + usage.imageInputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

/** All generated tokens, reasoning included: what OpenAI calls `completion_tokens`. */
export function totalOutputTokens(usage: Usage): number {
  return usage.outputTokens + usage.reasoningTokens;
}
