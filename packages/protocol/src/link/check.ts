/**
 * Small checks for JSON that a stranger sent. They throw a `CheckFailure` that names where the value stands and never
 * the value; `checkJson` turns it into a result. Fields that nobody asks for are left behind.
 */
export type Checked<Value> = { ok: true; value: Value } | { ok: false; path: string };

class CheckFailure extends Error {
  readonly path: string;

  constructor(path: string) {
    super('check failed');
    this.path = path;
  }
}

export type Fields = Record<string, unknown>;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads UTF-8 JSON and gives it to `read`. Never throws on any bytes; `path` is empty when they are no JSON at all. */
export function checkJson<Value>(body: Uint8Array, read: (value: unknown) => Value): Checked<Value> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    return { ok: false, path: '' };
  }
  return checkValue(value, read);
}

export function checkValue<Value>(value: unknown, read: (value: unknown) => Value): Checked<Value> {
  try {
    return { ok: true, value: read(value) };
  } catch (error) {
    if (error instanceof CheckFailure) return { ok: false, path: error.path };
    throw error;
  }
}

export function checkFailure(path: string): Error {
  return new CheckFailure(path);
}

export function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CheckFailure(path);
  return value as Fields;
}

export function listOf(value: unknown, path: string, maxItems: number): unknown[] {
  if (!Array.isArray(value) || value.length > maxItems) throw new CheckFailure(path);
  return value;
}

/** Text of 1 to `maxChars` characters without control characters: it may be shown to people and stand in a log. */
export function wordOf(value: unknown, path: string, maxChars: number): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > maxChars)
    throw new CheckFailure(path);
  for (let at = 0; at < value.length; at += 1) {
    const unit = value.charCodeAt(at);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) throw new CheckFailure(path);
  }
  return value;
}

export function wholeNumberOf(value: unknown, path: string, max: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new CheckFailure(path);
  }
  return value === 0 ? 0 : value;
}

/** A number above 0 and at most `max`, with fractions. */
export function positiveNumberOf(value: unknown, path: string, max: number): number {
  if (typeof value !== 'number' || !(value > 0) || value > max) throw new CheckFailure(path);
  return value;
}

export function booleanOf(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new CheckFailure(path);
  return value;
}

export function oneOf<Word extends string>(value: unknown, path: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw new CheckFailure(path);
  return word;
}

/** Reads an optional field: absent and null both mean "not given". */
export function optional<Value>(value: unknown, read: (value: unknown) => Value): Value | undefined {
  return value === undefined || value === null ? undefined : read(value);
}
