import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Model, TokenPrice } from '../catalog/model.ts';
import type { UpstreamConfig } from '../config/config.ts';
import { secret } from '../config/secret.ts';
import { micros, ZERO_MICROS, type Micros } from '../core/money.ts';
import { ok } from '../core/result.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { createRouter } from '../routing/router.ts';
import { NO_NODES } from '../testing/no-nodes.ts';
import { openUpstreams } from '../upstreams/open-upstreams.ts';
import {
  chunk,
  closers,
  DONE,
  FINISH,
  openStream,
  sendJson,
  USAGE,
  WHOLE,
} from '../upstreams/openai-compatible/testing-serve.ts';
import type { FakeHandler, FakeUpstream } from '../upstreams/testing-upstream.ts';
import { startFakeUpstream } from '../upstreams/testing-upstream.ts';
import {
  ASK,
  allClientsGone,
  closeWorld,
  modelWith,
  openWorld,
  PER_TOKEN,
  post,
  useWorld,
  world,
} from './testing-text-world.ts';

/**
 * Requests from the client's socket through the real router and real upstreams to providers on loopback: what the
 * client gets and pays when providers fail, rest, or lose their reader.
 */
beforeEach(openWorld);
afterEach(async () => {
  await closeWorld();
  expect(world.deps.running.size).toBe(0);
  expect(world.ledger.balance('acc').heldMicros).toBe(0);
});

/** Half of what the client pays. */
const COST: TokenPrice = {
  type: 'per-token',
  inputMicrosPerMillion: micros(500_000),
  imageInputMicrosPerMillion: micros(500_000),
  cacheReadMicrosPerMillion: micros(50_000),
  cacheWriteMicrosPerMillion: micros(500_000),
  outputMicrosPerMillion: micros(2_000_000),
  reasoningMicrosPerMillion: micros(2_000_000),
  minimumMicros: ZERO_MICROS,
};

type Provider = { fake: FakeUpstream; replies: FakeHandler[] };
type Setup = {
  providers: Record<string, Provider>;
  model: Model;
  /** Outcomes of all tries, each with its provider. */
  outcomes: string[];
  ended: { receipt: Receipt; costMicros: Micros | undefined }[];
};

/** A model with one route to each provider, in order. A provider without replies left answers well. */
async function setUp(
  names: string[],
  options: { attempts?: number; upstream?: Partial<UpstreamConfig> } = {},
): Promise<Setup> {
  useWorld(PER_TOKEN, 1_000_000);
  const providers: Record<string, Provider> = {};
  const outcomes: string[] = [];
  for (const name of names) {
    const replies: FakeHandler[] = [];
    const fake = await startFakeUpstream((response, request) => {
      const reply = replies.shift();
      if (reply !== undefined) reply(response, request);
      else if (fake.bodies.at(-1)?.['stream'] === true) {
        openStream(response);
        response.end(chunk('Hello') + FINISH + USAGE + DONE);
      } else sendJson(response, WHOLE);
    });
    closers.push(() => fake.close());
    providers[name] = { fake, replies };
  }
  const upstreams = openUpstreams(
    {
      upstreams: names.map((name) => upstreamConfig(name, providers[name]?.fake.url ?? '', options.upstream)),
      routing: {
        retry: { attempts: options.attempts ?? 4, budgetMs: 180_000, sameUpstream: 1, sharePercent: 20 },
        breaker: { failures: 3, openMs: 5_000, maxOpenMs: 120_000 },
      },
    },
    {
      clock: world.clock,
      random: () => 1,
      observerOf: (name) => ({
        tried: (outcome) => void outcomes.push(`${name} ${outcome}`),
        triedAgain: () => undefined,
        shareUsedUp: () => undefined,
        keySetAside: () => undefined,
        keyWorksAgain: () => undefined,
        keyRests: () => undefined,
        opened: () => undefined,
        closed: () => undefined,
      }),
    },
  );
  closers.push(async () => {
    for (const upstream of upstreams.values()) await upstream.close();
  });
  const ended: Setup['ended'] = [];
  const { deps } = world;
  const { observer } = deps;
  const model: Model = {
    ...modelWith(PER_TOKEN),
    routes: names.map((name) => ({ kind: 'upstream', upstream: name, remoteModel: 'remote' }) as const),
  };
  deps.resolveModel = () => ok(model);
  deps.retry = { attempts: options.attempts ?? 4, budgetMs: 180_000 };
  deps.router = createRouter(NO_NODES, upstreams);
  deps.observer = {
    ...observer,
    ended(receipt, costMicros) {
      ended.push({ receipt, costMicros });
      observer.ended(receipt, costMicros);
    },
  };
  return { providers, model, outcomes, ended };
}

function upstreamConfig(
  name: string,
  baseUrl: string,
  changes: Partial<UpstreamConfig> = {},
): UpstreamConfig {
  return {
    name,
    kind: 'openai-compatible',
    dialects: ['chat-completions'],
    baseUrl,
    apiKeys: [{ name: 'KEY', secret: secret('key') }],
    enabled: true,
    headers: [],
    connectTimeoutMs: 5_000,
    firstByteTimeoutMs: 10_000,
    stallTimeoutMs: 8_000,
    replyTimeoutMs: 20_000,
    allowPrivateAddresses: true,
    onDisconnect: 'cancel',
    maxTokensField: 'max_tokens',
    allowPaidExtras: false,
    costs: [{ remoteModel: 'remote', prices: [{ fromMs: -Infinity, price: COST }] }],
    ...changes,
  };
}

const status =
  (code: number, headers: Record<string, string> = {}): FakeHandler =>
  (response) =>
    sendJson(response, {}, code, headers);

/** Turns of the event loop until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the order of tries', () => {
  it('the same upstream once more, then the next one; one answer, one charge', async () => {
    const { providers, outcomes } = await setUp(['first', 'second']);
    providers['first']?.replies.push(status(500), status(500));
    const { reply } = post({ ...ASK, stream: true });
    await until(() => outcomes.length === 1);
    world.clock.advance(500);
    const { status: code, text } = await reply;
    expect(code).toBe(200);
    expect(text).toContain('Hello');
    expect(outcomes).toEqual(['first http-5xx', 'first http-5xx', 'second ok']);
    // 3 tokens in, 4 out, by the price of the client.
    expect(await world.nextReceipt()).toMatchObject({
      routeName: 'second',
      attempts: 2,
      chargedMicros: 19,
      policy: 'reported',
    });
  });

  it('ends with the budget of tries, whichever routes are left', async () => {
    const { providers, outcomes } = await setUp(['first', 'second', 'third'], { attempts: 2 });
    for (const name of ['first', 'second', 'third']) providers[name]?.replies.push(status(404), status(404));
    const { reply } = post(ASK);
    const { status: code, text } = await reply;
    expect(code).toBe(502);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'upstream_failed' } });
    expect(outcomes).toEqual(['first not-found', 'second not-found']);
    expect(await world.nextReceipt()).toMatchObject({ chargedMicros: 0, end: 'failed', attempts: 2 });
  });

  it('a request that a provider refuses as wrong is not sent elsewhere', async () => {
    const { providers, outcomes } = await setUp(['first', 'second']);
    providers['first']?.replies.push(status(400));
    const { status: code } = await post(ASK).reply;
    expect(code).toBe(400);
    expect(outcomes).toEqual(['first refused']);
  });

  it('nothing is tried after the first content', async () => {
    const { providers, outcomes } = await setUp(['first', 'second']);
    providers['first']?.replies.push((response) => {
      openStream(response);
      response.write(chunk('Half'), () => response.socket?.resetAndDestroy());
    });
    const { text, complete } = await post({ ...ASK, stream: true }).reply;
    expect(text).toContain('Half');
    expect(text).toContain('answer_interrupted');
    expect(text).not.toContain('Hello');
    expect(complete).toBe(false);
    expect(outcomes).toEqual(['first reset']);
    expect(await world.nextReceipt()).toMatchObject({ end: 'interrupted', chargedMicros: 0 });
  });

  it('after a time-out the next upstream answers, while the time allows it', async () => {
    const { providers, outcomes } = await setUp(['first', 'second']);
    let isAsked = false;
    providers['first']?.replies.push(() => void (isAsked = true));
    const { reply } = post(ASK);
    await until(() => isAsked);
    world.clock.advance(20_500);
    expect((await reply).status).toBe(200);
    expect(outcomes).toEqual(['first timeout', 'second ok']);
  });
});

describe('upstreams that rest', () => {
  it('are skipped, and asked again when their time has come', async () => {
    const { providers, outcomes } = await setUp(['first', 'second']);
    providers['first']?.replies.push(status(429, { 'retry-after': '30' }));
    for (let request = 0; request < 3; request += 1) expect((await post(ASK).reply).status).toBe(200);
    expect(outcomes).toEqual(['first http-429', 'second ok', 'second ok', 'second ok']);
    world.clock.advance(30_000);
    await post(ASK).reply;
    expect(outcomes.at(-1)).toBe('first ok');
  });

  it('all of them: 503 at once, with the time until the first is asked again', async () => {
    const { providers, outcomes } = await setUp(['first', 'second']);
    providers['first']?.replies.push(status(429, { 'retry-after': '40' }));
    providers['second']?.replies.push(status(503, { 'retry-after': '20' }));
    const failed = await post(ASK).reply;
    expect(failed.status).toBe(503);
    expect(failed.headers['retry-after']).toBe('20');
    world.clock.advance(5_000);
    const refused = await post(ASK).reply;
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('15');
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 'server_is_overloaded' } });
    expect(outcomes).toHaveLength(2);
    expect(world.receipts.map(({ routeKind, attempts }) => [routeKind, attempts])).toEqual([
      ['upstream', 2],
      ['none', 0],
    ]);
  });

  it('a client is never told to wait for longer than a minute', async () => {
    const { providers } = await setUp(['only']);
    providers['only']?.replies.push(status(429, { 'retry-after': '500' }));
    expect((await post(ASK).reply).headers['retry-after']).toBe('60');
    expect((await post(ASK).reply).headers['retry-after']).toBe('60');
  });

  it('an open breaker: 503 at once, the model is not available, one request tries, and it is well again', async () => {
    const { providers, model, outcomes } = await setUp(['only']);
    providers['only']?.replies.push(status(504), status(504), status(504));
    for (let request = 0; request < 3; request += 1) expect((await post(ASK).reply).status).toBe(504);
    const { router } = world.deps;
    expect(router.availability(model).available).toBe(false);
    const refused = await post(ASK).reply;
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
    expect(outcomes).toHaveLength(3);
    world.clock.advance(5_000);
    expect(router.availability(model).available).toBe(true);
    expect((await post(ASK).reply).status).toBe(200);
    expect((await post(ASK).reply).status).toBe(200);
  });
});

describe('a client that leaves', () => {
  /** A provider that has sent half of its answer, and what comes when it is told to go on. */
  async function half(onDisconnect: 'cancel' | 'drain') {
    const setup = await setUp(['only'], { upstream: { onDisconnect } });
    const closed = Promise.withResolvers<void>();
    let goOn = (): void => undefined;
    setup.providers['only']?.replies.push((response) => {
      response.on('close', () => closed.resolve());
      openStream(response);
      response.write(chunk('Half of it'));
      goOn = () => void response.end(chunk(' and the rest') + FINISH + USAGE + DONE);
    });
    const { client, sees } = post({ ...ASK, stream: true });
    client.on('error', () => undefined);
    await sees('Half of it');
    client.destroy();
    await allClientsGone();
    return { setup, closed: closed.promise, goOn: () => goOn() };
  }

  it('cancel: the connection of the provider is cut at once, and what came until then is charged', async () => {
    const { setup, closed } = await half('cancel');
    await closed;
    const receipt = await world.nextReceipt();
    expect(receipt).toMatchObject({
      end: 'client-closed',
      policy: 'client-left-cancelled-counted',
      usageSource: 'counted',
    });
    expect(receipt.chargedMicros).toBeGreaterThan(0);
    expect(setup.outcomes).toEqual(['only cancelled']);
    expect(setup.ended[0]?.costMicros).toBeGreaterThan(0);
  });

  it('drain: the provider ends its answer, and its true usage is charged', async () => {
    const { setup, goOn } = await half('drain');
    expect(world.receipts).toEqual([]);
    goOn();
    expect(await world.nextReceipt()).toMatchObject({
      policy: 'reported',
      usageSource: 'reported',
      usage: { inputTokens: 3, outputTokens: 4 },
      chargedMicros: 19,
    });
    expect(setup.outcomes).toEqual(['only ok']);
  });

  it('drain: a provider that falls silent is given up, and our own count is charged', async () => {
    const { closed } = await half('drain');
    world.clock.advance(8_500);
    await closed;
    expect(await world.nextReceipt()).toMatchObject({ policy: 'client-left-drained-counted' });
  });
});

describe('what the provider charges', () => {
  it('is told to the observer, by the price of the moment of the hold, and to nobody else', async () => {
    const laterMs = world.clock.nowMs() + 1_000;
    const dear = { ...COST, inputMicrosPerMillion: micros(900_000_000) };
    const { providers, ended } = await setUp(['only'], {
      upstream: {
        costs: [
          {
            remoteModel: 'remote',
            prices: [
              { fromMs: -Infinity, price: COST },
              { fromMs: laterMs, price: dear },
            ],
          },
        ],
      },
    });
    let goOn = (): void => undefined;
    providers['only']?.replies.push((response) => (goOn = () => sendJson(response, WHOLE)));
    const { reply } = post(ASK);
    await until(() => (providers['only']?.fake.bodies.length ?? 0) === 1);
    world.clock.advance(1_500);
    goOn();
    const { text, headers } = await reply;
    // 3 x 0.5 + 4 x 2 = 9.5 µ$, rounded up; the client pays 3 x 1 + 4 x 4.
    expect(ended).toMatchObject([{ costMicros: 10, receipt: { chargedMicros: 19 } }]);
    expect(JSON.parse(text)).toMatchObject({ usage: { cost: 0.000019 } });
    expect(JSON.stringify([ended[0]?.receipt, headers, text])).not.toContain('costMicros');
  });

  it('is known for what is free for the client, too', async () => {
    const { providers, ended } = await setUp(['only']);
    providers['only']?.replies.push((response) =>
      sendJson(response, {
        ...WHOLE,
        choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 1 },
      }),
    );
    await post(ASK).reply;
    expect(ended).toMatchObject([{ costMicros: 7, receipt: { chargedMicros: 0, policy: 'zero-output' } }]);
  });

  it.each([
    ['more than was asked for', { prompt_tokens: 4_000_000, completion_tokens: 1 }],
    ['more than there is', { prompt_tokens: 9e15, completion_tokens: 9e15 }],
  ])('does not follow a report of %s', async (_what, usage) => {
    const { providers, ended } = await setUp(['only']);
    providers['only']?.replies.push((response) =>
      sendJson(response, {
        ...WHOLE,
        choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
        usage,
      }),
    );
    await post(ASK).reply;
    expect(ended).toMatchObject([{ costMicros: 0, receipt: { chargedMicros: 0 } }]);
  });

  it('is not known where the operator gave no list', async () => {
    const { ended } = await setUp(['only'], { upstream: { costs: [] } });
    await post(ASK).reply;
    expect(ended).toMatchObject([{ costMicros: undefined, receipt: { chargedMicros: 19 } }]);
  });
});
