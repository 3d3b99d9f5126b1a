import type { ReasoningEffort } from '@switchyard/protocol/chat.ts';
import type { JsonObject } from '../../core/json-body.ts';
import type { ModelTraits } from './model-traits.ts';

/** `thinking` is the member of that name, `effort` that of `output_config`. */
export type ThinkingFields = { thinking?: JsonObject; effort?: string };

export type ThinkingAsk = {
  effort: ReasoningEffort | undefined;
  /** Tokens of thinking and answer together. */
  maxTokens: number;
  /** False where the rest of the request rules thinking out. */
  mayThink: boolean;
};

/** The API takes no smaller budget. */
export const BUDGET_MIN_TOKENS = 1_024;

/** How much of the output may be thinking, for models that want a number. What is left is for the answer. */
const BUDGET_SHARES: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.5,
  high: 0.75,
  max: 0.9,
};

const LEVELS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, string>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  max: 'max',
};

/**
 * Says an effort in the words of a model. No effort leaves the model as it is by itself. A model that always thinks
 * takes "none" as its lowest effort; one that wants a budget does not think when the output is too short for one.
 */
export function thinkingFields(ask: ThinkingAsk, traits: ModelTraits): ThinkingFields {
  const { effort } = ask;
  if (traits.thinking === 'none') return {};
  if (effort === 'none' || !ask.mayThink) return thinkingOff(traits);
  if (effort === undefined) return traits.thinksByDefault ? { thinking: adaptive(traits) } : {};
  if (traits.thinking === 'adaptive') return { thinking: adaptive(traits), effort: LEVELS[effort] };
  const budget = Math.max(BUDGET_MIN_TOKENS, Math.floor(ask.maxTokens * BUDGET_SHARES[effort]));
  return budget < ask.maxTokens ? { thinking: { type: 'enabled', budget_tokens: budget } } : {};
}

/** Whether the fields ask for thinking, with which the samplers' settings must stay away. */
export function asksToThink({ thinking }: ThinkingFields): boolean {
  return thinking !== undefined && (thinking['type'] === 'adaptive' || thinking['type'] === 'enabled');
}

/** With the text of the thinking: a client may want it, and a silent stream looks like a dead one. */
function adaptive({ hidesThinking }: ModelTraits): JsonObject {
  return { type: 'adaptive', ...(hidesThinking ? { display: 'summarized' } : {}) };
}

function thinkingOff({ thinkingOff: how }: ModelTraits): ThinkingFields {
  switch (how) {
    case 'disabled':
    case 'between_tools':
      return { thinking: { type: how } };
    case 'low-effort':
      return { effort: 'low' };
    case 'absent':
      break;
  }
  return {};
}
