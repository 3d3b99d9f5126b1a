/** Small readers for JSON of unknown shape. None of them throws. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under a key, or an empty one. */
export function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isObject(value) ? value : {};
}

/** The text under a key when it is not empty. */
export function textAt(parent: JsonObject, key: string): string | undefined {
  const value = parent[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A whole number of at least 0, or undefined. */
export function countAt(parent: JsonObject, key: string): number | undefined {
  const value = parent[key];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type ExactJson = { rawJSON(text: string): unknown };
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
type ExactParse = (text: string, reviver: Reviver) => unknown;

/**
 * Like `parseJson`, but numbers that a JavaScript number would change (`12345678901234567890`, `1.0`) come out of
 * `JSON.stringify` as they went in. Such numbers are objects here: only for values that are written again.
 * Why the types: TypeScript 7.0 does not know ES2026's `JSON.rawJSON` and the reviver's third argument yet.
 */
export function parseJsonExactly(text: string): unknown {
  const { rawJSON } = JSON as unknown as ExactJson;
  const parse = JSON.parse as ExactParse;
  try {
    return parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined && source !== String(value) ? rawJSON(source) : value,
    );
  } catch {
    return undefined;
  }
}
