import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Scope } from '../accounts/account.ts';
import { requireScope } from '../accounts/key-directory.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, type Result } from '../core/result.ts';
import type { Caller, InferenceDeps } from '../inference/deps.ts';
import { sendFault } from './errors.ts';

export type CallerDeps = Pick<InferenceDeps, 'addressGuard' | 'authenticate'>;

/**
 * The key check of the routes that are no inference: same extractor and guard as there, then the scope. Sends the
 * error itself and gives undefined.
 */
export function callerWithScope(
  deps: CallerDeps,
  scope: Scope,
  request: FastifyRequest,
  reply: FastifyReply,
): Caller | undefined {
  const { addressGuard, authenticate } = deps;
  const result: Result<Caller, Fault> = addressGuard.allows(request.ip)
    ? authenticate(request.raw.rawHeaders)
    : failed(fault('rate_limit_exceeded', { retryAfterMs: 30_000 }));
  if (!result.ok) {
    if (result.error.code === 'invalid_api_key') addressGuard.noteFailure(request.ip);
    sendFault(reply, request.id, result.error);
    return undefined;
  }
  const refused = requireScope(result.value.key, scope);
  if (refused === undefined) return result.value;
  sendFault(reply, request.id, refused);
  return undefined;
}
