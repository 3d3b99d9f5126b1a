import { afterEach, expect } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { AttemptRequest } from '../../core/attempt.ts';
import type { FakeOpenAi, FakeOpenAiOptions } from '../../testing/fake-openai/server.ts';
import { startFakeOpenAi } from '../../testing/fake-openai/server.ts';
import type { Upstream } from '../shared/upstream.ts';
import type { Heard } from '../testing-upstream.ts';
import { listen } from '../testing-upstream.ts';
import type { OpenAiResponsesOptions } from './upstream.ts';
import { createOpenAiResponsesUpstream } from './upstream.ts';

/** For the tests of this folder: upstreams against servers on loopback, closed after each test. */
export const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const TIMEOUTS = { connectMs: 5_000, firstPartMs: 10_000, stallMs: 8_000, wholeReplyMs: 20_000 };

export function connect(baseUrl: string, options: Partial<OpenAiResponsesOptions> = {}): Upstream {
  const upstream = createOpenAiResponsesUpstream({
    name: 'test',
    baseUrl,
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

export async function serveFake(
  fakeOptions: FakeOpenAiOptions = {},
  options: Partial<OpenAiResponsesOptions> = {},
): Promise<{ fake: FakeOpenAi; upstream: Upstream }> {
  const fake = await startFakeOpenAi(fakeOptions);
  closers.push(() => fake.close());
  return { fake, upstream: connect(fake.url, options) };
}

/** Runs one request to its end. */
export async function ask(upstream: Upstream, request: AttemptRequest): Promise<Heard> {
  const heard = listen();
  upstream.start(request, heard.sink);
  await heard.ended;
  expect(heard.ends).toBe(1);
  return heard;
}
