import type { ReasoningEffort, ResponseFormat, Sampling } from '@switchyard/protocol/chat.ts';
import { readReasoningEffort } from '../../core/chat-completions/reasoning-effort.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { isAbsent, readBoolean, readName, readNumber, refuse } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';

const NOTHING_KEPT = 'is not supported: nothing of earlier requests is kept here.';

const UNSUPPORTED: readonly (readonly [string, string])[] = [
  ['previous_response_id', `${NOTHING_KEPT} Send the whole conversation in input.`],
  ['conversation', `${NOTHING_KEPT} Send the whole conversation in input.`],
  ['prompt', `${NOTHING_KEPT} Send the prompt's text in instructions and input.`],
];

/** Fields that would need something stored. They are refused, since leaving them out would change the answer. */
export function refuseUnsupported(body: FieldSource): void {
  for (const [key, rule] of UNSUPPORTED) {
    if (!isAbsent(body.object[key])) refuse(body.refusals, key, rule, 'unsupported_parameter');
  }
  if (readBoolean(body, 'background') === true) {
    refuse(
      body.refusals,
      'background',
      'is not supported: no answer is kept to be fetched later. Stream it instead.',
      'unsupported_parameter',
    );
  }
}

/**
 * Reads the settings of the sampler. The penalties are those of Open Responses (ResponseResource, read 2026-11-20).
 * `top_k` and `min_p` are no part of either: local engines know them, and odd values are left out.
 */
export function decodeSampling(body: FieldSource): Sampling {
  const temperature = readNumber(body, 'temperature', { min: 0, max: 2 });
  const topP = readNumber(body, 'top_p', { min: 0, max: 1 });
  const frequencyPenalty = readNumber(body, 'frequency_penalty', { min: -2, max: 2 });
  const presencePenalty = readNumber(body, 'presence_penalty', { min: -2, max: 2 });
  const { top_k: topK, min_p: minP } = body.object;
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(typeof topK === 'number' && Number.isSafeInteger(topK) && topK > 0 ? { topK } : {}),
    ...(typeof minP === 'number' && minP >= 0 && minP <= 1 ? { minP } : {}),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
  };
}

/** The client's cap of generated tokens. */
export function decodeMaxOutputTokens(body: FieldSource): number | undefined {
  return readNumber(body, 'max_output_tokens', { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true });
}

/** `text.format`. An empty `text` is what some clients always send. */
export function decodeResponseFormat(body: FieldSource): ResponseFormat {
  const fallback: ResponseFormat = { type: 'text' };
  const { text } = body.object;
  if (isAbsent(text)) return fallback;
  if (!isJsonObject(text)) {
    refuse(body.refusals, 'text', 'must be an object.');
    return fallback;
  }
  const { format } = text;
  if (isAbsent(format)) return fallback;
  const type = isJsonObject(format) ? format['type'] : undefined;
  if (type === 'text') return fallback;
  if (type === 'json_object') return { type: 'json-object' };
  if (type === 'json_schema' && isJsonObject(format)) return decodeJsonSchema(format, body);
  refuse(body.refusals, 'text.format.type', 'must be text, json_object or json_schema.');
  return fallback;
}

function decodeJsonSchema(format: JsonObject, { refusals }: FieldSource): ResponseFormat {
  const source: FieldSource = { object: format, path: 'text.format', refusals };
  const name = readName(source, 'name', LIMITS.nameMaxChars) ?? 'answer';
  const strict = readBoolean(source, 'strict');
  const { schema } = format;
  if (!isJsonObject(schema)) {
    refuse(refusals, 'text.format.schema', 'must be an object.');
    return { type: 'text' };
  }
  return { type: 'json-schema', name, schema, ...(strict === undefined ? {} : { strict }) };
}

/** How an answer's reasoning is to be shown and kept. */
export type ReasoningWish = {
  /** No value of this field is ever refused: clients send new names before servers know them. */
  effort: ReasoningEffort | undefined;
  /** The client asked for a summary: it shows that, and not the reasoning itself. */
  asSummary: boolean;
  /** The client keeps `encrypted_content` and sends it back. */
  withSeal: boolean;
};

export function decodeReasoning(body: FieldSource): ReasoningWish {
  const { reasoning, include } = body.object;
  const given: JsonObject = isJsonObject(reasoning) ? reasoning : {};
  return {
    effort: readReasoningEffort(given['effort']),
    // `generate_summary` is the older name.
    asSummary: isSummaryWish(given['summary']) || isSummaryWish(given['generate_summary']),
    withSeal: Array.isArray(include) && include.includes('reasoning.encrypted_content'),
  };
}

function isSummaryWish(value: unknown): boolean {
  return typeof value === 'string' && value !== 'none';
}
