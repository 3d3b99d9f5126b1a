import { afterEach, describe, expect, test } from 'vitest';
import { loadConfigText } from '../config/load.ts';
import type { AttemptRequest, Dialect } from '../core/attempt.ts';
import { systemClock } from '../core/clock.ts';
import type { FakeOpenAi } from '../testing/fake-openai/server.ts';
import { startFakeOpenAi } from '../testing/fake-openai/server.ts';
import type { OpenedUpstream } from './open-upstreams.ts';
import { openUpstreams } from './open-upstreams.ts';
import { attemptRequest, listen } from './testing-upstream.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const QUIET = {
  tried() {},
  triedAgain() {},
  shareUsedUp() {},
  keySetAside() {},
  keyWorksAgain() {},
  keyRests() {},
  opened() {},
  closed() {},
};

/** The upstream that the lines of a file describe, in front of a fake of OpenAI. */
async function open(lines: string): Promise<{ fake: FakeOpenAi; upstream: OpenedUpstream }> {
  const fake = await startFakeOpenAi({ apiKey: 'operator' });
  closers.push(() => fake.close());
  const text = `upstreams:\n  u: { base_url: '${fake.url}', api_key_env: KEY, allow_private_addresses: true, ${lines} }\n`;
  const loaded = loadConfigText(text, {
    name: 'test.yaml',
    environment: { KEY: 'operator' },
    overrides: {},
    workingFolder: '/',
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const upstream = openUpstreams(loaded.value.config, {
    clock: systemClock,
    random: () => 0,
    observerOf: () => QUIET,
  }).get('u');
  if (upstream === undefined) throw new Error('no upstream');
  closers.push(() => upstream.close());
  return { fake, upstream };
}

const BODIES: Readonly<Record<Dialect, object>> = {
  'chat-completions': {
    model: 'public',
    messages: [{ role: 'user', content: 'hi' }],
    max_tokens: 5_000,
    top_k: 5,
    service_tier: 'flex',
  },
  responses: { model: 'public', input: 'hi', service_tier: 'flex', tools: [{ type: 'web_search' }] },
  messages: { model: 'public', messages: [{ role: 'user', content: 'hi' }], max_tokens: 100 },
};

function requestOf(dialect: Dialect, remoteModel = 'gpt-5.4#plain'): AttemptRequest {
  const body = Buffer.from(JSON.stringify(BODIES[dialect]));
  return { ...attemptRequest(true), remoteModel, original: { dialect, body, rawHeaders: [] } };
}

/** Where a request of each dialect went, and whether the client's own bytes went on. */
async function pathsOf(lines: string): Promise<Record<string, string>> {
  const { fake, upstream } = await open(lines);
  const paths: Record<string, string> = {};
  for (const dialect of ['chat-completions', 'responses', 'messages'] as const) {
    const heard = listen();
    upstream.start(requestOf(dialect), heard.sink);
    await heard.ended;
    expect(heard.fault).toBeUndefined();
    paths[dialect] = `${fake.requests.at(-1)?.path}${heard.relay.length > 0 ? ', handed on' : ''}`;
  }
  return paths;
}

describe('kind openai', () => {
  test('speaks both dialects, and translates others to responses', async () => {
    expect(await pathsOf('kind: openai')).toEqual({
      'chat-completions': '/v1/chat/completions, handed on',
      responses: '/v1/responses, handed on',
      messages: '/v1/responses',
    });
  });

  test('speaks one for models that have only this one', async () => {
    expect(await pathsOf('kind: openai, dialects: [responses]')).toEqual({
      'chat-completions': '/v1/responses',
      responses: '/v1/responses, handed on',
      messages: '/v1/responses',
    });
  });

  test.each(['chat-completions', 'messages'] as const)('is told not to keep answers: %s', async (dialect) => {
    const { fake, upstream } = await open('kind: openai, dialects: [chat-completions]');
    const heard = listen();
    upstream.start(requestOf(dialect), heard.sink);
    await heard.ended;
    expect(heard.fault).toBeUndefined();
    expect(fake.requests[0]?.body['store']).toBe(false);
  });

  test.each([
    [false, undefined, []],
    [true, 'flex', [{ type: 'web_search' }]],
  ])('what is billed beside tokens goes on where it is allowed: %s', async (allowed, tier, tools) => {
    const { fake, upstream } = await open(`kind: openai, allow_paid_extras: ${allowed}`);
    for (const dialect of ['chat-completions', 'responses'] as const) {
      const heard = listen();
      upstream.start(requestOf(dialect), heard.sink);
      await heard.ended;
    }
    const [chat, responses] = fake.requests;
    expect(chat?.body['service_tier']).toBe(tier);
    expect(chat?.body).toMatchObject({ max_completion_tokens: 100, store: false });
    expect(chat?.body).not.toHaveProperty('top_k');
    expect(responses?.body['service_tier']).toBe(tier);
    expect(responses?.body['tools']).toEqual(tools);
  });
});

describe('kind openai-compatible', () => {
  const lines = 'kind: openai-compatible, max_tokens_field: max_completion_tokens';

  test('speaks responses where the file says so, behind chat completions', async () => {
    const { fake, upstream } = await open(`${lines}, dialects: [chat-completions, responses]`);
    expect(upstream.dialects).toEqual(['chat-completions', 'responses']);
    for (const dialect of ['responses', 'messages'] as const) {
      const heard = listen();
      upstream.start(requestOf(dialect), heard.sink);
      await heard.ended;
      expect(heard.fault).toBeUndefined();
    }
    expect(fake.requests.map(({ path }) => path)).toEqual(['/v1/responses', '/v1/chat/completions']);
    expect(fake.requests[1]?.body).not.toHaveProperty('store');
  });

  test('speaks chat completions by itself', async () => {
    const { upstream } = await open(lines);
    expect(upstream.dialects).toEqual(['chat-completions']);
  });
});
