import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Asked, Brain } from './brain.ts';
import { obliging } from './brain.ts';
import { chatDialect } from './chat.ts';
import type { DialectOfProvider, NumberedReply } from './dialect.ts';
import { messagesDialect } from './messages.ts';
import { responsesDialect } from './responses.ts';

export type Provider = {
  port: number;
  /** What was asked so far, in order, with the headers. */
  asked: { path: string; asked: Asked; body: string; headers: IncomingMessage['headers'] }[];
  /** How many endless answers were left by their reader. */
  left(): number;
  /** Lets the streams go on that wait to be seen. So does `GET /seen`, for clients in other processes. */
  seen(): void;
  close(): Promise<void>;
};

const DIALECTS: readonly DialectOfProvider[] = [chatDialect, messagesDialect, responsesDialect];
/** What connectors look for. */
const MODELS = JSON.stringify({ object: 'list', data: [{ id: 'provider-model', object: 'model' }] });
/** Between two words of an endless answer. */
const WORD_GAP_MS = 5;
/** An endless answer gives up some time: a test that nobody reads must still end. */
const ENDLESS_MAX_ROUNDS = 4_000;

/**
 * A provider of models on loopback that speaks every dialect of providers, and does what the prompt says. `mark` is
 * the name of a field that it adds to each reply and each event, as providers do with fields that nobody knows yet.
 */
export async function startProvider(
  brain: Brain = obliging,
  { mark }: { mark?: string } = {},
): Promise<Provider> {
  const asked: Provider['asked'] = [];
  let left = 0;
  const seen = new EventEmitter();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = new URL(request.url ?? '/', 'http://provider').pathname;
      if (request.method === 'GET' && path === '/v1/models') {
        response.writeHead(200, { 'content-type': 'application/json' }).end(MODELS);
        return;
      }
      if (request.method === 'GET' && path === '/seen') {
        seen.emit('seen');
        response.writeHead(204).end();
        return;
      }
      const dialect = DIALECTS.find((candidate) => candidate.path === path);
      if (dialect === undefined || request.method !== 'POST') {
        response
          .writeHead(404)
          .end('{"error":{"message":"There is nothing here.","type":"not_found_error"}}');
        return;
      }
      const body = Buffer.concat(chunks).toString();
      const question = dialect.read(body);
      asked.push({ path, asked: question.asked, body, headers: request.headers });
      const reply = { ...brain(question.asked), number: asked.length };
      if (reply.problem !== undefined) {
        const { status, body } = dialect.problem(reply.problem);
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
        return;
      }
      const spoken = marked(dialect, mark);
      const answered = question.stream
        ? answerStream(response, spoken, reply, seen)
        : answerWhole(response, spoken, reply);
      answered.then(
        (wasLeft) => (left += wasLeft ? 1 : 0),
        (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    left: () => left,
    seen: () => void seen.emit('seen'),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function marked(dialect: DialectOfProvider, mark: string | undefined): DialectOfProvider {
  if (mark === undefined) return dialect;
  const add = (text: string) => text.replace(/\{/, `{"${mark}":true,`);
  return {
    ...dialect,
    whole: (reply) => add(dialect.whole(reply)),
    events(reply) {
      const { open, text, close } = dialect.events(reply);
      return { open: open.map(add), text: text.map(add), close: close.map(add) };
    },
  };
}

/** Whether the reader left before the end. `seen` tells that the first word was seen, for replies that wait for it. */
async function answerStream(
  response: ServerResponse,
  dialect: DialectOfProvider,
  reply: NumberedReply,
  seen: EventEmitter,
): Promise<boolean> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const { open, text, close } = dialect.events(reply);
  for (const event of open) response.write(event);
  const rounds = reply.ending === 'endless' ? ENDLESS_MAX_ROUNDS : 1;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, event] of text.entries()) {
      response.write(event);
      if (reply.waitsToBeSeen === true && index === 0)
        await Promise.race([once(seen, 'seen'), once(response, 'close')]);
      else await wait(WORD_GAP_MS);
      if (response.destroyed) return true;
    }
  }
  if (reply.ending === 'broken') response.destroy();
  else response.end(close.join(''));
  return false;
}

/** Whether the reader left before the end. */
async function answerWhole(
  response: ServerResponse,
  dialect: DialectOfProvider,
  reply: NumberedReply,
): Promise<boolean> {
  if (reply.ending === 'broken') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"id":');
    response.destroy();
    return false;
  }
  for (let round = 0; reply.ending === 'endless' && round < ENDLESS_MAX_ROUNDS; round += 1) {
    await wait(WORD_GAP_MS);
    if (response.destroyed) return true;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(dialect.whole(reply));
  return false;
}
