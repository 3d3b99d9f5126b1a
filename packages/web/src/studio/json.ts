/** Reads fields of JSON whose shape nobody vouches for: what is not as expected reads as missing. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined where the text is no JSON object. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

export function objectAt(source: JsonObject | undefined, name: string): JsonObject | undefined {
  return asObject(source?.[name]);
}

/** The objects of a list; an empty list where there is none. */
export function objectsAt(source: JsonObject | undefined, name: string): JsonObject[] {
  const value = source?.[name];
  if (!Array.isArray(value)) return [];
  return value.map(asObject).filter((item) => item !== undefined);
}

export function textAt(source: JsonObject | undefined, name: string): string {
  const value = source?.[name];
  return typeof value === 'string' ? value : '';
}

/** 0 where there is no finite number. */
export function numberAt(source: JsonObject | undefined, name: string): number {
  const value = source?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
