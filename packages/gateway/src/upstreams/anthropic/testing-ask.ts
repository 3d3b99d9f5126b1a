import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { afterEach, expect } from 'vitest';
import type { AttemptRequest } from '../../core/attempt.ts';
import { systemClock } from '../../core/clock.ts';
import type { FakeAnthropic, FakeAnthropicOptions } from '../../testing/fake-anthropic/server.ts';
import { startFakeAnthropic } from '../../testing/fake-anthropic/server.ts';
import type { Upstream } from '../shared/upstream.ts';
import type { Heard } from '../testing-upstream.ts';
import { listen } from '../testing-upstream.ts';
import type { AnthropicOptions } from './upstream.ts';
import { createAnthropicUpstream } from './upstream.ts';

/** For the tests of this folder: upstreams against the fake API on loopback, closed after each test. */
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

export const TIMEOUTS = { connectMs: 5_000, firstPartMs: 10_000, stallMs: 8_000, wholeReplyMs: 20_000 };

export function connect(baseUrl: string, options: Partial<AnthropicOptions> = {}): Upstream {
  const upstream = createAnthropicUpstream({
    name: 'test',
    baseUrl,
    apiKey: 'sk-ant-operator',
    headers: {},
    timeouts: TIMEOUTS,
    allowPrivateAddresses: true,
    allowPaidExtras: false,
    clock: systemClock,
    ...options,
  });
  closers.push(() => upstream.close());
  return upstream;
}

export type Served = { fake: FakeAnthropic; upstream: Upstream };

export async function serve(
  fakeOptions: FakeAnthropicOptions = {},
  options: Partial<AnthropicOptions> = {},
): Promise<Served> {
  const fake = await startFakeAnthropic(fakeOptions);
  closers.push(() => fake.close());
  return { fake, upstream: connect(fake.url, options) };
}

export const CHAT: ChatRequest = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Good morning' }] }],
  tools: [],
  toolChoice: 'auto',
  parallelToolCalls: true,
  responseFormat: { type: 'text' },
  sampling: {},
  stop: [],
  maxOutputTokens: 4_000,
};

export const WEATHER_TOOL = {
  name: 'get_weather',
  description: 'The weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

export type Asking = {
  model?: string;
  stream?: boolean;
  chat?: Partial<ChatRequest>;
  /** There for a client of this dialect: its own fields of the body. */
  body?: Record<string, unknown> | string;
  rawHeaders?: string[];
  more?: Partial<AttemptRequest>;
};

/** A request of a client of this dialect when `body` is given, else of a chat completions client. */
export function attempt(asking: Asking = {}): AttemptRequest {
  const { model = 'claude-haiku-4-5', stream = true, chat = {}, body, rawHeaders = [], more = {} } = asking;
  const fields = {
    model: 'public',
    max_tokens: 4_000,
    messages: [{ role: 'user', content: 'Good morning' }],
    stream,
  };
  const bytes = typeof body === 'string' ? body : JSON.stringify({ ...fields, ...body });
  return {
    chat: { ...CHAT, ...chat },
    remoteModel: model,
    replyModel: 'public',
    stream,
    estimatedInputTokens: 11,
    original: {
      dialect: body === undefined ? 'chat-completions' : 'messages',
      body: Buffer.from(body === undefined ? '{}' : bytes),
      rawHeaders,
    },
    ...more,
  };
}

/** Runs one request to its end. */
export async function ask({ upstream }: Pick<Served, 'upstream'>, asking: Asking = {}): Promise<Heard> {
  const heard = listen();
  upstream.start(attempt(asking), heard.sink);
  await heard.ended;
  expect(heard.ends).toBe(1);
  return heard;
}

export function textOf({ parts }: Heard): string {
  return parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('');
}

export function relayOf({ relay }: Heard): string {
  return Buffer.concat(relay).toString();
}
