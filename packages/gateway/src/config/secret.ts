import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * A secret that cannot be printed by accident: JSON, string conversion and `util.inspect` show no part of it.
 * The text sits in a closure; `reveal` is the only way to it.
 */
export type Secret = {
  reveal(): string;
  /** Compares in a time that says nothing about where the texts differ. */
  matches(candidate: string): boolean;
  toJSON(): string;
  toString(): string;
};

export const REDACTED = '***';

export function secret(text: string): Secret {
  const digest = sha256(text);
  return Object.freeze({
    reveal: () => text,
    matches: (candidate: string) => timingSafeEqual(digest, sha256(candidate)),
    toJSON: () => REDACTED,
    toString: () => REDACTED,
  });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
