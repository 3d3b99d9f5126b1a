import { isUtf8 } from 'node:buffer';
import type { Fault } from './errors.ts';
import { fault } from './errors.ts';
import { isDeeperThan } from './json-scan.ts';
import { LIMITS } from './limits.ts';
import type { Result } from './result.ts';
import { failed, ok } from './result.ts';

/** A parsed JSON object. Its keys come from outside: look them up, never copy them into another object. */
export type JsonObject = Record<string, unknown>;

/**
 * Reads a body as one JSON object. `__proto__` becomes an ordinary own key, as `JSON.parse` makes it.
 * Errors: `invalid_json` for broken UTF-8 or JSON, `invalid_request` for another value than an object and for
 * nesting deeper than `LIMITS.jsonDepthMax`.
 * Why the depth counts: what is parsed deeper could not be written again without running out of stack.
 */
export function parseJsonObject(body: Buffer): Result<JsonObject, Fault> {
  if (!isUtf8(body)) return failed(fault('invalid_json', { message: 'The body is not valid UTF-8.' }));
  if (isDeeperThan(body, LIMITS.jsonDepthMax)) {
    return failed(
      fault('invalid_request', { message: `The body nests deeper than ${LIMITS.jsonDepthMax} levels.` }),
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    // The parser's own message quotes the body: it must not get any further.
    return failed(fault('invalid_json'));
  }
  if (!isJsonObject(value)) {
    return failed(fault('invalid_request', { message: 'The body must be a JSON object.' }));
  }
  return ok(value);
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `JSON.parse` that gives undefined instead of throwing. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
