import type { ApiError } from './api-error.ts';
import { invalid, missing } from './api-error.ts';
import { isThinking } from './scenarios.ts';

export type Json = Record<string, unknown>;

export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function objects(value: unknown): Json[] {
  const list: unknown[] = Array.isArray(value) ? value : [];
  return list.map(object).filter((one) => one !== undefined);
}

/** '' for anything that is no text. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Content that is a text, or parts with texts. */
export function joinedText(content: unknown): string {
  if (typeof content === 'string') return content;
  return objects(content)
    .map((part) => asText(part['text']))
    .join('');
}

export function unknownField(body: Json, known: ReadonlySet<string>): ApiError | undefined {
  const name = Object.keys(body).find((key) => !known.has(key));
  return name === undefined ? undefined : invalid(`Unknown parameter: '${name}'.`, name, 'unknown_parameter');
}

/** Settings that a model takes only while it does not think. */
export function checkSampling(body: Json, effort: unknown, names: readonly string[]): ApiError | undefined {
  if (!isThinking(asText(body['model'])) || effort === 'none') return undefined;
  const name = names.find((key) => body[key] !== undefined && body[key] !== 1 && body[key] !== null);
  return name === undefined
    ? undefined
    : invalid(`Unsupported parameter: '${name}' is not supported with this model.`, name);
}

const EFFORTS = new Set<unknown>(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);

/** Models that think know all efforts but `minimal` and `max`; others none. */
export function checkEffort(model: string, effort: unknown, param: string): ApiError | undefined {
  if (effort === undefined || effort === null) return undefined;
  if (!EFFORTS.has(effort)) return invalid(`Invalid value: '${asText(effort)}'.`, param, 'invalid_value');
  if (!isThinking(model)) {
    return invalid(
      `Unsupported parameter: '${param}' is not supported with this model.`,
      param,
      'unsupported_parameter',
    );
  }
  return effort === 'minimal' || effort === 'max'
    ? invalid(
        `Unsupported value: '${effort}' is not supported with this model. Supported values are: 'none', 'low', 'medium', 'high', and 'xhigh'.`,
        param,
        'unsupported_value',
      )
    : undefined;
}

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** `path` is that of the function: `tools[0]`, or `tools[0].function`. */
export function checkFunction(tool: Json, path: string, isStrict: boolean): ApiError | undefined {
  const { name, parameters } = tool;
  if (name === undefined) return missing(`${path}.name`);
  if (!TOOL_NAME.test(asText(name))) {
    const message = `Invalid '${path}.name': string does not match pattern.`;
    return invalid(message, `${path}.name`, 'invalid_value');
  }
  const schema = object(parameters);
  if (schema === undefined) return undefined;
  if (schema['type'] !== 'object') {
    const message = `Invalid schema for function '${asText(name)}': schema must be of 'type: "object"'.`;
    return invalid(message, `${path}.parameters`, 'invalid_function_parameters');
  }
  return isStrict && schema['additionalProperties'] !== false
    ? invalid(
        `Invalid schema for function '${asText(name)}': 'additionalProperties' is required to be supplied and to be false.`,
        `${path}.parameters`,
        'invalid_function_parameters',
      )
    : undefined;
}

/** Each call has its result behind it, and each result its call before it. */
export function checkPairs(
  calls: readonly string[],
  results: readonly string[],
  param: string,
): ApiError | undefined {
  const orphan = results.find((id) => !calls.includes(id));
  if (orphan !== undefined)
    return invalid(`No tool call found for function call output with call_id ${orphan}.`, param);
  const open = calls.find((id) => !results.includes(id));
  if (open !== undefined) return invalid(`No tool output found for function call ${open}.`, param);
  const long = calls.find((id) => id.length > 64);
  return long === undefined
    ? undefined
    : invalid(
        `Invalid '${param}': string too long. Expected a string with maximum length 64.`,
        param,
        'string_above_max_length',
      );
}
