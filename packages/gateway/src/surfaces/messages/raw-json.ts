import { skipSpace, skipValue } from '../../core/json-scan.ts';
import { findMember, topLevelMembers } from '../../core/json-spans.ts';

/** Member names and array indexes of a path such as `messages[3].content[0].input`. */
const STEP = /([^.[\]]+)|\[(\d+)\]/g;

const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;

/**
 * The JSON text of the value at a path, as its client wrote it. Undefined when there is none. The body must be valid
 * JSON: it was parsed before.
 */
export function rawJsonAt(body: Buffer, path: string): string | undefined {
  let value: Buffer | undefined = body;
  for (const [, name, index] of path.matchAll(STEP)) {
    value = name === undefined ? elementOf(value, Number(index)) : memberOf(value, name);
    if (value === undefined) return undefined;
  }
  return value.toString();
}

function memberOf(object: Buffer, name: string): Buffer | undefined {
  const span = findMember(topLevelMembers(object) ?? [], name);
  return span && object.subarray(span.valueStart, span.valueEnd);
}

function elementOf(array: Buffer, index: number): Buffer | undefined {
  if (array[0] !== OPEN_ARRAY) return undefined;
  let start = skipSpace(array, 1);
  for (let count = 0; ; count += 1) {
    const end = skipValue(array, start);
    if (end === -1) return undefined;
    if (count === index) return array.subarray(start, end);
    const separator = skipSpace(array, end);
    if (array[separator] !== COMMA) return undefined;
    start = skipSpace(array, separator + 1);
  }
}

/** Whether a parsed value holds a number that parsing may have changed: more digits than a double has. */
export function hasWideNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasWideNumber);
}
