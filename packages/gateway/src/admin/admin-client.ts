import { request as httpRequest } from 'node:http';
import { fault } from '../core/errors.ts';
import type { ErrorCode, Fault } from '../core/errors.ts';
import { ERRORS } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { OperationName } from './operations.ts';
import { findSocket } from './socket-path.ts';

/** Loads no use case and no store: a command that talks to a running gateway shall start fast. */

/** Larger than any list: 10 000 rows of about 1 KB. */
const REPLY_MAX_BYTES = 32 * 1024 * 1024;
/** A use case waits for the disk at most; a gateway that needs longer hangs. */
const REPLY_TIMEOUT_MS = 30_000;

/** `unreachable`: nothing listens, so nothing was done. `lost`: the connection broke, nobody knows what was done. */
export type CallFailure = { kind: 'unreachable' } | { kind: 'lost' } | { kind: 'refused'; fault: Fault };

export type AdminRoute = { method: 'GET' | 'POST'; path: string };

/**
 * The route of a use case, from its name alone: `key.create` is `POST /v1/keys/create`. A test holds this against
 * the table in `operations.ts`.
 */
export function routeOf(name: OperationName): AdminRoute {
  if (name === 'server.status') return { method: 'GET', path: '/v1/status' };
  const [topic = '', verb = ''] = name.split('.');
  const plural = topic === 'credit' || topic === 'audit' ? topic : `${topic}s`;
  return { method: 'POST', path: `/v1/${plural}/${verb}` };
}

/** Asks the gateway that runs over this data folder. The value is what the use case answered, unchecked. */
export async function callGateway(
  dataDirectory: string,
  name: OperationName,
  input: unknown,
): Promise<Result<unknown, CallFailure>> {
  const socketPath = findSocket(dataDirectory);
  if (socketPath === undefined) return failed({ kind: 'unreachable' });
  const reply = await exchange(socketPath, routeOf(name), input);
  return reply.ok ? readReply(reply.value) : reply;
}

function exchange(
  socketPath: string,
  route: AdminRoute,
  input: unknown,
): Promise<Result<Buffer, CallFailure>> {
  const body = route.method === 'GET' ? '' : JSON.stringify(input);
  return new Promise((resolve) => {
    let connected = false;
    const request = httpRequest({
      socketPath,
      method: route.method,
      path: route.path,
      // An agent would keep the connection, and with it the process, alive.
      agent: false,
      timeout: REPLY_TIMEOUT_MS,
      headers:
        body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    const lost = (): void => resolve(failed({ kind: connected ? 'lost' : 'unreachable' }));
    request.once('socket', (socket) => socket.once('connect', () => (connected = true)));
    request.once('timeout', () => request.destroy());
    request.once('error', lost);
    request.once('close', lost);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes > REPLY_MAX_BYTES) request.destroy();
        else chunks.push(chunk);
      });
      response.once('end', () => resolve(ok(Buffer.concat(chunks))));
      response.once('error', lost);
    });
    request.end(body);
  });
}

function readReply(body: Buffer): Result<unknown, CallFailure> {
  let reply: unknown;
  try {
    reply = JSON.parse(body.toString('utf8'));
  } catch {
    return failed({ kind: 'lost' });
  }
  if (typeof reply !== 'object' || reply === null) return failed({ kind: 'lost' });
  if ('result' in reply) return ok(reply.result);
  return 'error' in reply
    ? failed({ kind: 'refused', fault: readFault(reply.error) })
    : failed({ kind: 'lost' });
}

function readFault(error: unknown): Fault {
  if (typeof error !== 'object' || error === null) return fault('internal_error');
  const { code, message, param } = error as Record<string, unknown>;
  const known =
    typeof code === 'string' && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal_error';
  return fault(known, {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof param === 'string' ? { param } : {}),
  });
}
