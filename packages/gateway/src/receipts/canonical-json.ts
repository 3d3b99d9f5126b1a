/** Deeper than any receipt. A document of others may be anything. */
const DEPTH_MAX = 16;

/**
 * The one way to write a value as JSON, so that two programs sign and check the same bytes: object keys sorted by
 * UTF-16 code units, no white space, strings as `JSON.stringify` writes them, numbers whole and exact in a double.
 * A subset of RFC 8785 (JSON Canonicalization Scheme, 2020-06), which any of its implementations writes alike.
 *
 * Gives undefined for what that form does not hold: fractions, numbers beyond 2^53 - 1, minus zero, functions,
 * undefined, and more than 16 levels.
 */
export function canonicalJson(value: unknown, depth = 0): string | undefined {
  if (depth > DEPTH_MAX) return undefined;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined;
  }
  if (typeof value !== 'object') return undefined;
  return Array.isArray(value) ? canonicalArray(value, depth) : canonicalObject(value, depth);
}

function canonicalArray(values: readonly unknown[], depth: number): string | undefined {
  const entries: string[] = [];
  for (const value of values) {
    const text = canonicalJson(value, depth + 1);
    if (text === undefined) return undefined;
    entries.push(text);
  }
  return `[${entries.join(',')}]`;
}

function canonicalObject(value: object, depth: number): string | undefined {
  const fields = new Map<string, unknown>(Object.entries(value));
  const entries: string[] = [];
  for (const name of [...fields.keys()].toSorted(byCodeUnits)) {
    const text = canonicalJson(fields.get(name), depth + 1);
    if (text === undefined) return undefined;
    entries.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${entries.join(',')}}`;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}
