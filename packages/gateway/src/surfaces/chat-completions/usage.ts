import { totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import { formatUsd } from '../../core/money.ts';
import type { ReplyOutcome } from '../../core/surface.ts';

/**
 * The `usage` object as JSON text. In this dialect `prompt_tokens` holds all input, cached or not, and
 * `completion_tokens` all output, reasoning included; the details name the share, that of pictures where there is one. `cost` is what was charged, USD, as
 * an exact decimal number: it is written from the digits of the µ$ amount and never passes through a double.
 * `request_id` is the id of the receipt: many clients hand on the body but not the headers. `continued` is there when
 * another node went on in the answer.
 */
export function usageJson({ usage, costMicros, isContinued }: ReplyOutcome, requestId: string): string {
  const prompt = totalInputTokens(usage);
  const completion = totalOutputTokens(usage);
  const { imageInputTokens } = usage;
  const images = imageInputTokens > 0 ? `,"image_tokens":${imageInputTokens}` : '';
  return (
    `{"prompt_tokens":${prompt},"completion_tokens":${completion},"total_tokens":${prompt + completion},` +
    `"prompt_tokens_details":{"cached_tokens":${usage.cacheReadTokens}${images}},` +
    `"completion_tokens_details":{"reasoning_tokens":${usage.reasoningTokens}},` +
    `"cost":${formatUsd(costMicros)},"request_id":${JSON.stringify(requestId)}` +
    (isContinued === true ? ',"continued":true}' : '}')
  );
}
