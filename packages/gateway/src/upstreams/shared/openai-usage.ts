import type { Usage } from '@switchyard/protocol/usage.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';

/**
 * Reads the `usage` object of OpenAI's two dialects into disjoint buckets. `prompt_tokens` (chat completions) or
 * `input_tokens` (responses) holds what was read from and written to a cache, and pictures; `completion_tokens` or
 * `output_tokens` holds reasoning. A picture may be cached too, and nobody says which: pictures are at most what no
 * cache has. Two habits of real services are known: DeepSeek names cache hits `prompt_cache_hit_tokens`, and some count
 * reasoning beside `completion_tokens` (seen from their own total).
 * Undefined when the two main counts are not both whole numbers: a missing count is not zero.
 */
export function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const prompt = count(value['prompt_tokens'] ?? value['input_tokens']);
  const completion = count(value['completion_tokens'] ?? value['output_tokens']);
  if (prompt === undefined || completion === undefined) return undefined;
  const promptDetails = object(value['prompt_tokens_details'] ?? value['input_tokens_details']);
  const completionDetails = object(value['completion_tokens_details'] ?? value['output_tokens_details']);
  const cached = count(promptDetails['cached_tokens']) ?? count(value['prompt_cache_hit_tokens']) ?? 0;
  const cacheReadTokens = Math.min(cached, prompt);
  const cacheWriteTokens = Math.min(
    count(promptDetails['cache_write_tokens']) ?? 0,
    prompt - cacheReadTokens,
  );
  const imageInputTokens = Math.min(
    count(promptDetails['image_tokens']) ?? 0,
    prompt - cacheReadTokens - cacheWriteTokens,
  );
  const reasoningTokens = count(completionDetails['reasoning_tokens']) ?? 0;
  const isBeside =
    reasoningTokens > completion || count(value['total_tokens']) === prompt + completion + reasoningTokens;
  return {
    inputTokens: prompt - cacheReadTokens - cacheWriteTokens - imageInputTokens,
    imageInputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens: isBeside ? completion : completion - reasoningTokens,
    reasoningTokens,
  };
}

function object(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
