import type { Fault } from '../../core/errors.ts';
import { errorRow, faultMessage } from '../../core/errors.ts';
import { failureCode } from './failure-code.ts';

/** The `error` of a failed Response object as JSON text. */
export function failureJson(value: Fault): string {
  return JSON.stringify({ code: failureCode(value.code), message: faultMessage(value) });
}

/**
 * The members of an `error` event. OpenAI's specification has them flat, its service nests them in `error` as Open
 * Responses does, and clients read the one or the other: so they are there twice (openai 7.55.0, @ai-sdk/openai 4.0.118,
 * read 2026-11-21).
 */
export function errorMembers(value: Fault): string {
  const error = { code: value.code, message: faultMessage(value), param: value.param ?? null };
  const nested = JSON.stringify({ type: errorRow(value.code).openaiType, ...error });
  return `"error":${nested},${JSON.stringify(error).slice(1, -1)}`;
}
