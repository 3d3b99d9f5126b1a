import type { Usage } from '@switchyard/protocol/usage.ts';
import { totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { MemberEdit } from '../../core/json-spans.ts';
import { editTopLevel } from '../../core/json-spans.ts';
import { formatUsd } from '../../core/money.ts';
import type { ReplyOutcome } from '../../core/surface.ts';

type UsageMember = { key: string; value: string };

/**
 * The final `usage` as JSON text. In this dialect `input_tokens` is without what a cache held or took, and
 * `output_tokens` is all output, reasoning included. `cost` is what was charged, USD, as an exact decimal number;
 * `request_id` is the id of the receipt: many clients hand on the body but not the headers.
 */
export function usageJson(outcome: ReplyOutcome, requestId: string): string {
  const { usage } = outcome;
  const members = [
    ...countMembers(usage),
    { key: 'output_tokens_details', value: `{"thinking_tokens":${usage.reasoningTokens}}` },
    { key: 'server_tool_use', value: 'null' },
    ...ownMembers(outcome, requestId),
  ];
  return `{${members.map(({ key, value }) => `"${key}":${value}`).join(',')}}`;
}

/** Before the answer only its input is known, and that as an estimate. Clients that add both counts need the 0. */
export function startUsageJson(estimatedInputTokens: number): string {
  return (
    `{"input_tokens":${estimatedInputTokens},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,` +
    `"output_tokens":0}`
  );
}

/**
 * A provider's own `usage` object with the counts that are charged and our members in it. What it says beyond them
 * (`server_tool_use`, `cache_creation`, `service_tier` and the like) stays. Undefined when the bytes are no JSON object.
 */
export function chargedUsage(provider: Buffer, outcome: ReplyOutcome, requestId: string): Buffer | undefined {
  const edits: MemberEdit[] = [...countMembers(outcome.usage), ...ownMembers(outcome, requestId)];
  return editTopLevel(provider, edits);
}

function countMembers(usage: Usage): UsageMember[] {
  const { inputTokens, imageInputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  return [
    { key: 'input_tokens', value: String(inputTokens + imageInputTokens) },
    { key: 'cache_creation_input_tokens', value: String(cacheWriteTokens) },
    { key: 'cache_read_input_tokens', value: String(cacheReadTokens) },
    { key: 'output_tokens', value: String(totalOutputTokens(usage)) },
  ];
}

function ownMembers({ costMicros, isContinued }: ReplyOutcome, requestId: string): UsageMember[] {
  return [
    { key: 'cost', value: formatUsd(costMicros) },
    { key: 'request_id', value: JSON.stringify(requestId) },
    ...(isContinued === true ? [{ key: 'continued', value: 'true' }] : []),
  ];
}
