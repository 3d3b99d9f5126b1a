import type { ReplyOutcome } from '../../core/surface.ts';

/** What of an answer's content decides why it ended. */
export type AnswerFacts = {
  hasCalls: boolean;
  hasRefusal: boolean;
  /** The input of a call breaks off. */
  hasCutCall: boolean;
};

export type StopMembers = { reason: string; sequence: string | null };

/**
 * The dialect's `stop_reason` and `stop_sequence`. Agents run tools when they read `tool_use`, and some engines say
 * `stop` after a call: so a whole answer that holds calls always says `tool_use`, and one without never does. A model's
 * refusal has a part of its own in the canonical form and only this name here. A call whose input breaks off must not
 * be run with half of it, and clients complete half a JSON text by themselves: such an answer counts as cut.
 * `pause_turn` and `model_context_window_exceeded` are never made up: they come from providers of this dialect only.
 * Source: messages API, `stop_reason`, as of @anthropic-ai/sdk 1.11.0, read 2026-11-21.
 */
export function stopMembers(outcome: ReplyOutcome, facts: AnswerFacts): StopMembers {
  switch (outcome.finish) {
    case 'length':
      return { reason: 'max_tokens', sequence: null };
    case 'content-filter':
      return { reason: 'refusal', sequence: null };
    case 'stop':
    case 'tool-calls':
      break;
  }
  if (facts.hasCutCall) return { reason: 'max_tokens', sequence: null };
  if (facts.hasCalls) return { reason: 'tool_use', sequence: null };
  if (facts.hasRefusal) return { reason: 'refusal', sequence: null };
  if (outcome.stopSequence !== undefined) return { reason: 'stop_sequence', sequence: outcome.stopSequence };
  return { reason: 'end_turn', sequence: null };
}
