import type { ReasoningEffort, ResponseFormat, Sampling } from '@switchyard/protocol/chat.ts';
import { readReasoningEffort } from '../../core/chat-completions/reasoning-effort.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { isAbsent, readArray, readBoolean, readName, readNumber, refuse } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';

const TOKEN_ID = /^\d{1,9}$/;
const MAX_SEED = Number.MAX_SAFE_INTEGER;

/**
 * Reads the settings of the sampler. Ranges are those of the dialect's specification (OpenAI OpenAPI document,
 * 2026-08-21). `top_k` and `min_p` are no part of it: local engines know them, and odd values are left out.
 */
export function decodeSampling(body: FieldSource): Sampling {
  const temperature = readNumber(body, 'temperature', { min: 0, max: 2 });
  const topP = readNumber(body, 'top_p', { min: 0, max: 1 });
  const frequencyPenalty = readNumber(body, 'frequency_penalty', { min: -2, max: 2 });
  const presencePenalty = readNumber(body, 'presence_penalty', { min: -2, max: 2 });
  const seed = readNumber(body, 'seed', { min: -MAX_SEED, max: MAX_SEED, integer: true });
  const logitBias = decodeLogitBias(body);
  const { top_k: topK, min_p: minP } = body.object;
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(typeof topK === 'number' && Number.isSafeInteger(topK) && topK > 0 ? { topK } : {}),
    ...(typeof minP === 'number' && minP >= 0 && minP <= 1 ? { minP } : {}),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
    ...(seed === undefined ? {} : { seed }),
    ...(logitBias === undefined ? {} : { logitBias }),
  };
}

/** Token ids to a number from -100 to 100. Keys are checked first, so none can be the name of an object's machinery. */
function decodeLogitBias(body: FieldSource): Record<string, number> | undefined {
  const value = body.object['logit_bias'];
  if (isAbsent(value)) return undefined;
  const rule = `must map at most ${LIMITS.logitBiasMax} token ids to numbers from -100 to 100.`;
  if (!isJsonObject(value)) return refuse(body.refusals, 'logit_bias', rule);
  const entries = Object.entries(value);
  if (entries.length > LIMITS.logitBiasMax) return refuse(body.refusals, 'logit_bias', rule);
  const biases: Record<string, number> = {};
  for (const [token, bias] of entries) {
    if (!TOKEN_ID.test(token) || typeof bias !== 'number' || bias < -100 || bias > 100) {
      return refuse(body.refusals, 'logit_bias', rule);
    }
    biases[token] = bias;
  }
  return entries.length === 0 ? undefined : biases;
}

/** The client's cap of generated tokens. Two names are in use; of both, the newer counts. */
export function decodeMaxOutputTokens(body: FieldSource): number | undefined {
  const rule = { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true };
  const older = readNumber(body, 'max_tokens', rule);
  return readNumber(body, 'max_completion_tokens', rule) ?? older;
}

/** One stop string or a list. The dialect allows four; local engines take more. Empty ones mean nothing and go. */
export function decodeStop(body: FieldSource): string[] {
  const value = body.object['stop'];
  if (isAbsent(value) || value === '') return [];
  const entries =
    typeof value === 'string' ? [value] : (readArray(body, 'stop', LIMITS.stopStringsMax) ?? []);
  const stops: string[] = [];
  for (const entry of entries) {
    if (typeof entry !== 'string' || entry.length > LIMITS.stopStringMaxChars) {
      refuse(body.refusals, 'stop', `must hold strings of at most ${LIMITS.stopStringMaxChars} characters.`);
      break;
    }
    if (entry !== '') stops.push(entry);
  }
  return stops;
}

export function decodeResponseFormat(body: FieldSource): ResponseFormat {
  const value = body.object['response_format'];
  const text: ResponseFormat = { type: 'text' };
  if (isAbsent(value)) return text;
  const type = isJsonObject(value) ? value['type'] : undefined;
  if (type === 'text') return text;
  if (type === 'json_object') return { type: 'json-object' };
  if (type === 'json_schema' && isJsonObject(value)) return decodeJsonSchema(value['json_schema'], body);
  refuse(body.refusals, 'response_format.type', 'must be text, json_object or json_schema.');
  return text;
}

function decodeJsonSchema(value: unknown, body: FieldSource): ResponseFormat {
  const path = 'response_format.json_schema';
  if (!isJsonObject(value)) {
    refuse(body.refusals, path, 'must be an object.');
    return { type: 'text' };
  }
  const source: FieldSource = { object: value, path, refusals: body.refusals };
  const name = readName(source, 'name', LIMITS.nameMaxChars) ?? 'answer';
  const strict = readBoolean(source, 'strict');
  const schema = value['schema'];
  if (!isJsonObject(schema)) {
    refuse(body.refusals, `${path}.schema`, 'must be an object.');
    return { type: 'text' };
  }
  return { type: 'json-schema', name, schema, ...(strict === undefined ? {} : { strict }) };
}

/** `reasoning_effort`, or the `reasoning: {effort}` that several services and their clients use. Never a refusal. */
export function decodeReasoningEffort(body: FieldSource): ReasoningEffort | undefined {
  const { reasoning_effort: effort, reasoning } = body.object;
  return (
    readReasoningEffort(effort) ??
    readReasoningEffort(isJsonObject(reasoning) ? reasoning['effort'] : undefined)
  );
}
