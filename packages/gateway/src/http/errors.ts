import type { FastifyReply } from 'fastify';
import { errorRow, faultMessage, type Fault } from '../core/errors.ts';

/** Sends an error in OpenAI's shape from a route that is no surface. Inference routes render in their own shape. */
export function sendFault(reply: FastifyReply, requestId: string, value: Fault): void {
  const row = errorRow(value.code);
  void reply.code(row.status).header('content-type', 'application/json');
  if (value.retryAfterMs !== undefined) {
    void reply.header('retry-after', Math.ceil(value.retryAfterMs / 1_000));
  }
  if (row.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply.send(openAiError(value));
}

/** `{error:{message,type,param,code}}`, all four keys, as OpenAI's clients expect. */
export function openAiError(value: Fault): string {
  return JSON.stringify({
    error: {
      message: faultMessage(value),
      type: errorRow(value.code).openaiType,
      param: value.param ?? null,
      code: value.code,
    },
  });
}
