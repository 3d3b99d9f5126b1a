import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Clock } from '../../core/clock.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import type { FakeHandler, FakeUpstream } from '../testing-upstream.ts';
import { attemptRequest, listen, startFakeUpstream } from '../testing-upstream.ts';
import { UPSTREAM_CAUSES } from '../transport/fault-causes.ts';
import type { OpenAiCompatibleOptions, Upstream } from './upstream.ts';
import { createOpenAiCompatibleUpstream } from './upstream.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const TIMEOUTS = { connectMs: 5_000, firstPartMs: 10_000, stallMs: 5_000, wholeReplyMs: 20_000 };

function connect(baseUrl: string, options: Partial<OpenAiCompatibleOptions> = {}): Upstream {
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

async function serve(
  handler: FakeHandler,
  options: Partial<OpenAiCompatibleOptions> = {},
): Promise<{ fake: FakeUpstream; upstream: Upstream }> {
  const fake = await startFakeUpstream(handler);
  closers.push(() => fake.close());
  return { fake, upstream: connect(fake.url, options) };
}

const BODY = { model: 'public', messages: [{ role: 'user', content: 'hi' }] };
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (content: string) =>
  event({
    id: 'c',
    model: 'remote',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }],
  });
const FINISH = event({ id: 'c', model: 'remote', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const USAGE = event({
  id: 'c',
  model: 'remote',
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 4 },
});
const DONE = 'data: [DONE]\n\n';
const WHOLE = {
  id: 'c',
  object: 'chat.completion',
  model: 'remote',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 4 },
};

function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
}

function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/** Runs one request to its end. */
async function ask(upstream: Upstream, stream: boolean, body: Record<string, unknown> | undefined = BODY) {
  const heard = listen();
  upstream.start(attemptRequest(stream, body), heard.sink);
  await heard.ended;
  expect(heard.ends).toBe(1);
  return heard;
}

/** Turns of the event loop until `value` stands still for many of them. */
async function settled(value: () => number): Promise<number> {
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
    const { upstream } = await serve((response) => {
      openStream(response);
      response.cork();
      for (const word of ['a', 'b', 'c', 'd']) response.write(chunk(word));
      response.write(FINISH + DONE);
      response.uncork();
      response.end();
    });
    const heard = await ask(upstream, true);
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

describe('faults', () => {
  const cases: [what: string, handler: FakeHandler, fault: Record<string, unknown>][] = [
    [
      'redirects',
      (response) => response.writeHead(307, { location: '/elsewhere' }).end(),
      { cause: 'redirect' },
    ],
    [
      'compression',
      (response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(WHOLE))),
      { cause: 'encoding' },
    ],
    [
      'an error in a 200',
      (response) => sendJson(response, { error: { message: 'no' } }),
      { cause: 'error-in-reply' },
    ],
    [
      'a page of HTML',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      { cause: 'bad-reply' },
    ],
    ['no JSON', (response) => response.writeHead(200).end('Hello'), { cause: 'bad-reply' }],
    ['an empty reply', (response) => response.writeHead(200).end(), { cause: 'bad-reply' }],
    ['an empty 204', (response) => response.writeHead(204).end(), { cause: 'bad-reply' }],
    ['JSON without choices', (response) => sendJson(response, { choices: [] }), { cause: 'bad-reply' }],
    ['a reset before the headers', (response) => response.socket?.resetAndDestroy(), { cause: 'reset' }],
    [
      'a reply shorter than it says',
      (response) => {
        response.writeHead(200, { 'content-length': '1000', 'content-type': 'application/json' });
        response.write('{"choices":');
        response.socket?.end();
      },
      { blame: 'target', code: 'upstream_failed' },
    ],
    [
      '400',
      (response) => sendJson(response, { error: { message: 'secret detail' } }, 400),
      { code: 'invalid_request', blame: 'request', cause: 'refused' },
    ],
    [
      '400 for the context',
      (response) =>
        sendJson(response, { error: { code: 'context_length_exceeded', message: 'secret' } }, 400),
      { code: 'context_length_exceeded', blame: 'request' },
    ],
    [
      '400 of llama.cpp for the context',
      (response) =>
        sendJson(response, { error: { code: 400, type: 'exceed_context_size_error', message: '' } }, 400),
      { code: 'context_length_exceeded', blame: 'request' },
    ],
    [
      '400 for a parameter',
      (response) => sendJson(response, { error: { code: 'unsupported_parameter', message: 'secret' } }, 400),
      { code: 'unsupported_parameter', blame: 'request' },
    ],
    [
      '401',
      (response) => sendJson(response, {}, 401),
      { code: 'upstream_failed', blame: 'target', cause: 'auth' },
    ],
    ['402', (response) => sendJson(response, {}, 402), { blame: 'target', cause: 'credits' }],
    ['403', (response) => sendJson(response, {}, 403), { blame: 'target', cause: 'auth' }],
    ['404', (response) => sendJson(response, {}, 404), { blame: 'target', cause: 'not-found' }],
    ['413', (response) => sendJson(response, {}, 413), { code: 'body_too_large', blame: 'request' }],
    ['422', (response) => sendJson(response, {}, 422), { code: 'invalid_request', blame: 'request' }],
    ['418', (response) => sendJson(response, {}, 418), { blame: 'target', cause: 'http-4xx' }],
    [
      '429',
      (response) => sendJson(response, {}, 429, { 'retry-after': '7' }),
      { code: 'server_is_overloaded', blame: 'target', cause: 'http-429', retryAfterMs: 7_000 },
    ],
    [
      '503',
      (response) => sendJson(response, {}, 503, { 'retry-after-ms': '250', 'retry-after': '9' }),
      { code: 'server_is_overloaded', cause: 'http-5xx', retryAfterMs: 250 },
    ],
    ['500', (response) => sendJson(response, {}, 500), { code: 'upstream_failed', cause: 'http-5xx' }],
    ['504', (response) => sendJson(response, {}, 504), { code: 'upstream_timeout', cause: 'http-5xx' }],
    [
      'an error body without end',
      (response) => response.writeHead(500).write('x'.repeat(100_000)),
      { cause: 'http-5xx' },
    ],
  ];

  test.each(cases)('%s', async (_what, handler, fault) => {
    const { upstream } = await serve(handler);
    const heard = await ask(upstream, false);
    expect(heard.parts).toEqual([]);
    expect(heard.fault).toMatchObject(fault);
    expect(UPSTREAM_CAUSES).toContain(heard.fault?.cause);
    expect(JSON.stringify(heard.fault)).not.toContain('secret');
  });

  test('a reset in a stream is no end, whatever came before', async () => {
    const { upstream } = await serve((response) => {
      openStream(response);
      response.write(chunk('Half'), () => response.socket?.resetAndDestroy());
    });
    const heard = await ask(upstream, true);
    expect(heard.parts).toEqual([{ type: 'text-delta', text: 'Half' }]);
    expect(heard.fault).toMatchObject({ blame: 'target', code: 'upstream_failed' });
  });

  test('a clean end of the bytes without a finish is no end either', async () => {
    const { upstream } = await serve((response) => {
      openStream(response);
      response.end(chunk('Half'));
    });
    expect((await ask(upstream, true)).fault).toMatchObject({ cause: 'truncated' });
  });

  test('a reset behind the finish takes nothing from the answer', async () => {
    const { upstream } = await serve((response) => {
      openStream(response);
      response.write(chunk('All') + FINISH, () => response.socket?.resetAndDestroy());
    });
    const heard = await ask(upstream, true);
    expect(heard.fault).toBeUndefined();
    expect(heard.parts.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
  });

  test('an error event after content', async () => {
    const { upstream } = await serve((response) => {
      openStream(response);
      response.write(chunk('Half') + event({ error: { message: 'secret' } }));
    });
    const heard = await ask(upstream, true);
    expect(heard.fault).toMatchObject({ cause: 'error-in-reply' });
    expect(heard.parts).toHaveLength(1);
  });

  test('an endless line is cut and the connection closed', async () => {
    const closed = Promise.withResolvers<void>();
    const { upstream } = await serve((response) => {
      openStream(response);
      response.on('close', () => closed.resolve());
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      response.write('data: ');
      more();
    });
    expect((await ask(upstream, true)).fault).toMatchObject({ cause: 'event-too-large' });
    await closed.promise;
  });

  test('nobody listens', async () => {
    const fake = await startFakeUpstream(() => {});
    await fake.close();
    expect((await ask(connect(fake.url), false)).fault).toMatchObject({ cause: 'connect', blame: 'target' });
  });

  test.each(['127.0.0.1', 'localhost'])('a private address is not connected to: %s', async (host) => {
    const fake = await startFakeUpstream((response) => sendJson(response, WHOLE));
    closers.push(() => fake.close());
    const url = fake.url.replace('127.0.0.1', host);
    const heard = await ask(connect(url, { allowPrivateAddresses: false }), false);
    expect(heard.fault).toMatchObject({ cause: 'address-refused', blame: 'target' });
    expect(fake.requests).toEqual([]);
    const allowed = await ask(connect(url, { allowPrivateAddresses: ['127.0.0.0/8', '::1/128'] }), false);
    expect(allowed.fault).toBeUndefined();
  });

  test('closing the upstream ends what runs', async () => {
    const { upstream } = await serve((response) => openStream(response));
    const heard = listen();
    upstream.start(attemptRequest(true, BODY), heard.sink);
    await upstream.close();
    await heard.ended;
    expect(heard.fault).toMatchObject({ blame: 'target' });
    expect((await ask(upstream, true)).fault).toMatchObject({ cause: 'closed' });
  });
});

describe('time limits', () => {
  /** Starts a request against a server under test, on virtual time. */
  async function start(handler: FakeHandler, stream: boolean) {
    const clock = createVirtualClock();
    const closed = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<ServerResponse>();
    const { upstream } = await serve(
      (response, request) => {
        response.on('close', () => closed.resolve());
        handler(response, request);
        begun.resolve(response);
      },
      { clock: clock as Clock },
    );
    const heard = listen();
    const attempt = upstream.start(attemptRequest(stream, BODY), heard.sink);
    return { clock, heard, attempt, response: await begun.promise, closed: closed.promise };
  }

  test('no headers', async () => {
    const { clock, heard, closed } = await start(() => {}, true);
    clock.advance(9_500);
    expect(heard.ends).toBe(0);
    clock.advance(1_000);
    await heard.ended;
    expect(heard.fault).toMatchObject({ code: 'upstream_timeout', cause: 'timeout', blame: 'target' });
    await closed;
  });

  test('pings do not hide a dead engine', async () => {
    const { clock, heard, response, closed } = await start((response) => openStream(response), true);
    for (let second = 0; second < 11; second += 1) {
      const alive = heard.alive;
      response.write(': ping\n\n');
      while (heard.alive === alive && heard.ends === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    }
    await heard.ended;
    expect(heard.fault).toMatchObject({ cause: 'timeout' });
    await closed;
  });

  test('a stall behind the first part, but not while the client is held back', async () => {
    const { clock, heard, attempt, closed } = await start((response) => {
      openStream(response);
      response.write(chunk('x'));
    }, true);
    await heard.firstPart;
    attempt.pause();
    clock.advance(60_000);
    expect(heard.ends).toBe(0);
    attempt.resume();
    clock.advance(4_500);
    expect(heard.ends).toBe(0);
    clock.advance(1_000);
    await heard.ended;
    expect(heard.fault).toMatchObject({ code: 'upstream_timeout', cause: 'stall' });
    await closed;
  });

  test('a finish without terminator ends well after a short wait', async () => {
    const { clock, heard, closed } = await start((response) => {
      openStream(response);
      response.write(chunk('x') + FINISH);
    }, true);
    await heard.firstPart;
    clock.advance(5_500);
    await heard.ended;
    expect(heard.fault).toBeUndefined();
    expect(heard.parts.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
    await closed;
  });

  test('a reply that goes on behind its terminator is cut', async () => {
    const { clock, heard, closed } = await start((response) => {
      openStream(response);
      response.write(chunk('x') + FINISH + DONE);
    }, true);
    await heard.ended;
    clock.advance(2_500);
    await closed;
    expect(heard.ends).toBe(1);
  });

  test('a whole reply has its own limit', async () => {
    const { clock, heard, closed } = await start(() => {}, false);
    clock.advance(19_500);
    expect(heard.ends).toBe(0);
    clock.advance(1_000);
    await heard.ended;
    expect(heard.fault).toMatchObject({ cause: 'timeout' });
    await closed;
  });
});

describe('cancel and pause', () => {
  test('cancel closes the connection at once, and the sink hears no more', async () => {
    const closed = Promise.withResolvers<void>();
    const { upstream } = await serve((response) => {
      response.on('close', () => closed.resolve());
      openStream(response);
      response.write(chunk('x'));
    });
    const heard = listen();
    const attempt = upstream.start(attemptRequest(true, BODY), heard.sink);
    await heard.firstPart;
    attempt.cancel();
    attempt.cancel();
    await closed.promise;
    attempt.pause();
    attempt.resume();
    expect(heard.ends).toBe(0);
  });

  test('cancel from inside the sink', async () => {
    const closed = Promise.withResolvers<void>();
    const { upstream } = await serve((response) => {
      response.on('close', () => closed.resolve());
      openStream(response);
      response.write(chunk('x') + FINISH + DONE);
    });
    const heard = listen(() => attempt.cancel());
    const attempt = upstream.start(attemptRequest(true, BODY), heard.sink);
    await closed.promise;
    expect(heard.ends).toBe(0);
    expect(heard.calls).toBe(1);
  });

  test('cancel before the connection stands sends nothing', async () => {
    const { fake, upstream } = await serve((response) => sendJson(response, WHOLE));
    const heard = listen();
    upstream.start(attemptRequest(false, BODY), heard.sink).cancel();
    await ask(upstream, false);
    expect(fake.requests).toHaveLength(1);
    expect(heard.ends).toBe(0);
  });

  test('cancelled streams do not hold up later requests', async () => {
    let open = 0;
    const { upstream } = await serve((response) => {
      open += 1;
      response.on('close', () => (open -= 1));
      openStream(response);
      response.write(chunk('x'));
    });
    for (let round = 0; round < 40; round += 1) {
      const heard = listen();
      const attempt = upstream.start(attemptRequest(true, BODY), heard.sink);
      await heard.firstPart;
      attempt.cancel();
    }
    while (open > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(open).toBe(0);
  });

  test('pause stops reading, resume goes on to the end', async () => {
    const totalEvents = 4_000;
    const text = 'x'.repeat(10_000);
    let sent = 0;
    const { upstream } = await serve((response) => {
      openStream(response);
      const more = () => {
        while (sent < totalEvents) {
          sent += 1;
          if (!response.write(chunk(text))) return;
        }
        response.end(FINISH + DONE);
      };
      response.on('drain', more);
      more();
    });
    let received = 0;
    const heard = listen((parts) => {
      received += parts.length;
      if (received === parts.length) attempt.pause();
    });
    const attempt = upstream.start(attemptRequest(true, BODY), heard.sink);
    await heard.firstPart;
    await settled(() => sent);
    expect(sent).toBeLessThan(totalEvents);
    expect(received * text.length).toBeLessThan(512 * 1024);
    attempt.resume();
    await heard.ended;
    expect(heard.fault).toBeUndefined();
    expect(received).toBe(totalEvents + 1);
  });
});

test('any damage to a reply on the wire ends in one end or one fault', async () => {
  const body = chunk('Hello') + FINISH + USAGE + DONE;
  const reply = Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n' +
      `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  let next = reply;
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(next));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const upstream = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(reply.length - 1),
      fc.nat(255),
      fc.option(fc.nat(reply.length)),
      async (at, byte, cut) => {
        next = Buffer.from(reply);
        next[at] = byte;
        if (cut !== null) next = next.subarray(0, cut);
        const heard = await ask(upstream, true);
        const finishes = heard.parts.filter((part) => part.type === 'finish').length;
        expect(finishes).toBe(heard.fault === undefined ? 1 : 0);
        if (heard.fault !== undefined) expect(UPSTREAM_CAUSES).toContain(heard.fault.cause);
      },
    ),
    { numRuns: 300 },
  );
});
