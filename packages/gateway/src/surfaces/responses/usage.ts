import type { Usage } from '@switchyard/protocol/usage.ts';
import { totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { MemberEdit } from '../../core/json-spans.ts';
import { editTopLevel } from '../../core/json-spans.ts';
import { formatUsd } from '../../core/money.ts';
import type { ReplyOutcome } from '../../core/surface.ts';

/**
 * The `usage` object as JSON text. In this dialect `input_tokens` holds all input, cached or not, and `output_tokens`
 * all output, reasoning included; the details name the share. `cost` is what was charged, USD, as an exact decimal
 * number. `request_id` is the id of the receipt: many clients hand on the body but not the headers.
 */
export function usageJson(outcome: ReplyOutcome, requestId: string): string {
  const members = usageMembers(outcome, requestId);
  return `{${members.map(({ key, value }) => `"${key}":${value}`).join(',')}}`;
}

/** A provider's own `usage` with the charged counts and our members in it: what it says beyond them stays. */
export function chargedUsage(provider: Buffer | undefined, outcome: ReplyOutcome, requestId: string): string {
  const edited = provider && editTopLevel(provider, usageMembers(outcome, requestId));
  return edited?.toString() ?? usageJson(outcome, requestId);
}

function usageMembers({ usage, costMicros, isContinued }: ReplyOutcome, requestId: string) {
  const input = totalInputTokens(usage);
  const output = totalOutputTokens(usage);
  return [
    { key: 'input_tokens', value: String(input) },
    { key: 'input_tokens_details', value: inputDetails(usage) },
    { key: 'output_tokens', value: String(output) },
    { key: 'output_tokens_details', value: `{"reasoning_tokens":${usage.reasoningTokens}}` },
    { key: 'total_tokens', value: String(input + output) },
    { key: 'cost', value: formatUsd(costMicros) },
    { key: 'request_id', value: JSON.stringify(requestId) },
    ...(isContinued === true ? [{ key: 'continued', value: 'true' }] : []),
  ] satisfies MemberEdit[];
}

function inputDetails({ cacheReadTokens, cacheWriteTokens, imageInputTokens }: Usage): string {
  const images = imageInputTokens > 0 ? `,"image_tokens":${imageInputTokens}` : '';
  return `{"cached_tokens":${cacheReadTokens},"cache_write_tokens":${cacheWriteTokens}${images}}`;
}
