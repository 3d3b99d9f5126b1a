import type { FastifyReply, FastifyRequest } from 'fastify';
import { fault } from '../core/errors.ts';
import { sendFault } from './errors.ts';
import type { RouteRow } from './routes.ts';

/**
 * Where OpenAI's API keeps responses: to be fetched, deleted, cancelled, listed and compacted. Nothing is kept here, so
 * each of these answers 404 and says why, whoever asks: there is nothing to protect.
 */
export function storedResponseRoutes(): RouteRow[] {
  return (['GET', 'POST', 'DELETE'] as const).map((method) => {
    return { method, path: '/v1/responses/*', handler: sendNothingKept };
  });
}

function sendNothingKept(request: FastifyRequest, reply: FastifyReply): void {
  const message =
    'Responses are not kept here: there is none to fetch, delete, cancel or compact. ' +
    'Send the whole conversation with each POST /v1/responses.';
  sendFault(reply, request.id, fault('not_found', { message }));
}
