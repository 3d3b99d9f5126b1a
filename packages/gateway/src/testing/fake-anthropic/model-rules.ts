import type { ApiError } from './api-error.ts';
import { invalid } from './api-error.ts';

type Body = Record<string, unknown>;

/** What a model refuses, by its generation. Source: the API's thinking, effort and migration pages, 2026-11-21. */
type Rules = {
  thinkingTypes: readonly string[];
  thinksByDefault: boolean;
  hidesThinking: boolean;
  sampling: 'any' | 'one' | 'none';
  effort: boolean;
  forcedTools: boolean;
  prefill: boolean;
};

const OLD: Rules = {
  thinkingTypes: ['enabled', 'disabled'],
  thinksByDefault: false,
  hidesThinking: false,
  sampling: 'one',
  effort: false,
  forcedTools: true,
  prefill: true,
};
const NEWEST: Rules = {
  thinkingTypes: ['adaptive'],
  thinksByDefault: true,
  hidesThinking: true,
  sampling: 'none',
  effort: true,
  forcedTools: false,
  prefill: false,
};
const FIFTH: Rules = { ...NEWEST, thinkingTypes: ['adaptive', 'disabled'], forcedTools: true };
const RULES: readonly [pattern: RegExp, rules: Rules][] = [
  [/claude-(?:fable|mythos)-5(?![-.\d])/, { ...NEWEST, forcedTools: true }],
  [/claude-(?:fable|mythos)|claude-opus-5-5/, NEWEST],
  [/claude-sonnet-5-5/, { ...NEWEST, thinkingTypes: ['adaptive', 'between_tools'] }],
  [/claude-(?:opus|sonnet|haiku)-5/, FIFTH],
  [/claude-opus-4-[78]/, { ...FIFTH, thinksByDefault: false }],
  [
    /claude-(?:opus|sonnet)-4-6/,
    { ...OLD, thinkingTypes: ['adaptive', 'enabled', 'disabled'], effort: true, prefill: false },
  ],
  [/claude-(?:opus|sonnet|haiku)-4/, OLD],
];

export function rulesOf(model: string): Rules {
  return RULES.find(([pattern]) => pattern.test(model))?.[1] ?? { ...OLD, sampling: 'any' };
}

/** Whether the answer begins with thinking, and whether its text is shown. */
export function thinkingOf(model: string, body: Body): 'none' | 'shown' | 'hidden' {
  const rules = rulesOf(model);
  const thinking = object(body['thinking']);
  const type = thinking?.['type'] ?? (rules.thinksByDefault ? 'adaptive' : 'disabled');
  if (type !== 'adaptive' && type !== 'enabled') return 'none';
  const display = thinking?.['display'] ?? (rules.hidesThinking ? 'omitted' : 'summarized');
  return display === 'omitted' ? 'hidden' : 'shown';
}

/** What this model refuses of a request that is otherwise well formed. */
export function checkModelRules(model: string, body: Body): ApiError | undefined {
  const rules = rulesOf(model);
  return (
    checkTurns(model, body) ??
    checkThinking(rules, body) ??
    checkSampling(rules, body) ??
    checkChoice(rules, body)
  );
}

const TAKES_SYSTEM_TURNS = /claude-opus-4-8|claude-(?:opus|haiku|fable|mythos)-5|claude-sonnet-5-5/;

function checkTurns(model: string, body: Body): ApiError | undefined {
  const at = (body['messages'] as { role: string }[]).findIndex(({ role }) => role === 'system');
  if (at === -1 || TAKES_SYSTEM_TURNS.test(model)) return undefined;
  return invalid(`messages.${at}.role: Input should be 'user' or 'assistant'`);
}

function checkThinking(rules: Rules, body: Body): ApiError | undefined {
  const thinking = object(body['thinking']);
  const type = thinking?.['type'];
  if (typeof type === 'string' && !rules.thinkingTypes.includes(type))
    return invalid(`"thinking.type.${type}" is not supported for this model.`);
  const budget = thinking?.['budget_tokens'];
  if (type === 'enabled') {
    if (typeof budget !== 'number' || budget < 1024)
      return invalid('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
    if (budget >= Number(body['max_tokens']))
      return invalid('`max_tokens` must be greater than `thinking.budget_tokens`.');
    if (waitsForThinking(body))
      return invalid(
        'Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.',
      );
  }
  const effort = object(body['output_config'])?.['effort'];
  if (effort === undefined) return undefined;
  if (!rules.effort) return invalid('This model does not support the effort parameter.');
  return typeof effort === 'string' && ['low', 'medium', 'high', 'xhigh', 'max'].includes(effort)
    ? undefined
    : invalid('output_config.effort: Input should be low, medium, high, xhigh or max');
}

/** The conversation ends with results of calls before which nobody thought. */
function waitsForThinking(body: Body): boolean {
  const messages = (body['messages'] as { role: string; content: unknown }[]).slice(-2);
  const [asked, last] = messages;
  if (asked?.role !== 'assistant' || !Array.isArray(asked.content)) return false;
  const [first] = asked.content as { type: string }[];
  const results: unknown[] = Array.isArray(last?.content) ? last.content : [];
  const hasResult = results.some((block) => object(block)?.['type'] === 'tool_result');
  return hasResult && first?.type !== 'thinking' && first?.type !== 'redacted_thinking';
}

function checkSampling(rules: Rules, body: Body): ApiError | undefined {
  const { temperature, top_p: topP, top_k: topK } = body;
  if (temperature === undefined && topP === undefined && topK === undefined) return undefined;
  if (rules.sampling === 'none') return invalid('`temperature` is deprecated for this model.');
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1))
    return invalid('temperature: range: 0..1');
  const type = object(body['thinking'])?.['type'];
  if (type === 'enabled' || type === 'adaptive')
    return invalid('`temperature` may only be set to 1 when thinking is enabled.');
  if (rules.sampling === 'one' && temperature !== undefined && topP !== undefined)
    return invalid('`temperature` and `top_p` cannot both be specified for this model.');
  return undefined;
}

function checkChoice(rules: Rules, body: Body): ApiError | undefined {
  const messages = body['messages'] as { role: string }[];
  if (!rules.prefill && messages.at(-1)?.role === 'assistant')
    return invalid('This model does not support assistant message prefill.');
  const choice = object(body['tool_choice'])?.['type'];
  if (choice !== 'any' && choice !== 'tool') return undefined;
  if (!rules.forcedTools)
    return invalid('tool_choice: type "tool" and "any" are not supported for this model.');
  const type = object(body['thinking'])?.['type'];
  return type === 'enabled' || type === 'adaptive'
    ? invalid('Thinking may not be enabled when tool_choice forces tool use.')
    : undefined;
}

function object(value: unknown): Body | undefined {
  return typeof value === 'object' && value !== null ? (value as Body) : undefined;
}
