import { isJsonObject, tryParseJson } from '../../core/json-body.ts';

/**
 * Settings without which an answer is still an answer, by their names in `error.param`: those of chat completions, then
 * those of responses. What a model takes of them differs by model, by its effort and by the operator's standing, and
 * changes with every release, so it is learned from the provider's own refusals instead of kept in a table. Refused
 * requests cost nothing.
 * Source: error bodies of OpenAI's API and the compatibility notes of its reasoning guide, read 2026-11-20.
 */
const SETTINGS = [
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'seed',
  'logprobs',
  'top_logprobs',
  'verbosity',
  'reasoning_effort',
  'reasoning',
  'reasoning.effort',
  'reasoning.summary',
  'include',
] as const;

export type RefusableSetting = (typeof SETTINGS)[number];

/** What a provider refused of a request that it would else have taken. */
export type Refusal =
  | { what: 'setting'; name: RefusableSetting; isValue: boolean }
  /** Reasoning that was sealed for another account of the provider. */
  | { what: 'sealed-reasoning' };

/** What a request must do without, or write otherwise. */
export type Adaptation = {
  /** A text is written in place of the value; undefined leaves the setting out. */
  settings: ReadonlyMap<RefusableSetting, string | undefined>;
  dropSealedReasoning: boolean;
};

export const NO_ADAPTATION: Adaptation = { settings: new Map(), dropSealedReasoning: false };

const UNSUPPORTED_CODES = new Set<unknown>([
  'unsupported_parameter',
  'unsupported_value',
  'unknown_parameter',
]);
const UNSUPPORTED_WORDS = /^(?:unsupported (?:parameter|value)|unknown parameter)/i;
const EFFORT_SETTINGS: readonly RefusableSetting[] = ['reasoning_effort', 'reasoning.effort'];

/** Reads the body of a 400. `code` is null where OpenAI's newer dialect says what only its message tells. */
export function readRefusal(body: string): Refusal | undefined {
  const parsed = tryParseJson(body);
  const error = isJsonObject(parsed) ? parsed['error'] : undefined;
  if (!isJsonObject(error)) return undefined;
  const { code, param } = error;
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  if (
    code === 'invalid_encrypted_content' ||
    /^The encrypted content .{0,200}could not be verified/s.test(message)
  ) {
    return { what: 'sealed-reasoning' };
  }
  const name = SETTINGS.find((one) => one === param);
  if (name === undefined) return undefined;
  const isUnknownValue = code === 'invalid_value' && EFFORT_SETTINGS.includes(name);
  if (!isUnknownValue && !UNSUPPORTED_CODES.has(code) && !UNSUPPORTED_WORDS.test(message)) return undefined;
  const isValue = isUnknownValue || code === 'unsupported_value' || /^unsupported value/i.test(message);
  return { what: 'setting', name, isValue };
}

/** The nearest words for an effort that a model does not have. Behind the last one it chooses by itself. */
const NEXT_EFFORT: ReadonlyMap<string | undefined, string> = new Map([
  ['max', 'xhigh'],
  ['xhigh', 'high'],
  ['none', 'minimal'],
  ['minimal', 'low'],
]);

/** What to do after a refusal. Undefined when it was done already. `effort` is the word that was asked for. */
export function adaptTo(
  { settings, dropSealedReasoning }: Adaptation,
  refusal: Refusal,
  effort: string | undefined,
): Adaptation | undefined {
  if (refusal.what === 'sealed-reasoning') {
    return dropSealedReasoning ? undefined : { settings, dropSealedReasoning: true };
  }
  const { name, isValue } = refusal;
  const isKnown = settings.has(name);
  const before = settings.get(name);
  if (isKnown && before === undefined) return undefined;
  const isEffort = EFFORT_SETTINGS.includes(name);
  const next = isEffort && isValue ? NEXT_EFFORT.get(isKnown ? before : effort) : undefined;
  return { settings: new Map(settings).set(name, next), dropSealedReasoning };
}

/** What the models of one upstream refused, for as long as the process lives. */
export type RefusalMemory = {
  of(model: string, effort: string | undefined): Adaptation;
  learn(model: string, effort: string | undefined, adaptation: Adaptation): void;
};

/**
 * Kept by model and effort, since models take a temperature only while they do not think. The models are those of the
 * configuration, so the memory is bounded. Whose reasoning can be read depends on the conversation and is not kept.
 */
export function createRefusalMemory(): RefusalMemory {
  const known = new Map<string, Adaptation>();
  const key = (model: string, effort = '') => `${effort}\n${model}`;
  return {
    of: (model, effort) => known.get(key(model, effort)) ?? NO_ADAPTATION,
    learn: (model, effort, { settings }) =>
      void known.set(key(model, effort), { settings, dropSealedReasoning: false }),
  };
}
