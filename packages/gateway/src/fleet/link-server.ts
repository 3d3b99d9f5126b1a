import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { CloseCode } from '@switchyard/protocol/link/close-codes.ts';
import {
  CLOSE_CODES,
  LINK_SUBPROTOCOL,
  REFUSAL_REASON_HEADER,
} from '@switchyard/protocol/link/close-codes.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import type { Clock } from '../core/clock.ts';
import { giveBack } from '../core/give-back.ts';
import type { FleetConfig, FleetMetrics } from './fleet-config.ts';
import type { NodeAuthenticator, NodeIdentity } from './fleet.ts';
import type { LinkSocket } from './session-host.ts';
import { RateWindow } from './rate-window.ts';

/** What the link server hands messages to; a `NodeLine` is one. */
export type SocketListener = {
  /** The message is there for the time of the call only: what is kept of it has to be copied. */
  onMessage(message: Uint8Array): void;
  onSocketClosed(code: number): void;
  end(code: CloseCode, reason: string): void;
};

export type LinkServerOptions = {
  clock: Clock;
  config: FleetConfig;
  metrics: FleetMetrics;
  authenticateNode: NodeAuthenticator;
  /** Milliseconds to send as `Retry-After` while the gateway takes no nodes; undefined when it does. */
  drainingForMs(): number | undefined;
  lineCount(): number;
  open(identity: NodeIdentity, socket: LinkSocket): SocketListener;
};

type Refusal = {
  status: 401 | 403 | 426 | 429 | 503;
  code: string;
  message: string;
  reason?: string;
  retryAfterMs?: number;
};

/** How long a peer may take to answer our close before the line is cut. */
const CLOSE_TIMEOUT_MS = 5_000;
const TOKEN_MAX_CHARS = 256;

/**
 * The door for nodes: checks the token before the upgrade and turns a WebSocket into a session's line. Refusals are
 * plain HTTP: 401 wrong token, 403 suspended, 426 other protocol, 429 too many tries or nodes, 503 shutting down.
 */
export class LinkServer {
  readonly #options: LinkServerOptions;
  readonly #connects: RateWindow;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: LINK_LIMITS.socketMessageMaxBytes,
    autoPong: false,
    // The library takes it, its types do not know it yet.
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: () => LINK_SUBPROTOCOL,
  } as ConstructorParameters<typeof WebSocketServer>[0]);

  constructor(options: LinkServerOptions) {
    this.#options = options;
    this.#connects = new RateWindow(options.config.connectsPerMinuteMax);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the WebSocket library has taken over, a broken line has no other listener.
    socket.on('error', () => socket.destroy());
    const admitted = this.#admit(request);
    if ('status' in admitted) {
      this.#options.metrics.upgradeRefused(admitted.status);
      refuse(socket, admitted);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#connected(admitted, webSocket));
  }

  #admit(request: IncomingMessage): NodeIdentity | Refusal {
    const { clock, config } = this.#options;
    const retryAfterMs = this.#options.drainingForMs();
    if (retryAfterMs !== undefined)
      return { status: 503, code: 'draining', message: 'Shutting down.', retryAfterMs };
    const minute = Math.floor(clock.monotonicMs() / 60_000);
    const token = bearerToken(request);
    const identity = token === undefined ? undefined : this.#options.authenticateNode(token);
    if (identity === undefined) {
      return { status: 401, code: 'invalid_node_token', message: 'The node token is missing or not valid.' };
    }
    if (identity === 'suspended')
      return { status: 403, code: 'node_suspended', message: 'This node is suspended.' };
    if ('suspendedBecause' in identity) {
      const reason = identity.suspendedBecause;
      return { status: 403, code: 'node_suspended', message: 'This node is suspended.', reason };
    }
    if (!offersSubprotocol(request)) {
      return {
        status: 426,
        code: 'upgrade_required',
        message: `Speak the WebSocket subprotocol ${LINK_SUBPROTOCOL}.`,
      };
    }
    if (this.#connects.isFull(identity.nodeId, minute)) return TOO_MANY;
    this.#connects.count(identity.nodeId, minute);
    return this.#options.lineCount() >= config.sessionsMax ? TOO_MANY : identity;
  }

  #connected(identity: NodeIdentity, webSocket: WebSocket): void {
    const line: LinkSocket = {
      send: (message, sent) => webSocket.send(message, { binary: true }, () => sent()),
      bufferedBytes: () => webSocket.bufferedAmount,
      close: (code, reason) => webSocket.close(code, reason),
    };
    const listener = this.#options.open(identity, line);
    webSocket.on('message', (data, isBinary) => {
      if (!isBinary || !(data instanceof Uint8Array))
        return listener.end(CLOSE_CODES.protocol, 'binary only');
      listener.onMessage(data);
      giveBack(data);
    });
    // Answered by hand, so that a peer that asks without reading fills no buffer.
    webSocket.on('ping', (data) => {
      if (webSocket.bufferedAmount < LINK_LIMITS.socketBufferMaxBytes) webSocket.pong(data);
    });
    // An oversized or malformed WebSocket frame: the library closes with its own code, and `close` follows.
    webSocket.on('error', () => undefined);
    webSocket.on('close', (code) => listener.onSocketClosed(code));
  }
}

const TOO_MANY: Refusal = {
  status: 429,
  code: 'too_many_connections',
  message: 'Too many connections. Come back later.',
  retryAfterMs: 60_000,
};

function bearerToken(request: IncomingMessage): string | undefined {
  const match = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '');
  const token = match?.[1];
  return token !== undefined && token.length <= TOKEN_MAX_CHARS ? token : undefined;
}

function offersSubprotocol(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim() === LINK_SUBPROTOCOL);
}

function refuse(socket: Duplex, refusal: Refusal): void {
  const body = JSON.stringify({ error: { code: refusal.code, message: refusal.message } });
  const lines = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  if (refusal.status === 401) lines.push('WWW-Authenticate: Bearer');
  if (refusal.status === 426) lines.push('Upgrade: websocket', `Sec-WebSocket-Protocol: ${LINK_SUBPROTOCOL}`);
  if (refusal.reason !== undefined)
    lines.push(`${REFUSAL_REASON_HEADER}: ${refusal.reason.replaceAll(/[^ -~]+/g, ' ')}`);
  if (refusal.retryAfterMs !== undefined)
    lines.push(`Retry-After: ${Math.ceil(refusal.retryAfterMs / 1_000)}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
