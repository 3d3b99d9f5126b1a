import { describe, expect, test } from 'vitest';
import { attemptRequest, listen } from '../testing-upstream.ts';
import {
  BODY,
  DONE,
  FINISH,
  USAGE,
  WHOLE,
  ask,
  chunk,
  openStream,
  sendJson,
  serve,
  serveBytes,
  settled,
  wireReply,
} from './testing-serve.ts';

describe('replies', () => {
  test('a stream of the same dialect: bytes handed on, usage and terminator kept back', async () => {
    const { fake, upstream } = await serve(
      (response) => {
        openStream(response);
        response.end(chunk('Hel') + chunk('lo') + FINISH + USAGE + DONE);
      },
      { apiKey: 'secret', headers: { 'x-extra': '1' } },
    );
    const heard = await ask(upstream, true, { ...BODY, stream: true, user: 'u' });
    expect(heard.fault).toBeUndefined();
    expect(heard.parts).toEqual([
      { type: 'text-delta', text: 'Hel' },
      { type: 'text-delta', text: 'lo' },
      {
        type: 'finish',
        reason: 'stop',
        usage: {
          inputTokens: 3,
          imageInputTokens: 0,
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
          outputTokens: 4,
          reasoningTokens: 0,
        },
      },
    ]);
    const relayed = Buffer.concat(heard.relay).toString();
    expect(relayed).toBe((chunk('Hel') + chunk('lo') + FINISH).replaceAll('"remote"', '"public"'));
    expect(fake.bodies[0]).toEqual({
      ...BODY,
      model: 'remote',
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 100,
    });
    expect(fake.requests[0]?.url).toBe('/v1/chat/completions');
    expect(fake.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'x-extra': '1',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    });
  });

  test('a stream for another dialect: parts only, and a body written anew', async () => {
    const { fake, upstream } = await serve((response) => {
      openStream(response);
      response.end(chunk('Hello') + FINISH + DONE);
    });
    const heard = listen();
    upstream.start(attemptRequest(true), heard.sink);
    await heard.ended;
    expect(heard.parts.map((part) => part.type)).toEqual(['text-delta', 'finish']);
    expect(heard.relay).toEqual([]);
    expect(fake.bodies[0]).toEqual({
      model: 'remote',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 100,
    });
  });

  test('a whole reply keeps its bytes', async () => {
    const { upstream } = await serve((response) => sendJson(response, WHOLE));
    const heard = await ask(upstream, false);
    expect(heard.parts.map((part) => part.type)).toEqual(['text-delta', 'finish']);
    expect(Buffer.concat(heard.relay).toString()).toBe(JSON.stringify(WHOLE));
  });

  test('a whole reply where a stream was asked for is given as parts', async () => {
    const { upstream } = await serve((response) => sendJson(response, WHOLE));
    const heard = await ask(upstream, true, { ...BODY, stream: true });
    expect(heard.parts.map((part) => part.type)).toEqual(['text-delta', 'finish']);
    expect(heard.relay).toEqual([]);
  });

  test('a stream where a whole reply was asked for is given as parts', async () => {
    const { upstream } = await serve((response) => {
      openStream(response);
      response.end(chunk('Hello') + FINISH + DONE);
    });
    const heard = await ask(upstream, false);
    expect(heard.parts.map((part) => part.type)).toEqual(['text-delta', 'finish']);
    expect(heard.relay).toEqual([]);
  });

  test('all events of one network read leave in one call', async () => {
    const reply = wireReply([...['a', 'b', 'c', 'd'].map(chunk), FINISH, DONE]);
    const heard = await ask(await serveBytes(() => reply), true);
    expect(heard.parts).toHaveLength(5);
    expect(heard.calls).toBe(1);
  });

  test('the end is told at [DONE], and the connection serves the next request', async () => {
    const sockets = new Set<unknown>();
    const { upstream } = await serve((response, request) => {
      sockets.add(request.socket);
      openStream(response);
      response.write(chunk('x') + FINISH + DONE);
      setImmediate(() => response.end());
    });
    await ask(upstream, true);
    await settled(() => sockets.size);
    await ask(upstream, true);
    expect(sockets.size).toBe(1);
  });
});
