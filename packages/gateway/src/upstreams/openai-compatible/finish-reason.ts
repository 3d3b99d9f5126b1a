import type { FinishReason } from '@switchyard/protocol/parts.ts';

/**
 * Names that services write beside those of the specification. Some are no end but a failure: `abort` and `error`,
 * `insufficient_system_resource` of DeepSeek, `network_error` of Z.ai. Z.ai also has `sensitive`, and a name of its own
 * for a full context.
 */
const REASONS: ReadonlyMap<string, FinishReason | 'failed'> = new Map<string, FinishReason | 'failed'>([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_calls', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['tool_use', 'tool-calls'],
  ['content_filter', 'content-filter'],
  ['sensitive', 'content-filter'],
  ['abort', 'failed'],
  ['error', 'failed'],
  ['insufficient_system_resource', 'failed'],
  ['network_error', 'failed'],
]);

/** The names that are right as they stand, so that bytes which hold them can be handed on. */
const STANDARD = new Set(['stop', 'length', 'tool_calls', 'content_filter']);

/**
 * Reads `finish_reason`. Undefined when the answer goes on (null, absent or empty). Names nobody knows count as
 * `stop`: the target did end the answer. Ends with calls are `tool-calls` even where the engine says `stop`, and the
 * other way round.
 */
export function readFinishReason(value: unknown, hasToolCalls: boolean): FinishReason | 'failed' | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const reason = REASONS.get(value) ?? 'stop';
  if (reason === 'stop' && hasToolCalls) return 'tool-calls';
  return reason === 'tool-calls' && !hasToolCalls ? 'stop' : reason;
}

/** The name to write instead of `value`, or undefined when that is right already. */
export function correctedFinishName(value: unknown, reason: FinishReason): string | undefined {
  const name =
    reason === 'tool-calls' ? 'tool_calls' : reason === 'content-filter' ? 'content_filter' : reason;
  return typeof value === 'string' && STANDARD.has(value) && value === name ? undefined : name;
}
