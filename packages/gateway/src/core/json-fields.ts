import type { ErrorCode, Fault } from './errors.ts';
import type { JsonObject } from './json-body.ts';

/**
 * Collects what is wrong with a body while it is decoded: the first refusal counts, later ones are dropped. Decoders
 * go on with `undefined` after a refusal, so they need no exceptions, and the caller looks at `first` once at the end.
 */
export type Refusals = { first: Fault | undefined };

/** An object inside a body. `path` is '' for the body itself and `tools[2].function` further down. */
export type FieldSource = { object: JsonObject; path: string; refusals: Refusals };

export type NumberRule = { min: number; max: number; integer?: boolean };

/** Notes a refusal. `param` is a field's path and `rule` a sentence about it: neither holds a value of the body. */
export function refuse(
  refusals: Refusals,
  param: string,
  rule: string,
  code: ErrorCode = 'invalid_request',
): undefined {
  refusals.first ??= { code, param, message: `${param}: ${rule}` };
  return undefined;
}

export function fieldPath(source: FieldSource, key: string): string {
  return source.path === '' ? key : `${source.path}.${key}`;
}

/** Null counts as absent in every reader here: clients write optional fields out as null. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

export function readNumber(source: FieldSource, key: string, rule: NumberRule): number | undefined {
  const value = source.object[key];
  if (isAbsent(value)) return undefined;
  const fits =
    typeof value === 'number' &&
    value >= rule.min &&
    value <= rule.max &&
    (rule.integer !== true || Number.isSafeInteger(value));
  if (fits) return value;
  const kind = rule.integer === true ? 'a whole number' : 'a number';
  return refuse(source.refusals, fieldPath(source, key), `must be ${kind} from ${rule.min} to ${rule.max}.`);
}

export function readBoolean(source: FieldSource, key: string): boolean | undefined {
  const value = source.object[key];
  if (isAbsent(value)) return undefined;
  if (typeof value === 'boolean') return value;
  return refuse(source.refusals, fieldPath(source, key), 'must be true or false.');
}

/** A string that is not empty and no longer than `maxChars`, or nothing. */
export function readName(source: FieldSource, key: string, maxChars: number): string | undefined {
  const value = source.object[key];
  if (isAbsent(value)) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= maxChars) return value;
  return refuse(source.refusals, fieldPath(source, key), `must be a string of 1 to ${maxChars} characters.`);
}

/** As `readName`, and the field must be there. */
export function requireName(source: FieldSource, key: string, maxChars: number): string | undefined {
  if (!isAbsent(source.object[key])) return readName(source, key, maxChars);
  return refuse(source.refusals, fieldPath(source, key), 'is required.');
}

export function readArray(source: FieldSource, key: string, maxLength: number): unknown[] | undefined {
  const value = source.object[key];
  if (isAbsent(value)) return undefined;
  if (Array.isArray(value) && value.length <= maxLength) return value;
  return refuse(source.refusals, fieldPath(source, key), `must be an array of at most ${maxLength} entries.`);
}
