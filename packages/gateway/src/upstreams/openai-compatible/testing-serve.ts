import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, expect } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { FakeHandler, FakeUpstream, Heard } from '../testing-upstream.ts';
import { attemptRequest, listen, startFakeUpstream } from '../testing-upstream.ts';
import type { Upstream } from '../shared/upstream.ts';
import type { OpenAiCompatibleOptions } from './upstream.ts';
import { createOpenAiCompatibleUpstream } from './upstream.ts';

/** For the tests of this folder: upstreams against servers on loopback, closed after each test. */
export const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const TIMEOUTS = { connectMs: 5_000, firstPartMs: 10_000, stallMs: 8_000, wholeReplyMs: 20_000 };

export function connect(baseUrl: string, options: Partial<OpenAiCompatibleOptions> = {}): Upstream {
  const upstream = createOpenAiCompatibleUpstream({
    name: 'test',
    baseUrl,
    headers: {},
    timeouts: TIMEOUTS,
    allowPrivateAddresses: true,
    maxTokensField: 'max_tokens',
    clock: systemClock,
    ...options,
  });
  closers.push(() => upstream.close());
  return upstream;
}

export async function serve(
  handler: FakeHandler,
  options: Partial<OpenAiCompatibleOptions> = {},
): Promise<{ fake: FakeUpstream; upstream: Upstream }> {
  const fake = await startFakeUpstream(handler);
  closers.push(() => fake.close());
  return { fake, upstream: connect(fake.url, options) };
}

export const BODY = { model: 'public', messages: [{ role: 'user', content: 'hi' }] };
export const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
export const chunk = (content: string): string =>
  event({
    id: 'c',
    model: 'remote',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }],
  });
export const FINISH = event({
  id: 'c',
  model: 'remote',
  choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
});
export const USAGE = event({
  id: 'c',
  model: 'remote',
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 4 },
});
export const DONE = 'data: [DONE]\n\n';
export const WHOLE = {
  id: 'c',
  object: 'chat.completion',
  model: 'remote',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 4 },
};

export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/** Runs one request to its end. */
export async function ask(
  upstream: Upstream,
  stream: boolean,
  body: Record<string, unknown> | undefined = BODY,
): Promise<Heard> {
  const heard = listen();
  upstream.start(attemptRequest(stream, body), heard.sink);
  await heard.ended;
  expect(heard.ends).toBe(1);
  return heard;
}

/** Turns of the event loop until `value` stands still for many of them. */
export async function settled(value: () => number): Promise<number> {
  let last = -1;
  for (let still = 0; still < 200; still += 1) {
    if (value() !== last) {
      last = value();
      still = 0;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return last;
}

/** A server that answers each connection's first bytes with `reply()` in one write, and closes. */
export async function serveBytes(reply: () => Buffer): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(reply()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
}

/** A streamed reply as bytes on the wire, each text an HTTP chunk of its own. */
export function wireReply(texts: readonly string[]): Buffer {
  const chunks = [...texts, ''].map((text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
  return Buffer.from(head + chunks.join(''));
}
