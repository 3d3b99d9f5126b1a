import type { ReasoningEffort } from '@switchyard/protocol/chat.ts';

const EFFORTS: ReadonlyMap<unknown, ReasoningEffort> = new Map([
  ['none', 'none'],
  ['minimal', 'minimal'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'max'],
  ['max', 'max'],
]);

/**
 * Reads `reasoning_effort` of the chat completions dialect. Names that nobody knows yet give undefined, "as the model
 * does by itself": clients send new names before servers know them, and no value of this field is worth a 400.
 */
export function readReasoningEffort(value: unknown): ReasoningEffort | undefined {
  return EFFORTS.get(value);
}
