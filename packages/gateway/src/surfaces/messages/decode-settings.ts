import type { ReasoningEffort, ResponseFormat, Sampling } from '@switchyard/protocol/chat.ts';
import type { JsonObject } from '../../core/json-body.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { fieldPath, isAbsent, readArray, readNumber, refuse } from '../../core/json-fields.ts';
import { LIMITS } from '../../core/limits.ts';

/** Some clients write -1 for "not set". */
const UNSET = -1;

/**
 * Reads the sampler's settings. The dialect's own range of `temperature` ends at 1; local engines go on to 2, and a
 * provider of the dialect judges its own bytes.
 */
export function decodeSampling(body: FieldSource): Sampling {
  const temperature = readNumber(body, 'temperature', { min: 0, max: 2 });
  const topP = readNumber(body, 'top_p', { min: UNSET, max: 1 });
  const topK = readNumber(body, 'top_k', { min: UNSET, max: Number.MAX_SAFE_INTEGER, integer: true });
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined || topP < 0 ? {} : { topP }),
    ...(topK === undefined || topK <= 0 ? {} : { topK }),
  };
}

export function decodeStop(body: FieldSource): string[] {
  const stops: string[] = [];
  for (const entry of readArray(body, 'stop_sequences', LIMITS.stopStringsMax) ?? []) {
    if (typeof entry !== 'string' || entry.length > LIMITS.stopStringMaxChars) {
      refuse(
        body.refusals,
        'stop_sequences',
        `must hold strings of at most ${LIMITS.stopStringMaxChars} characters.`,
      );
      break;
    }
    if (entry !== '') stops.push(entry);
  }
  return stops;
}

const EFFORTS: ReadonlyMap<unknown, ReasoningEffort> = new Map([
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'max'],
  ['max', 'max'],
]);

/**
 * Budgets of thinking tokens as efforts: the first row that is not exceeded counts. The bounds lie between what agents
 * send: 4 000 and 4 095 for little thought, 10 000 for some, 16 000 and 31 999 for much.
 */
const BUDGETS: readonly { below: number; effort: ReasoningEffort }[] = [
  { below: 4_096, effort: 'low' },
  { below: 16_000, effort: 'medium' },
  { below: 32_000, effort: 'high' },
  { below: Number.POSITIVE_INFINITY, effort: 'max' },
];

/**
 * Reads `thinking` and `output_config.effort`. Undefined is "as the model does by itself", which is also what
 * `adaptive` and every type that nobody knows yet mean: no value of these fields is worth a 400. `disabled` wins over an
 * effort, an effort over a budget.
 */
export function decodeReasoningEffort(body: FieldSource): ReasoningEffort | undefined {
  const { thinking } = body.object;
  const { type, budget_tokens: budget } = isJsonObject(thinking) ? thinking : {};
  if (type === 'disabled') return 'none';
  const effort = EFFORTS.get(outputConfig(body)['effort']);
  if (effort !== undefined) return effort;
  if (type !== 'enabled' || typeof budget !== 'number') return undefined;
  return BUDGETS.find(({ below }) => budget < below)?.effort;
}

/**
 * Reads `output_config.format`, or `output_format` as the beta before it had it. The dialect gives a schema no name and
 * always holds a model to it.
 */
export function decodeResponseFormat(body: FieldSource): ResponseFormat {
  const text: ResponseFormat = { type: 'text' };
  const config: FieldSource = { ...body, object: outputConfig(body), path: 'output_config' };
  const [holder, key] = isAbsent(config.object['format'])
    ? ([body, 'output_format'] as const)
    : ([config, 'format'] as const);
  const format = holder.object[key];
  if (isAbsent(format)) return text;
  const path = fieldPath(holder, key);
  if (!isJsonObject(format) || format['type'] !== 'json_schema') {
    refuse(body.refusals, `${path}.type`, 'must be json_schema.');
    return text;
  }
  const { schema } = format;
  if (isJsonObject(schema)) return { type: 'json-schema', name: 'answer', schema };
  refuse(body.refusals, `${path}.schema`, 'must be an object.');
  return text;
}

function outputConfig(body: FieldSource): JsonObject {
  const config = body.object['output_config'];
  return isJsonObject(config) ? config : {};
}
