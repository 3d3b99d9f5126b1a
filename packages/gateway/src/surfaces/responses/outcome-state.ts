import type { ReplyOutcome } from '../../core/surface.ts';
import type { ResponseState } from './response-object.ts';
import { usageJson } from './usage.ts';

/** How an answer ended, in the words of the dialect. Tool calls are a complete answer here. */
export function endState(outcome: ReplyOutcome, outputJson: string, requestId: string): ResponseState {
  const { endedAtMs } = outcome;
  const state = { outputJson, usageJson: usageJson(outcome, requestId) };
  switch (outcome.finish) {
    case 'length':
      return { ...state, status: 'incomplete', incompleteReason: 'max_output_tokens' };
    case 'content-filter':
      return { ...state, status: 'incomplete', incompleteReason: 'content_filter' };
    case 'stop':
    case 'tool-calls':
      return {
        ...state,
        status: 'completed',
        ...(endedAtMs === undefined ? {} : { completedAtMs: endedAtMs }),
      };
  }
}
