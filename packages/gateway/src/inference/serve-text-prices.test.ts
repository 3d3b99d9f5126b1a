import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Model, Price } from '../catalog/model.ts';
import { micros } from '../core/money.ts';
import { ok } from '../core/result.ts';
import type { Receipt } from '../ledger/ledger.ts';
import {
  ASK,
  FINISH,
  FLAT,
  PER_TOKEN,
  TEXT,
  USAGE,
  closeWorld,
  modelWith,
  openWorld,
  post,
  type Reply,
  type Try,
  world,
} from './testing-text-world.ts';

beforeEach(openWorld);

afterEach(async () => {
  await closeWorld();
  expect(world.deps.running.size).toBe(0);
  expect(world.ledger.balance('acc').heldMicros).toBe(0);
});

describe('pictures', () => {
  const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
  const SEES = {
    model: 'm',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, IMAGE] }],
  };
  const usage = { ...USAGE, imageInputTokens: 100 };

  async function ask(body: object): Promise<Reply> {
    const model = modelWith(PER_TOKEN);
    world.deps.resolveModel = () => ok({ ...model, capabilities: { ...model.capabilities, vision: true } });
    const { reply } = post(body);
    const attempt = await world.nextTry();
    attempt.sink.onParts([TEXT, { type: 'finish', reason: 'stop', usage }]);
    attempt.sink.onEnd();
    return reply;
  }

  it('have a price of their own, and a bucket of their own in the receipt', async () => {
    const { text } = await ask(SEES);
    // 10 at $1, 100 at $3, 5 at $4 per million.
    expect(JSON.parse(text)).toMatchObject({
      usage: {
        prompt_tokens: 110,
        prompt_tokens_details: { cached_tokens: 0, image_tokens: 100 },
        cost: 0.00033,
      },
    });
    const receipt = await world.nextReceipt();
    expect(receipt).toMatchObject({ chargedMicros: 330, policy: 'reported' });
    expect(receipt.usage).toEqual(usage);
    // The picture is held for at its own price, the rest at that of text.
    const model = modelWith(PER_TOKEN);
    expect(receipt.heldMicros).toBeGreaterThan(3 * (model.contextTokens - model.maxOutputTokens));
  });

  it('cannot be charged for where none was sent', async () => {
    const { text } = await ask(ASK);
    expect(text).not.toContain('image_tokens');
    expect(await world.nextReceipt()).toMatchObject({ policy: 'impossible-counted', usageSource: 'counted' });
  });
});

describe('a price that changes', () => {
  const DEARER: Price = { type: 'flat', amountMicros: micros(100_000) };

  /** The world's model gets `later` a minute from now. */
  function planPrice(now: Price, later: Price): void {
    const fromMs = world.clock.nowMs() + 60_000;
    const [first] = modelWith(now).prices;
    const model: Model = { ...modelWith(now), prices: [first, { version: 'v2', price: later, fromMs }] };
    world.deps.resolveModel = () => ok(model);
  }

  async function answer(attempt: Try): Promise<Receipt> {
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    return world.nextReceipt();
  }

  it('is the one of the hold, even if the request ends after the change; the next one pays the new price', async () => {
    planPrice(FLAT, DEARER);
    world.clock.advance(59_999);
    const { reply: before } = post(ASK);
    const held = await world.nextTry();
    world.clock.advance(1);
    expect(await answer(held)).toMatchObject({
      heldMicros: 80_000,
      chargedMicros: 80_000,
      priceVersion: 'v1',
    });
    expect((await before).text).toContain('"cost":0.08');

    world.targets = ['target'];
    const { reply: after } = post(ASK);
    expect(await answer(await world.nextTry())).toMatchObject({
      heldMicros: 100_000,
      chargedMicros: 100_000,
      priceVersion: 'v2',
    });
    expect((await after).text).toContain('"cost":0.1,');
  });

  it('from flat to tokens does not change how a running request is charged', async () => {
    planPrice(FLAT, PER_TOKEN);
    const { reply } = post(ASK);
    const held = await world.nextTry();
    world.clock.advance(60_000);
    expect(await answer(held)).toMatchObject({ chargedMicros: 80_000, policy: 'flat-complete' });
    await reply;
  });

  it('is quoted as it is now', async () => {
    planPrice(FLAT, DEARER);
    const quote = async (): Promise<unknown> =>
      JSON.parse((await post(ASK, { headers: { 'x-dry-run': 'true' } }).reply).text);
    expect(await quote()).toMatchObject({ max_cost: 0.08, price_version: 'v1' });
    world.clock.advance(60_000);
    expect(await quote()).toMatchObject({ max_cost: 0.1, price_version: 'v2' });
  });
});
