/**
 * A secret that cannot be printed by accident: JSON, string conversion and `util.inspect` show no part of it.
 * The text sits in a closure; `reveal` is the only way to it.
 */
export type Secret = {
  reveal(): string;
  toJSON(): string;
  toString(): string;
};

export const REDACTED = '***';

export function secret(text: string): Secret {
  return Object.freeze({
    reveal: () => text,
    toJSON: () => REDACTED,
    toString: () => REDACTED,
  });
}
