import { skipSpace, skipValue } from './json-scan.ts';

const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Where a value stands in the bytes: [`start`, `end`). */
export type ValueSpan = { start: number; end: number };

/**
 * The elements of the array that begins at `start`, in order. Undefined when no whole array begins there. The inside of
 * nested values is not checked.
 */
export function arrayElements(body: Buffer, start: number): ValueSpan[] | undefined {
  if (body[start] !== OPEN_ARRAY) return undefined;
  const elements: ValueSpan[] = [];
  let at = skipSpace(body, start + 1);
  if (body[at] === CLOSE_ARRAY) return elements;
  for (;;) {
    const end = skipValue(body, at);
    if (end === -1) return undefined;
    elements.push({ start: at, end });
    at = skipSpace(body, end);
    if (body[at] === CLOSE_ARRAY) return elements;
    if (body[at] !== COMMA) return undefined;
    at = skipSpace(body, at + 1);
  }
}
