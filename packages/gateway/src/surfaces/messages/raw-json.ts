import type { ValueSpan } from '../../core/json-array.ts';
import { arrayElements } from '../../core/json-array.ts';
import { findMember, topLevelMembers } from '../../core/json-spans.ts';

/**
 * Gives the JSON text of the value at a path such as `messages[3].content[0].input`, as its client wrote it. Undefined
 * when there is none.
 */
export type RawReader = (path: string) => string | undefined;

const STEP = /\.?([^.[\]]+)|\[(\d+)\]/g;

/** A value on the way to another. */
type Stop = { step: string; value: Buffer; elements?: readonly ValueSpan[] };

/**
 * Reads raw values of a body, which must be valid JSON: it was parsed before. What the way to a value has in common with
 * the way to the one before is not looked through again: a client may ask for as many as its body has blocks, and a
 * decoder asks for them in order.
 */
export function createRawReader(body: Buffer): RawReader {
  const way: Stop[] = [];
  return (path) => {
    let from: Stop = { step: '', value: body };
    let depth = 0;
    for (const [step, name, index] of path.matchAll(STEP)) {
      let stop = way[depth];
      if (stop?.step !== step) {
        const value = name === undefined ? elementOf(from, Number(index)) : memberOf(from.value, name);
        way.length = depth;
        if (value === undefined) return undefined;
        stop = { step, value };
        way.push(stop);
      }
      from = stop;
      depth += 1;
    }
    return from.value.toString();
  };
}

function elementOf(array: Stop, index: number): Buffer | undefined {
  array.elements ??= arrayElements(array.value, 0) ?? [];
  const span = array.elements[index];
  return span && array.value.subarray(span.start, span.end);
}

function memberOf(object: Buffer, name: string): Buffer | undefined {
  const span = findMember(topLevelMembers(object) ?? [], name);
  return span && object.subarray(span.valueStart, span.valueEnd);
}

/** Whether a parsed value holds a number that parsing may have changed: more digits than a double has. */
export function hasWideNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasWideNumber);
}
