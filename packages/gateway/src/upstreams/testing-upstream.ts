import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { AttemptFault, AttemptRequest, AttemptSink } from '../core/attempt.ts';

/** For tests: a server on loopback that answers as the test says, and a sink that checks its own rules. */
export type FakeUpstream = {
  url: string;
  /** Bodies that were received, in order. */
  bodies: Record<string, unknown>[];
  requests: IncomingMessage[];
  close(): Promise<void>;
};

export type FakeHandler = (response: ServerResponse, request: IncomingMessage) => void;

export async function startFakeUpstream(handler: FakeHandler): Promise<FakeUpstream> {
  const bodies: Record<string, unknown>[] = [];
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      requests.push(request);
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
      handler(response, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    bodies,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What a sink heard. `ended` resolves at the end or the fault, and both together are an error of the target. */
export type Heard = {
  sink: AttemptSink;
  parts: StreamPart[];
  relay: Buffer[];
  /** How often `onParts` was called. */
  calls: number;
  alive: number;
  fault: AttemptFault | undefined;
  ends: number;
  ended: Promise<void>;
  firstPart: Promise<void>;
};

export function listen(onParts: (parts: readonly StreamPart[]) => void = () => {}): Heard {
  const ended = Promise.withResolvers<void>();
  const firstPart = Promise.withResolvers<void>();
  const heard: Heard = {
    parts: [],
    relay: [],
    calls: 0,
    alive: 0,
    fault: undefined,
    ends: 0,
    ended: ended.promise,
    firstPart: firstPart.promise,
    sink: {
      onParts(parts, relay) {
        if (heard.ends > 0) throw new Error('parts after the end');
        heard.calls += 1;
        heard.parts.push(...parts);
        if (relay !== undefined) heard.relay.push(relay);
        firstPart.resolve();
        onParts(parts);
      },
      onAlive: () => void (heard.alive += 1),
      onEnd() {
        heard.ends += 1;
        ended.resolve();
      },
      onFault(fault) {
        heard.ends += 1;
        heard.fault = fault;
        ended.resolve();
      },
    },
  };
  return heard;
}

/** A request of a chat completions client, or of another dialect when `body` is left out. */
export function attemptRequest(stream: boolean, body?: Record<string, unknown>): AttemptRequest {
  return {
    chat: {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      tools: [],
      toolChoice: 'auto',
      parallelToolCalls: true,
      responseFormat: { type: 'text' },
      sampling: {},
      stop: [],
      maxOutputTokens: 100,
    },
    remoteModel: 'remote',
    replyModel: 'public',
    stream,
    estimatedInputTokens: 1,
    original:
      body === undefined
        ? { dialect: 'messages', body: Buffer.from('{}'), rawHeaders: [] }
        : { dialect: 'chat-completions', body: Buffer.from(JSON.stringify(body)), rawHeaders: [] },
  };
}
