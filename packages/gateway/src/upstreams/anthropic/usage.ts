import { addUsage, type Usage } from '@switchyard/protocol/usage.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';

/**
 * Reads usage into disjoint buckets. `input_tokens` leaves out what was read from and written to the cache;
 * `output_tokens` holds the thinking. In a stream the counts are cumulative: those of `message_delta` replace those of
 * `message_start`, whose `output_tokens` is only a beginning and never counts. For a whole reply both are the same
 * object. Undefined when input or output is missing: a missing count is not zero.
 *
 * Where the provider made a summary of the conversation on the way (a compaction), its own counts leave out what that
 * took, though it is billed like all else: it stands in `iterations` only, and is added here.
 * Source: Messages API, `Usage`, `BetaUsage` and `MessageDeltaUsage` of the official client 1.11.0.
 */
export function readUsage(start: unknown, end: unknown): Usage | undefined {
  const first = isJsonObject(start) ? start : {};
  const last = isJsonObject(end) ? end : {};
  const own = readCounts(first, last);
  const iterations = last['iterations'] ?? first['iterations'];
  if (own === undefined || !Array.isArray(iterations)) return own;
  return iterations.reduce<Usage>((sum, entry: unknown) => {
    const isCompaction = isJsonObject(entry) && entry['type'] === 'compaction';
    const made = isCompaction ? readCounts(entry, entry) : undefined;
    return made === undefined ? sum : addUsage(sum, made);
  }, own);
}

function readCounts(first: JsonObject, last: JsonObject): Usage | undefined {
  const newest = (key: string) => count(last[key]) ?? count(first[key]);
  const inputTokens = newest('input_tokens');
  const output = count(last['output_tokens']);
  if (inputTokens === undefined || output === undefined) return undefined;
  const details = last['output_tokens_details'];
  const thinking = (isJsonObject(details) ? count(details['thinking_tokens']) : undefined) ?? 0;
  const reasoningTokens = Math.min(thinking, output);
  return {
    inputTokens,
    imageInputTokens: 0,
    cacheReadTokens: newest('cache_read_input_tokens') ?? 0,
    cacheWriteTokens: newest('cache_creation_input_tokens') ?? 0,
    outputTokens: output - reasoningTokens,
    reasoningTokens,
  };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
