import type { FinishReason } from '@switchyard/protocol/parts.ts';

const NAMES: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
};

/**
 * The dialect's `finish_reason`. Agents look at it to decide whether to run tools, and some engines say `stop` after a
 * call: so an answer that holds calls and was not cut always says `tool_calls`, and one without never does.
 */
export function finishReasonName(reason: FinishReason, hasToolCalls: boolean): string {
  if (reason === 'stop' || reason === 'tool-calls') return NAMES[hasToolCalls ? 'tool-calls' : 'stop'];
  return NAMES[reason];
}
