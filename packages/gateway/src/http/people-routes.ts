import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Fault } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import { AUTH_PATH } from '../people/better-auth/paths.ts';
import type { AuthAnswer, Gate } from '../people/gate.ts';
import { sendFault } from './errors.ts';
import type { RouteRow } from './routes.ts';

/** The largest thing that is sent here is the answer of a passkey. */
const BODY_MAX_BYTES = 16 * 1024;

/** Signing up and in. Bodies hold passwords: they are read here, handed on, and kept nowhere. */
export function peopleRoutes(gate: Gate): RouteRow[] {
  return (['GET', 'POST'] as const).map((method) => ({
    method,
    path: `${AUTH_PATH}/*`,
    bodyMaxBytes: BODY_MAX_BYTES,
    handler: async (request, reply) => send(request, reply, await gate.handle(askOf(method, request))),
  }));
}

function askOf(method: 'GET' | 'POST', request: FastifyRequest): Parameters<Gate['handle']>[0] {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  return {
    method,
    path: (mark < 0 ? url : url.slice(0, mark)).slice(AUTH_PATH.length),
    query: mark < 0 ? '' : url.slice(mark),
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    address: request.ip,
  };
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Result<AuthAnswer, Fault>): void {
  void reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer');
  if (!answer.ok) {
    sendFault(reply, request.id, answer.error);
    return;
  }
  const { status, location, cookies, body } = answer.value;
  if (location !== undefined) void reply.header('location', location);
  if (cookies.length > 0) void reply.header('set-cookie', [...cookies]);
  void reply.code(status).header('content-type', 'application/json').send(body);
}
