import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FakeHandler } from '../testing-upstream.ts';
import { attemptRequest, listen, startFakeUpstream } from '../testing-upstream.ts';
import { UPSTREAM_CAUSES } from '../transport/fault-causes.ts';
import {
  BODY,
  DONE,
  FINISH,
  USAGE,
  WHOLE,
  ask,
  chunk,
  closers,
  connect,
  event,
  openStream,
  sendJson,
  serve,
  serveBytes,
  wireReply,
} from './testing-serve.ts';

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
      'a compressed page about too many requests, as some proxies send it',
      (response) =>
        response.writeHead(429, { 'content-encoding': 'gzip', 'retry-after': '7' }).end(gzipSync('<p>')),
      { code: 'server_is_overloaded', blame: 'target', cause: 'http-429', retryAfterMs: 7_000 },
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
    ['403', (response) => sendJson(response, {}, 403), { blame: 'target', cause: 'forbidden' }],
    [
      '403 of a moderation',
      (response) =>
        sendJson(response, { error: { code: 403, message: 'Your input was flagged for "secret"' } }, 403),
      { code: 'content_policy_violation', blame: 'request', cause: 'content-policy' },
    ],
    [
      '429 without money',
      (response) =>
        sendJson(response, { error: { code: 'insufficient_quota', message: 'secret' } }, 429, {
          'retry-after': '1',
        }),
      { blame: 'target', cause: 'credits' },
    ],
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
      '429 that says twice when to come back, itself and a proxy before it',
      (response) => response.writeHead(429, ['retry-after', '7', 'retry-after', '60']).end('{}'),
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

test('any damage to a reply on the wire ends in one end or one fault', async () => {
  const reply = wireReply([chunk('Hello') + FINISH, USAGE + DONE]);
  let next = reply;
  const upstream = await serveBytes(() => next);
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
