import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import { errorRow, type Fault } from '../core/errors.ts';
import { anthropicFaultBody, openAiFaultBody } from '../core/fault-body.ts';

/**
 * Sends an error from outside a surface: an unknown address, a body too large, a route that is no inference. Anthropic's
 * clients get their own shape, everyone else OpenAI's.
 */
export function sendFault(reply: FastifyReply, requestId: string, value: Fault): void {
  const row = errorRow(value.code);
  void reply.code(row.status).header('content-type', 'application/json');
  if (value.retryAfterMs !== undefined) {
    void reply.header('retry-after', Math.ceil(value.retryAfterMs / 1_000));
  }
  if (row.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply.send(faultBodyFor(reply.request, requestId, value));
}

type Asked = Pick<IncomingMessage, 'headers'> & { url?: string | undefined };

/** The body of an error in the dialect of who asked. */
export function faultBodyFor(asked: Asked, requestId: string, value: Fault): string {
  return isAnthropicClient(asked) ? anthropicFaultBody(value, requestId) : openAiFaultBody(value);
}

/** By the address, which only that dialect has, or by the header that its clients send with every request. */
function isAnthropicClient({ url = '', headers }: Asked): boolean {
  return /^(?:\/api)?\/v1\/messages(?:[/?]|$)/.test(url) || headers['anthropic-version'] !== undefined;
}
