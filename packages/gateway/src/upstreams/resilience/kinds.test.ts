import { afterEach, describe, expect, test } from 'vitest';
import { loadConfigText } from '../../config/load.ts';
import type { AttemptRequest, Dialect } from '../../core/attempt.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { openUpstreams } from '../open-upstreams.ts';
import type { FakeHandler } from '../testing-upstream.ts';
import { attemptRequest, listen, startFakeUpstream } from '../testing-upstream.ts';

/**
 * Every kind of upstream and dialect, as the configuration opens it: that its adapter names the causes of failures as
 * keys and tries again need them. The provider fails both times, so that no dialect need be spoken back.
 */
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const KINDS: [kind: string, dialect: Dialect][] = [
  ['openai-compatible', 'chat-completions'],
  ['openai', 'chat-completions'],
  ['openai', 'responses'],
  ['anthropic', 'messages'],
  ['anthropic', 'chat-completions'],
];

const BODIES: Readonly<Record<Dialect, object>> = {
  'chat-completions': { model: 'public', messages: [{ role: 'user', content: 'hi' }] },
  responses: { model: 'public', input: 'hi' },
  messages: { model: 'public', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] },
};

async function play(kind: string, dialect: Dialect, reply: FakeHandler) {
  const clock = createVirtualClock();
  const usedKeys: string[] = [];
  const outcomes: string[] = [];
  const told: string[] = [];
  const first = Promise.withResolvers<void>();
  const fake = await startFakeUpstream((response, request) => {
    const key = request.headers.authorization ?? request.headers['x-api-key'];
    usedKeys.push(String(key).replace('Bearer ', ''));
    reply(response, request);
  });
  closers.push(() => fake.close());
  const lines = `kind: ${kind}, base_url: '${fake.url}', api_keys_env: [KEY_A, KEY_B], allow_private_addresses: true`;
  const loaded = loadConfigText(`upstreams: { u: { ${lines} } }`, {
    name: 'test.yaml',
    environment: { KEY_A: 'key-a', KEY_B: 'key-b' },
    overrides: {},
    workingFolder: '/',
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const upstream = openUpstreams(loaded.value.config, {
    clock,
    random: () => 1,
    observerOf: () => ({
      tried(outcome) {
        outcomes.push(outcome);
        first.resolve();
      },
      triedAgain: (how) => void told.push(how),
      shareUsedUp: () => undefined,
      keySetAside: ({ position }) => void told.push(`key ${position} aside`),
      keyWorksAgain: () => undefined,
      keyRests: ({ position }) => void told.push(`key ${position} rests`),
      opened: () => undefined,
      closed: () => undefined,
    }),
  }).get('u');
  if (upstream === undefined) throw new Error('there is an upstream');
  closers.push(() => upstream.close());
  const heard = listen();
  const request: AttemptRequest = {
    ...attemptRequest(true),
    original: { dialect, body: Buffer.from(JSON.stringify(BODIES[dialect])), rawHeaders: [] },
  };
  upstream.start(request, heard.sink);
  await first.promise;
  clock.advance(500);
  await heard.ended;
  expect(heard.ends).toBe(1);
  expect(heard.parts).toEqual([]);
  return { heard, usedKeys, outcomes, told };
}

const status =
  (code: number): FakeHandler =>
  (response) =>
    response.writeHead(code, { 'content-type': 'application/json' }).end('{"error":{"message":"secret"}}');

const FAULTS: [name: string, reply: FakeHandler, cause: string, told: string[]][] = [
  ['401', status(401), 'auth', ['key 1 aside', 'next-key', 'key 2 aside']],
  ['403', status(403), 'forbidden', ['next-key']],
  ['402', status(402), 'credits', ['next-key']],
  ['429', status(429), 'http-429', ['key 1 rests', 'next-key', 'key 2 rests']],
  ['500', status(500), 'http-5xx', ['again']],
  ['529', status(529), 'http-5xx', ['again']],
  ['a reset', (response) => void response.socket?.resetAndDestroy(), 'reset', ['again']],
];

describe.each(KINDS)('%s, asked in %s', (kind, dialect) => {
  test.each(FAULTS)('%s', async (_name, reply, cause, told) => {
    const scene = await play(kind, dialect, reply);
    expect(scene.outcomes).toEqual([cause, cause]);
    expect(scene.told).toEqual(told);
    expect(scene.usedKeys).toEqual(['key-a', 'key-b']);
    expect(scene.heard.fault).toMatchObject({ cause, blame: 'target' });
    expect(JSON.stringify(scene.heard.fault)).not.toContain('secret');
  });
});
