import type { Agent } from 'node:http';
import { WebSocket } from 'ws';
import { LINK_SUBPROTOCOL, REFUSAL_REASON_HEADER } from '@switchyard/protocol/link/close-codes.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import type { LinkEnd } from './backoff.ts';

/** A WebSocket to the gateway as the session uses it. */
export type LinkSocket = {
  send(message: Uint8Array<ArrayBuffer>, sent: () => void): void;
  bufferedBytes(): number;
  close(code: number, reason: string): void;
  /** Cuts the line without a goodbye. */
  terminate(): void;
};

export type LinkSocketListener = {
  onOpen(): void;
  onMessage(message: Uint8Array): void;
  /** Called once, also when the connection was never made. */
  onEnd(end: LinkEnd): void;
};

/** `timeoutMs`: for the whole way to the open socket. `agent`: goes through a proxy. */
export type LinkTarget = { url: string; token: string; timeoutMs: number; agent?: Agent };

/** Connects to a gateway. The token goes into a header, never into the address. */
export function openLinkSocket(
  { url, token, timeoutMs, agent }: LinkTarget,
  listener: LinkSocketListener,
): LinkSocket {
  const socket = new WebSocket(url, [LINK_SUBPROTOCOL], {
    headers: { authorization: `Bearer ${token}` },
    ...(agent === undefined ? {} : { agent }),
    perMessageDeflate: false,
    followRedirects: false,
    handshakeTimeout: timeoutMs,
    maxPayload: LINK_LIMITS.socketMessageMaxBytes,
  });
  let failure: LinkEnd | undefined;
  let isEnded = false;

  function end(value: LinkEnd): void {
    if (isEnded) return;
    isEnded = true;
    listener.onEnd(failure ?? value);
  }

  socket.on('open', () => listener.onOpen());
  socket.on('message', (data, isBinary) => {
    if (isBinary && data instanceof Uint8Array) listener.onMessage(data);
    else socket.close(1003, 'binary only');
  });
  socket.on('unexpected-response', (_request, response) => {
    const seconds = Number(response.headers['retry-after'] ?? 'none');
    failure = {
      kind: 'refused',
      status: response.statusCode ?? 0,
      ...reasonOf(response.headers[REFUSAL_REASON_HEADER]),
      ...(Number.isFinite(seconds) && seconds >= 0 && { retryAfterMs: seconds * 1_000 }),
    };
    response.destroy();
    socket.terminate();
  });
  socket.on('error', (error) => {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    if (socket.readyState !== WebSocket.OPEN) failure ??= { kind: 'unreachable', code };
  });
  socket.on('close', (code) => end({ kind: 'closed', code }));

  return {
    send: (message, sent) => socket.send(message, { binary: true }, () => sent()),
    bufferedBytes: () => socket.bufferedAmount,
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
}

function reasonOf(header: string | string[] | undefined): { because?: string } {
  if (typeof header !== 'string' || header === '') return {};
  return { because: header };
}
