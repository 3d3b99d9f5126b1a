import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiError } from './api-error.ts';
import { errorJson, invalid, isApiError, refusalOf } from './api-error.ts';
import { chatEvents, wholeChat } from './chat-reply.ts';
import { askedOfChat } from './check-chat.ts';
import type { Json } from './check-common.ts';
import { object } from './check-common.ts';
import { askedOfResponses } from './check-responses.ts';
import { responseEvents, wholeResponse } from './responses-reply.ts';
import type { Asked, Script } from './scenarios.ts';
import { scriptOf } from './scenarios.ts';

export type FakeOpenAiOptions = {
  /** The key that requests must carry. Default: any. */
  apiKey?: string;
  /** How long `slow` waits before its first byte. */
  slowMs?: number;
  /** Changes the bytes of a successful reply: all of its body at once. */
  damage?: (body: Buffer) => Buffer;
};

export type FakeRequest = { path: string; headers: IncomingHttpHeaders; body: Json };

export type FakeOpenAi = {
  /** Base of the API, `/v1` included. */
  url: string;
  port: number;
  /** What was asked so far, in order. */
  requests: FakeRequest[];
  /** How many replies were left by their reader before their end. */
  left(): number;
  close(): Promise<void>;
};

type FakeDialect = {
  read(body: Json): Asked | ApiError;
  whole(asked: Asked, script: Script, body: Json): string;
  events(asked: Asked, script: Script, body: Json): string[];
};

const DIALECTS: Readonly<Record<string, FakeDialect>> = {
  '/v1/chat/completions': { read: askedOfChat, whole: wholeChat, events: chatEvents },
  '/v1/responses': { read: askedOfResponses, whole: wholeResponse, events: responseEvents },
};

/**
 * OpenAI's two text APIs on loopback, as they are documented: requests are judged as strictly as there, and what is
 * answered follows from the model's name (`SCENARIOS`).
 */
export async function startFakeOpenAi(options: FakeOpenAiOptions = {}): Promise<FakeOpenAi> {
  const requests: FakeRequest[] = [];
  let left = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.on('close', () => {
      if (!response.writableEnded) left += 1;
    });
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = new URL(request.url ?? '/', 'http://fake').pathname;
      const body = parse(Buffer.concat(chunks));
      const dialect = request.method === 'POST' ? DIALECTS[path] : undefined;
      const { headers } = request;
      if (body !== undefined) requests.push({ path, headers, body });
      const isKnown = options.apiKey === undefined || headers.authorization === `Bearer ${options.apiKey}`;
      if (!isKnown) refuse(response, refusalOf('401'));
      else if (dialect === undefined) refuse(response, refusalOf('404'));
      else if (body === undefined) refuse(response, invalid('We could not parse the JSON body.', null));
      else void answer(response, dialect, body, options);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests,
    left: () => left,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function parse(bytes: Buffer): Json | undefined {
  try {
    return object(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, error: ApiError | undefined): void {
  if (error === undefined) throw new Error('no such refusal');
  response
    .writeHead(error.status, { 'content-type': 'application/json', ...error.headers })
    .end(errorJson(error));
}

const KEPT = (body: Buffer): Buffer => body;

async function answer(
  response: ServerResponse,
  dialect: FakeDialect,
  body: Json,
  { slowMs = 50, damage = KEPT }: FakeOpenAiOptions,
): Promise<void> {
  const asked = dialect.read(body);
  const script = isApiError(asked) ? asked : scriptOf(asked);
  if (isApiError(asked)) return refuse(response, asked);
  if (isApiError(script)) return refuse(response, script);
  if (script.isSlow) await wait(slowMs);
  if (!asked.stream) {
    if (script.ending === 'reset') return response.socket?.resetAndDestroy() && undefined;
    const whole = damage(Buffer.from(dialect.whole(asked, script, body)));
    response.writeHead(200, { 'content-type': 'application/json' }).end(whole);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const events = damage(Buffer.from(dialect.events(asked, script, body).join('')));
  if (script.ending === 'reset') response.write(events, () => response.socket?.resetAndDestroy());
  else response.end(events);
}
