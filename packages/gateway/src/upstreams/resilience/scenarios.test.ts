import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { createOpenAiCompatibleUpstream } from '../openai-compatible/upstream.ts';
import {
  BODY,
  chunk,
  closers,
  DONE,
  event,
  FINISH,
  openStream,
  sendJson,
  USAGE,
  WHOLE,
} from '../openai-compatible/testing-serve.ts';
import type { FakeHandler } from '../testing-upstream.ts';
import { attemptRequest, listen, startFakeUpstream } from '../testing-upstream.ts';
import { createResilientUpstream } from './resilient-upstream.ts';

/**
 * Every fault that a provider can have, made by a real server on loopback before a real adapter, with time in our hands:
 * what the client gets, how often the provider was asked and with which key, and what is remembered of it.
 */
const REMOTE = 'remote';
const TIMEOUTS = { connectMs: 5_000, firstPartMs: 10_000, stallMs: 8_000, wholeReplyMs: 20_000 };
/** What a provider sends first in a stream: the role, without any content. */
const ROLE = event({
  id: 'c',
  model: REMOTE,
  choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
});

function goodReply(response: ServerResponse, stream: boolean): void {
  if (!stream) {
    sendJson(response, WHOLE);
    return;
  }
  openStream(response);
  response.end(ROLE + chunk('Hello') + FINISH + USAGE + DONE);
}

type Scenario = {
  keys?: string[];
  stream: boolean;
  /** What the provider does with the first request, the second and so on; after that it answers well. */
  replies: FakeHandler[];
  /** Nobody listens at its address any more. */
  isGone?: boolean;
};

/** Sends one request. */
async function play({ keys = ['key-a', 'key-b'], stream, replies, isGone = false }: Scenario) {
  const clock = createVirtualClock();
  const begun = Promise.withResolvers<void>();
  const firstOutcome = Promise.withResolvers<void>();
  const usedKeys: string[] = [];
  const outcomes: string[] = [];
  const told: string[] = [];
  const fake = await startFakeUpstream((response, request) => {
    const reply = replies[usedKeys.length];
    usedKeys.push(String(request.headers.authorization).replace('Bearer ', ''));
    if (reply === undefined) goodReply(response, stream);
    else reply(response, request);
    begun.resolve();
  });
  if (isGone) await fake.close();
  else closers.push(() => fake.close());
  const [first, ...others] = keys.map((name) => ({
    name,
    upstream: createOpenAiCompatibleUpstream({
      name: 'provider',
      baseUrl: fake.url,
      apiKey: name,
      headers: {},
      timeouts: TIMEOUTS,
      allowPrivateAddresses: true,
      maxTokensField: 'max_tokens',
      clock,
    }),
  }));
  if (first === undefined) throw new Error('a provider has at least one key');
  const upstream = createResilientUpstream({
    keys: [first, ...others],
    retry: { sameUpstream: 1, sharePercent: 20 },
    breaker: { failures: 5, openMs: 5_000, maxOpenMs: 120_000 },
    clock,
    random: () => 1,
    observer: {
      tried(outcome) {
        outcomes.push(outcome);
        firstOutcome.resolve();
      },
      triedAgain: (how) => void told.push(how),
      shareUsedUp: () => void told.push('share used up'),
      keySetAside: ({ position }, cause) => void told.push(`key ${position} aside: ${cause}`),
      keyWorksAgain: ({ position }) => void told.push(`key ${position} works`),
      keyRests: ({ position }, pauseMs) => void told.push(`key ${position} rests ${pauseMs}`),
      opened: (model) => void told.push(`opened ${model}`),
      closed: (model) => void told.push(`closed ${model}`),
    },
  });
  closers.push(() => upstream.close());
  const heard = listen();
  upstream.start(attemptRequest(stream, BODY), heard.sink);
  return {
    clock,
    upstream,
    heard,
    outcomes,
    told,
    usedKeys,
    begun: begun.promise,
    firstOutcome: firstOutcome.promise,
    /** Lets the pause before a try again pass, and waits for the end. */
    async toTheEnd() {
      await firstOutcome.promise;
      clock.advance(2_500);
      await heard.ended;
      expect(heard.ends).toBe(1);
    },
  };
}

const status =
  (code: number, headers: Record<string, string> = {}): FakeHandler =>
  (response) =>
    sendJson(response, { error: { message: 'secret detail' } }, code, headers);

const resetBeforeHeaders: FakeHandler = (response) => response.socket?.resetAndDestroy();
const resetAfterHeaders: FakeHandler = (response) => {
  openStream(response);
  response.write(ROLE, () => response.socket?.resetAndDestroy());
};
const truncated: FakeHandler = (response) => {
  openStream(response);
  response.end(ROLE);
};
const errorEvent: FakeHandler = (response) => {
  openStream(response);
  response.end(ROLE + event({ error: { message: 'overloaded' } }));
};
const resetInWhole: FakeHandler = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"choices":', () => response.socket?.resetAndDestroy());
};

/** Faults before the first content that the client never sees. */
const MENDED: [
  name: string,
  stream: boolean,
  reply: FakeHandler,
  learned: [cause: string, ...told: string[]],
][] = [
  ['401', true, status(401), ['auth', 'key 1 aside: auth', 'next-key']],
  ['401', false, status(401), ['auth', 'key 1 aside: auth', 'next-key']],
  ['402', true, status(402), ['credits', 'next-key']],
  ['403', true, status(403), ['forbidden', 'next-key']],
  ['429', true, status(429), ['http-429', 'key 1 rests 500', 'next-key']],
  ['429', false, status(429), ['http-429', 'key 1 rests 500', 'next-key']],
  [
    '429 with retry-after',
    true,
    status(429, { 'retry-after': '30' }),
    ['http-429', 'key 1 rests 30000', 'next-key'],
  ],
  ['500', true, status(500), ['http-5xx', 'again']],
  ['500', false, status(500), ['http-5xx', 'again']],
  ['502', true, status(502), ['http-5xx', 'again']],
  ['503', true, status(503), ['http-5xx', 'again']],
  ['503 with a short retry-after', true, status(503, { 'retry-after': '2' }), ['http-5xx', 'again']],
  ['529', true, status(529), ['http-5xx', 'again']],
  ['a reset before the headers', true, resetBeforeHeaders, ['reset', 'again']],
  ['a reset before the headers', false, resetBeforeHeaders, ['reset', 'again']],
  ['a reset after the headers', true, resetAfterHeaders, ['reset', 'again']],
  ['a reset inside a whole reply', false, resetInWhole, ['reset', 'again']],
  ['a stream that ends before content', true, truncated, ['truncated', 'again']],
  ['an error event before content', true, errorEvent, ['error-in-reply', 'again']],
];

describe('before the first content, with another key', () => {
  test.each(MENDED)('%s, streamed: %s', async (_name, stream, reply, learned) => {
    const scene = await play({ stream, replies: [reply] });
    await scene.toTheEnd();
    const { heard } = scene;
    expect(heard.fault).toBeUndefined();
    const texts = heard.parts.flatMap((part) => (part.type === 'text-delta' ? [part.text] : []));
    expect(texts.join('')).toBe('Hello');
    expect(heard.parts.filter(({ type }) => type === 'finish')).toHaveLength(1);
    const [cause, ...told] = learned;
    expect(scene.outcomes).toEqual([cause, 'ok']);
    expect(scene.usedKeys).toEqual(['key-a', 'key-b']);
    expect(scene.told).toEqual(told);
    if (!stream) return;
    // The client's stream begins once, whatever the try before had begun.
    const relayed = Buffer.concat(heard.relay).toString();
    expect(relayed.match(/"role":"assistant","content":""/g)).toHaveLength(1);
  });
});

/** Faults that go on to the next route of the model, if there is one. */
const TOLD: [name: string, stream: boolean, reply: FakeHandler, fault: Record<string, unknown>][] = [
  ['404', true, status(404), { cause: 'not-found', blame: 'target' }],
  ['504', true, status(504), { cause: 'http-5xx', code: 'upstream_timeout' }],
  [
    '503 with a long retry-after',
    true,
    status(503, { 'retry-after': '30' }),
    { cause: 'http-5xx', code: 'server_is_overloaded', retryAfterMs: 30_000 },
  ],
  ['400', true, status(400), { cause: 'refused', blame: 'request' }],
  [
    'a page of HTML',
    false,
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    { cause: 'bad-reply' },
  ],
  [
    'a redirect',
    false,
    (response) => response.writeHead(302, { location: '/x' }).end(),
    { cause: 'redirect' },
  ],
];

describe('not tried again here', () => {
  test.each(TOLD)('%s, streamed: %s', async (_name, stream, reply, fault) => {
    const scene = await play({ stream, replies: [reply] });
    await scene.toTheEnd();
    expect(scene.heard.fault).toMatchObject(fault);
    expect(JSON.stringify(scene.heard.fault)).not.toContain('secret');
    expect(scene.usedKeys).toEqual(['key-a']);
    expect(scene.heard.parts).toEqual([]);
  });

  test.each([true, false])('no reply in time, streamed: %s', async (stream) => {
    const scene = await play({ stream, replies: [() => undefined] });
    await scene.begun;
    scene.clock.advance(stream ? 10_500 : 20_500);
    await scene.toTheEnd();
    expect(scene.heard.fault).toMatchObject({ code: 'upstream_timeout', cause: 'timeout', blame: 'target' });
    expect(scene.usedKeys).toEqual(['key-a']);
  });

  test('headers, and then nothing', async () => {
    const scene = await play({ stream: true, replies: [(response) => openStream(response)] });
    await scene.begun;
    scene.clock.advance(10_500);
    await scene.toTheEnd();
    expect(scene.heard.fault).toMatchObject({ cause: 'timeout' });
    expect(scene.usedKeys).toEqual(['key-a']);
  });
});

describe('after the first content', () => {
  const after: [string, (response: ServerResponse) => void, string][] = [
    ['a reset', (response) => void response.socket?.resetAndDestroy(), 'reset'],
    ['a clean end', (response) => void response.end(), 'truncated'],
    ['an error event', (response) => void response.end(event({ error: { message: 'x' } })), 'error-in-reply'],
  ];
  test.each(after)('%s is no end, and is not tried again', async (_name, breakOff, cause) => {
    const scene = await play({
      stream: true,
      replies: [
        (response) => {
          openStream(response);
          response.write(chunk('Half'));
          void scene.heard.firstPart.then(() => breakOff(response));
        },
      ],
    });
    await scene.toTheEnd();
    expect(scene.heard.fault).toMatchObject({ cause, blame: 'target' });
    expect(scene.heard.parts).toEqual([{ type: 'text-delta', text: 'Half' }]);
    expect(scene.usedKeys).toEqual(['key-a']);
    expect(scene.told).toEqual([]);
  });

  test('a stall', async () => {
    const scene = await play({
      stream: true,
      replies: [
        (response) => {
          openStream(response);
          response.write(chunk('Half'));
        },
      ],
    });
    await scene.heard.firstPart;
    scene.clock.advance(8_500);
    await scene.toTheEnd();
    expect(scene.heard.fault).toMatchObject({ cause: 'stall', code: 'upstream_timeout' });
    expect(scene.usedKeys).toEqual(['key-a']);
  });
});

test('one key, and a short retry-after: the request waits and is answered', async () => {
  const scene = await play({
    keys: ['key-a'],
    stream: true,
    replies: [status(429, { 'retry-after': '1' })],
  });
  await scene.firstOutcome;
  expect(scene.upstream.waitMs(REMOTE)).toBe(1_000);
  await scene.toTheEnd();
  expect(scene.heard.fault).toBeUndefined();
  expect(scene.usedKeys).toEqual(['key-a', 'key-a']);
});

test('one key, and a long retry-after: the client is told, and the provider left alone', async () => {
  const scene = await play({
    keys: ['key-a'],
    stream: false,
    replies: [status(429, { 'retry-after': '30' })],
  });
  await scene.toTheEnd();
  expect(scene.heard.fault).toMatchObject({ code: 'server_is_overloaded', retryAfterMs: 30_000 });
  expect(scene.upstream.waitMs(REMOTE)).toBe(27_500);
});

test('both keys are refused: both are set aside', async () => {
  const scene = await play({ stream: false, replies: [status(401), status(401)] });
  await scene.toTheEnd();
  expect(scene.heard.fault).toMatchObject({ cause: 'auth', code: 'upstream_failed' });
  expect(scene.told).toEqual(['key 1 aside: auth', 'next-key', 'key 2 aside: auth']);
  expect(scene.upstream.waitMs(REMOTE)).toBeGreaterThan(0);
});

test('nobody listens: tried again once, then told', async () => {
  const scene = await play({ stream: false, replies: [], isGone: true });
  await scene.toTheEnd();
  expect(scene.heard.fault).toMatchObject({ cause: 'connect', blame: 'target' });
  expect(scene.outcomes).toEqual(['connect', 'connect']);
  expect(scene.told).toEqual(['again']);
});
