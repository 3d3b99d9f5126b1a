import type { FinishReason } from '@switchyard/protocol/parts.ts';

const REASONS: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  // Only with tools that run at the provider: the answer so far is whole, and the client may ask to go on.
  ['pause_turn', 'stop'],
  ['tool_use', 'tool-calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content-filter'],
]);

/**
 * Reads `stop_reason`. Undefined when there is none yet. Names that nobody knows count as `stop`: the model did end its
 * answer. Answers with calls end with `tool-calls`, and those without never do, whatever the name.
 * Source: Messages API, "Handling stop reasons", read 2026-11-21.
 */
export function readStopReason(value: unknown, hasToolCalls: boolean): FinishReason | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const reason = REASONS.get(value) ?? 'stop';
  if (reason === 'stop' && hasToolCalls) return 'tool-calls';
  return reason === 'tool-calls' && !hasToolCalls ? 'stop' : reason;
}
