import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify';
import proxyAddress from '@fastify/proxy-addr';
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServerConfig } from '../config/config.ts';
import { fault, type Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import { errorFields, type Log } from '../core/log.ts';
import {
  createBodyIntake,
  declaredBytes,
  OPEN_BODY_MAX_BYTES,
  TooMuchAtOnce,
  type BodyIntake,
} from './body-intake.ts';
import { createDirectDoor } from './direct-door.ts';
import { sendFault } from './errors.ts';
import { serveSafely, type InferenceRow } from './inference-row.ts';
import { sendNotFoundPage, wantsPage } from './not-found-page.ts';
import type { AnyRow, RouteRow } from './routes.ts';

export type HttpServer = {
  /** Resolves to the address in use. */
  listen(): Promise<{ host: string; port: number }>;
  /** Takes no new connections and closes idle ones; those at work end by themselves. */
  stopAccepting(): void;
  close(): Promise<void>;
};

export type HttpServerOptions = {
  config: ServerConfig;
  routes: readonly AnyRow[];
  /** Takes over upgrades of `/node/v1`. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  log: Log;
  /** The operator's name, for the page that says that there is no such page. */
  brand?: string;
};

/** Every inference route is also there under this prefix, which some clients' documentation uses. */
const PREFIXES = ['', '/api'] as const;

const HTTP_OPTIONS = {
  maxHeaderSize: LIMITS.headerMaxBytes,
  headersTimeout: LIMITS.headersTimeoutMs,
  requestTimeout: LIMITS.requestTimeoutMs,
  keepAliveTimeout: LIMITS.keepAliveTimeoutMs,
  connectionsCheckingInterval: 5_000,
  shouldUpgradeCallback: asksForWebSocket,
};

/**
 * Every other upgrade is an offer that a server may pass over. Java's own HTTP client offers HTTP/2 (`h2c`) with each
 * first request to an `http:` address, and does not ask again without it when it is refused.
 */
function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return /\bwebsocket\b/i.test(headers.upgrade ?? '');
}

/** The HTTP server: one flat table of routes, one place for body limits and for errors outside of a route. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { config, log } = options;
  const rows = withPrefixes(options.routes);
  const isTakenDirectly = createDirectDoor({
    rows: rows.filter((row) => 'serve' in row),
    addressOf: addressReader(config.trustedProxies),
    log,
  });
  const app = fastify({
    logger: false,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    // Of routes that say nothing else, and of addresses that are not there.
    bodyLimit: OPEN_BODY_MAX_BYTES,
    forceCloseConnections: 'idle',
    genReqId: () => newId('req'),
    return503OnClosing: false,
    serverFactory: (handle) =>
      createServer(HTTP_OPTIONS, (request, response) => {
        if (config.trustedProxies.length > 0) dropForwardedPorts(request);
        if (!isTakenDirectly(request, response)) handle(request, response);
      }),
    clientErrorHandler: (error, socket) => refuseBrokenRequest(error.code, socket),
    frameworkErrors: (_error, request, reply) => {
      sendFault(reply, request.id, fault('not_found'));
    },
  });

  // Bodies stay bytes: surfaces parse them once themselves, and same-dialect upstreams get them as they came.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );

  app.addHook('onRequest', (request, reply, done) => {
    // `request-id` is the name that Anthropic's clients read.
    void reply.header('x-request-id', request.id).header('request-id', request.id);
    void reply.header('x-content-type-options', 'nosniff');
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') {
      done();
      return;
    }
    sendFault(reply, request.id, fault('unsupported_media_type', { message: 'Send the body uncompressed.' }));
  });

  const methods = new Map<string, string[]>();
  const intake = createBodyIntake(config.chatBodyMaxBytes);
  for (const row of rows) {
    const { method, path, bodyMaxBytes, sender } = row;
    const handler = 'serve' in row ? inferenceHandler(row, log) : row.handler;
    methods.set(path, [...(methods.get(path) ?? []), method]);
    app.route({
      method,
      url: path,
      handler,
      ...(bodyMaxBytes === undefined ? {} : { bodyLimit: bodyMaxBytes }),
      ...(sender === undefined ? {} : { onRequest: largeBodyHook(handler, sender, intake) }),
    });
  }
  app.setNotFoundHandler((request, reply) =>
    refuseUnknown(request, reply, methods, options.brand ?? 'Switchyard'),
  );
  app.setErrorHandler((error, request, reply) => {
    const known = knownFault(error);
    if (known === undefined) log.error('route_failed', { requestId: request.id, ...errorFields(error) });
    sendFault(reply, request.id, known ?? fault('internal_error'));
  });

  app.server.on('upgrade', (request, socket, head) => {
    // Node has taken its own listeners off: without one, a line that breaks now would end the program.
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '').split('?', 1)[0];
    if (path === '/node/v1') options.handleUpgrade(request, socket, head);
    else socket.end(UPGRADE_REFUSED, () => socket.destroy());
  });

  return serverOf(app, config);
}

function withPrefixes(routes: readonly AnyRow[]): AnyRow[] {
  return routes.flatMap((row) =>
    (row.path.startsWith('/v1/') ? PREFIXES : ['']).map((prefix) => ({ ...row, path: prefix + row.path })),
  );
}

/** Hands the raw response over to inference, which writes to it directly. */
function inferenceHandler(row: InferenceRow, log: Log): RouteRow['handler'] {
  return (request, reply) => {
    reply.hijack();
    const arrival = {
      requestId: request.id,
      rawHeaders: request.raw.rawHeaders,
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      response: reply.raw,
      remoteAddress: request.ip,
    };
    serveSafely(row, arrival, { request: request.raw, log });
  };
}

/** `1.2.3.4:5678`, `[2001:db8::1]:5678`, `[2001:db8::1]` */
const ADDRESS_WITH_PORT = /^\s*(?:(\d+\.\d+\.\d+\.\d+):\d+|\[([0-9a-f:.]+)\](?::\d+)?)\s*$/i;

/**
 * Some proxies write the client's port beside its address. Left there, each connection would be an address of its own, and
 * nothing that is counted by address would ever reach its bound.
 */
function dropForwardedPorts({ headers }: IncomingMessage): void {
  const forwarded = headers['x-forwarded-for'];
  if (typeof forwarded !== 'string' || !forwarded.includes(':')) return;
  headers['x-forwarded-for'] = forwarded
    .split(',')
    .map((address) => address.replace(ADDRESS_WITH_PORT, '$1$2'))
    .join(',');
}

/** The same rule as the framework's `request.ip`. */
function addressReader(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  if (trustedProxies.length === 0) return (request) => request.socket.remoteAddress ?? '';
  const isTrusted = proxyAddress.compile([...trustedProxies]);
  return (request) => proxyAddress(request, isTrusted);
}

function serverOf(app: FastifyInstance, config: ServerConfig): HttpServer {
  return {
    async listen() {
      await app.listen({ host: config.host, port: config.port });
      const address = app.server.address();
      if (address === null || typeof address === 'string')
        throw new Error('the server has no network address');
      return { host: config.host, port: address.port };
    },
    stopAccepting() {
      app.server.close();
      app.server.closeIdleConnections();
    },
    async close() {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

/**
 * Who sends a large body must be known before it is read. Whoever is not gets the refusal that the route has for them,
 * without a look at the body.
 */
function largeBodyHook(
  handler: RouteRow['handler'],
  senderOf: (request: FastifyRequest) => string | undefined,
  intake: BodyIntake,
): onRequestHookHandler {
  return (request, reply, done) => {
    if (declaredBytes(request.headers) <= OPEN_BODY_MAX_BYTES) return done();
    const sender = senderOf(request);
    if (sender !== undefined && intake.take(request, sender)) return done();
    // What of the body comes nevertheless is thrown away as it comes, so that a client which sends on sees the answer.
    if (sender === undefined) void handler(request, reply);
    else sendFault(reply, request.id, TOO_MUCH_AT_ONCE);
  };
}

const TOO_MUCH_AT_ONCE = fault('server_is_overloaded', {
  message: 'Too many large requests are being sent at once. Try again in a moment.',
  retryAfterMs: 1_000,
});

function refuseUnknown(
  request: FastifyRequest,
  reply: FastifyReply,
  methods: ReadonlyMap<string, string[]>,
  brand: string,
): void {
  const path = request.url.split('?', 1)[0] ?? '';
  const allowed = methods.get(path) ?? methods.get(path.replace(/[^/]+$/, '*'));
  if (allowed === undefined) {
    if (wantsPage(request)) sendNotFoundPage(request, reply, brand);
    else sendFault(reply, request.id, fault('not_found'));
    return;
  }
  void reply.header('allow', allowed.join(', '));
  sendFault(reply, request.id, fault('method_not_allowed'));
}

/** What is refused before a route sees it, in the words of our catalogue. */
function knownFault(error: unknown): Fault | undefined {
  if (error instanceof TooMuchAtOnce) return TOO_MUCH_AT_ONCE;
  const code = error instanceof Error && 'code' in error ? error.code : '';
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return fault('body_too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return fault('unsupported_media_type');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return fault('invalid_request', {
        message: 'The body is not as long as its content-length header says.',
      });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return fault('invalid_json', { message: 'The body is empty.' });
    default:
      return undefined;
  }
}

const UPGRADE_REFUSED = 'HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

/** Answers what Node's parser refused; there is no request object then, so the reply is written by hand. */
function refuseBrokenRequest(code: string | undefined, socket: Duplex): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, name] =
    code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', 'headers_too_large']
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'invalid_request']
        : [400, 'Bad Request', 'invalid_request'];
  const body = JSON.stringify({
    error: { message: `${reason}.`, type: 'invalid_request_error', param: null, code: name },
  });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\nx-request-id: ${newId('req')}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
