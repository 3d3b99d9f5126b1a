import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { errorRow, fault, faultMessage } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { AdminContext } from './context.ts';
import { OPERATIONS, runOperation } from './operations.ts';
import type { OperationName } from './operations.ts';
import { prepareSocketPlace } from './socket-path.ts';

/** Bounds of one request on the admin socket. Only the operator's own commands come here. */
const BODY_MAX_BYTES = 64 * 1024;
const HEADER_MAX_BYTES = 8 * 1024;
const CONNECTIONS_MAX = 32;
const REQUEST_TIMEOUT_MS = 10_000;

export type AdminServer = {
  socketPath: string;
  /** Takes no new request, lets those under way end, removes the socket. */
  close(): Promise<void>;
};

export type AdminServerOptions = {
  /** Must exist, and should be open to its owner only. */
  dataDirectory: string;
  context: AdminContext;
  /** A use case threw: a failing disk or a fault in the program. The caller of it gets `internal_error`. */
  onFailure?: (operation: OperationName, error: unknown) => void;
};

/**
 * Serves the operator's use cases on a Unix socket, so that commands act in the process that owns keys and balances.
 * Whoever may open the socket is the operator: it is readable and writable by the owner of the process only.
 * A socket that a dead process left behind is replaced. Rejects when a living process serves this data folder.
 */
export async function openAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const place = prepareSocketPlace(options.dataDirectory);
  const server = createServer(
    {
      maxHeaderSize: HEADER_MAX_BYTES,
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      keepAlive: false,
    },
    (request, response) => void answer(options, request, response),
  );
  server.maxConnections = CONNECTIONS_MAX;
  if (!(await listen(server, place.path))) {
    if (await someoneAnswers(place.path)) throw new Error('another gateway already uses this data folder');
    rmSync(place.path, { force: true });
    if (!(await listen(server, place.path))) throw new Error('the admin socket could not be made');
  }
  return {
    socketPath: place.path,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      place.remove();
    },
  };
}

/** False when something is at the path already. The socket never exists with wider rights, not for a moment. */
function listen(server: Server, path: string): Promise<boolean> {
  const umask = process.umask(0o177);
  try {
    return new Promise<boolean>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        server.off('listening', onListening);
        if (error.code === 'EADDRINUSE') resolve(false);
        else reject(error);
      };
      const onListening = (): void => {
        server.off('error', onError);
        chmodSync(path, 0o600);
        resolve(true);
      };
      server.once('error', onError);
      server.once('listening', onListening);
      server.listen(path);
    });
  } finally {
    process.umask(umask);
  }
}

function someoneAnswers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function answer(
  options: AdminServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = findRoute(request);
  const body = route.ok ? await readBody(request) : route;
  if (!route.ok || !body.ok) {
    send(response, route.ok ? body : route);
    return;
  }
  try {
    send(response, await runOperation(options.context, route.value, body.value));
  } catch (error) {
    options.onFailure?.(route.value, error);
    send(response, failed(fault('internal_error')));
  }
}

const NAMES = Object.keys(OPERATIONS) as OperationName[];

function findRoute(request: IncomingMessage): Result<OperationName, Fault> {
  const name = NAMES.find((candidate) => OPERATIONS[candidate].path === request.url);
  if (name === undefined) return failed(fault('not_found'));
  return OPERATIONS[name].method === request.method ? ok(name) : failed(fault('method_not_allowed'));
}

/** The JSON of the body; an empty body counts as `{}`. Errors: `unsupported_media_type`, `body_too_large`, `invalid_json`. */
async function readBody(request: IncomingMessage): Promise<Result<unknown, Fault>> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > BODY_MAX_BYTES) return failed(fault('body_too_large'));
      chunks.push(chunk);
    }
  } catch {
    return failed(fault('client_closed'));
  }
  if (sizeBytes === 0) return ok({});
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json *(?:;|$)/i.test(type)) return failed(fault('unsupported_media_type'));
  try {
    return ok(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch {
    return failed(fault('invalid_json'));
  }
}

/** `{"result": ...}` or `{"error": {"code", "message", "param"}}`. */
function send(response: ServerResponse, outcome: Result<unknown, Fault>): void {
  if (response.destroyed) return;
  const body = outcome.ok
    ? { result: outcome.value }
    : {
        error: {
          code: outcome.error.code,
          message: faultMessage(outcome.error),
          param: outcome.error.param ?? null,
        },
      };
  const text = JSON.stringify(body);
  response.writeHead(outcome.ok ? 200 : errorRow(outcome.error.code).status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    // One command, one connection. After a refused body there may be more of it on the way.
    connection: 'close',
  });
  response.end(text);
}
