import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressInfo } from 'node:net';

export type FakeEngineRequest = {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: unknown;
};

export type FakeEngineHandler = (request: FakeEngineRequest, response: ServerResponse) => void;

export type FakeEngineServer = {
  /** Ends with `/v1`. */
  baseUrl: string;
  requests: FakeEngineRequest[];
  /** Resolves when a client has closed the connection of a `POST`. */
  untilGone(): Promise<void>;
  close(): Promise<void>;
};

/** An HTTP server on the loopback that answers as the handler wants: it plays an inference engine. */
export async function startFakeEngineServer(
  handler: FakeEngineHandler,
  onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<FakeEngineServer> {
  const requests: FakeEngineRequest[] = [];
  const gone = Promise.withResolvers<void>();
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
      requests.push(request);
      if (request.method === 'POST') response.on('close', () => gone.resolve());
      handler(request, response);
    });
  });
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    untilGone: () => gone.promise,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers with an event stream of these bytes and ends it. */
export function sendStream(response: ServerResponse, body: string | Uint8Array): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** The `data:` lines of these chunks, without `[DONE]`. */
export function eventsOf(...chunks: unknown[]): string {
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
}
