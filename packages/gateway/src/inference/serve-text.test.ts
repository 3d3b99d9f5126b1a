import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import type { AttemptFault } from '../core/attempt.ts';
import { createIdempotency } from './idempotency.ts';
import {
  ASK,
  FINISH,
  FLAT,
  PER_TOKEN,
  TEXT,
  closeWorld,
  openWorld,
  post,
  type Try,
  useWorld,
  world,
} from './testing-text-world.ts';

beforeEach(openWorld);

afterEach(async () => {
  await closeWorld();
  expect(world.deps.running.size).toBe(0);
  expect(world.ledger.balance('acc').heldMicros).toBe(0);
});

const lost: AttemptFault = { code: 'upstream_failed', blame: 'target', cause: 'node-lost' };

describe('a good answer', () => {
  it('is charged before the reply ends', async () => {
    const { reply } = post(ASK);
    const attempt = await world.nextTry();
    expect(world.ledger.balance('acc').heldMicros).toBe(80_000);
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    const { status, text, headers } = await reply;
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      model: 'm',
      choices: [{ message: { content: 'Hello there, reader.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost: 0.08 },
    });
    expect(headers['x-request-id']).toBe('req_0');
    expect(headers['x-ratelimit-remaining-requests']).toBe('999');
    expect(world.ledger.balance('acc')).toMatchObject({ availableMicros: 920_000, spentMicros: 80_000 });
    expect(await world.nextReceipt()).toMatchObject({
      end: 'stop',
      chargedMicros: 80_000,
      usageSource: 'reported',
    });
  });

  it('streams parts as they come and ends with usage and the mark', async () => {
    const { reply, sees } = post({ ...ASK, stream: true, stream_options: { include_usage: true } });
    const attempt = await world.nextTry();
    attempt.sink.onParts([{ type: 'text-delta', text: 'Hel' }]);
    await sees('"Hel"');
    expect(world.receipts).toHaveLength(0);
    attempt.sink.onParts([{ type: 'text-delta', text: 'lo' }, FINISH]);
    attempt.sink.onEnd();
    const { text, complete, headers } = await reply;
    expect(headers['content-type']).toContain('text/event-stream');
    expect(text).toContain('"cost":0.08');
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    expect(complete).toBe(true);
  });

  it('is free when it has no output', async () => {
    const { reply } = post(ASK);
    const attempt = await world.nextTry();
    attempt.sink.onParts([FINISH]);
    attempt.sink.onEnd();
    expect((await reply).status).toBe(200);
    expect(await world.nextReceipt()).toMatchObject({ chargedMicros: 0 });
  });

  it('charges the counted output when no usage is reported', async () => {
    useWorld(PER_TOKEN, 1_000_000);
    const { reply } = post(ASK);
    const attempt = await world.nextTry();
    attempt.sink.onParts([TEXT, { type: 'finish', reason: 'stop' }]);
    attempt.sink.onEnd();
    const body: unknown = JSON.parse((await reply).text);
    expect(body).toMatchObject({ usage: { completion_tokens: 5 } });
    expect(await world.nextReceipt()).toMatchObject({ usageSource: 'counted', end: 'stop' });
    expect(world.ledger.balance('acc').spentMicros).toBeGreaterThan(0);
  });
});

describe('refusals leave nothing behind', () => {
  it.each([
    { name: 'a wrong key', body: ASK, key: 'bad', status: 401, code: 'invalid_api_key' },
    { name: 'an unknown model', body: { ...ASK, model: 'x' }, status: 404, code: 'model_not_found' },
    { name: 'a wrong body', body: { model: 'm', messages: 'no' }, status: 400, code: 'invalid_request' },
    {
      name: 'tools that the model has not',
      body: { ...ASK, tools: [{ type: 'function', function: { name: 'f' } }] },
      status: 400,
      code: 'unsupported_parameter',
    },
  ])('$name', async ({ body, key, status, code }) => {
    const reply = await post(body, { key: key ?? 'good' }).reply;
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text)).toMatchObject({ error: { code } });
    expect(world.ledger.balance('acc').spentMicros).toBe(0);
    expect(world.tries).toHaveLength(0);
  });

  it('lets exactly as many through as the balance pays for', async () => {
    useWorld(FLAT, 7 * 80_000);
    world.targets = Array.from({ length: 200 }, () => 'target' as const);
    const replies = Array.from({ length: 200 }, () => post(ASK).reply);
    for (let i = 0; i < 7; i++) {
      const attempt = await world.nextTry();
      attempt.sink.onParts([TEXT, FINISH]);
      attempt.sink.onEnd();
    }
    const statuses = (await Promise.all(replies)).map((reply) => reply.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(7);
    expect(statuses.filter((status) => status === 402)).toHaveLength(193);
    expect(world.ledger.balance('acc').availableMicros).toBe(0);
  });

  it('slows an address down that guesses keys', async () => {
    for (let i = 0; i < 5; i++) expect((await post(ASK, { key: 'bad' }).reply).status).toBe(401);
    expect((await post(ASK, { key: 'bad' }).reply).status).toBe(429);
  });

  it('is refused while the operator has paused new ones; those that run end and are paid', async () => {
    const running = post(ASK);
    const attempt = await world.nextTry();
    world.deps.paused = () => ({ code: 'maintenance', message: 'New disks.', retryAfterMs: 60_000 });
    const { status, text, headers } = await post(ASK).reply;
    expect([status, headers['retry-after']]).toEqual([503, '60']);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'maintenance', message: 'New disks.' } });
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    expect((await running.reply).status).toBe(200);
    expect(world.receipts).toHaveLength(1);
  });

  it('is refused while draining', async () => {
    world.accepting = false;
    const reply = await post(ASK).reply;
    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toBe('2');
  });
});

describe('trouble', () => {
  it('before the first content goes to the next target unseen', async () => {
    world.targets = ['target', 'target'];
    const { reply } = post({ ...ASK, stream: true });
    (await world.nextTry()).sink.onFault(lost);
    const second = await world.nextTry();
    second.sink.onParts([TEXT, FINISH]);
    second.sink.onEnd();
    const { status, text } = await reply;
    expect(status).toBe(200);
    expect(text).not.toContain('error');
    expect(await world.nextReceipt()).toMatchObject({ end: 'stop', chargedMicros: 80_000 });
  });

  it('after the first content is an error event and a cut line, never a stop, and a flat price is free', async () => {
    world.targets = ['target', 'target'];
    const { reply, sees } = post({ ...ASK, stream: true });
    const attempt = await world.nextTry();
    attempt.sink.onParts([TEXT]);
    await sees('Hello');
    attempt.sink.onFault(lost);
    const { text, complete } = await reply;
    expect(text).toContain('"code":"answer_interrupted"');
    expect(text).not.toContain('[DONE]');
    expect(text).not.toContain('"finish_reason":"stop"');
    expect(complete).toBe(false);
    expect(world.tries).toHaveLength(1);
    expect(await world.nextReceipt()).toMatchObject({ end: 'interrupted', chargedMicros: 0 });
  });

  it('after content of an answer that is not streamed is started again elsewhere, and counted once', async () => {
    world.targets = ['target', 'target'];
    const { reply } = post(ASK);
    const first = await world.nextTry();
    first.sink.onParts([{ type: 'text-delta', text: 'Half an ans' }]);
    first.sink.onFault(lost);
    first.sink.onParts([TEXT, FINISH]);
    const second = await world.nextTry();
    second.sink.onParts([TEXT, FINISH]);
    second.sink.onEnd();
    const { text } = await reply;
    expect(text).not.toContain('Half');
    expect(await world.nextReceipt()).toMatchObject({ chargedMicros: 80_000, end: 'stop' });
  });

  it('on engines of two nodes is blamed on the request, and taken back from the nodes', async () => {
    world.targets = ['node', 'node', 'node', 'node'];
    const { reply } = post(ASK);
    const broke: AttemptFault = { code: 'upstream_failed', blame: 'target', cause: 'fail-engine' };
    (await world.nextTry()).sink.onFault(broke);
    (await world.nextTry()).sink.onFault(broke);
    const { status, text } = await reply;
    expect(status).toBe(422);
    expect(text).toContain('"code":"unprocessable_request"');
    expect(world.tries).toHaveLength(2);
    expect(world.forgiven).toEqual(['node_3', 'node_2']);
    expect(await world.nextReceipt()).toMatchObject({ end: 'failed', chargedMicros: 0 });
  });

  it('of another kind on two nodes goes on to the third', async () => {
    world.targets = ['node', 'node', 'node'];
    const { reply } = post(ASK);
    (await world.nextTry()).sink.onFault(lost);
    (await world.nextTry()).sink.onFault(lost);
    const third = await world.nextTry();
    third.sink.onParts([TEXT, FINISH]);
    third.sink.onEnd();
    expect((await reply).status).toBe(200);
    expect(world.forgiven).toEqual([]);
  });

  it('with every target answers with its real status, uncharged', async () => {
    world.targets = ['target', 'target', 'target', 'target'];
    const { reply } = post(ASK);
    for (let i = 0; i < 3; i++) (await world.nextTry()).sink.onFault(lost);
    const { status } = await reply;
    expect(status).toBe(502);
    expect(world.tries).toHaveLength(3);
    expect(await world.nextReceipt()).toMatchObject({
      end: 'failed',
      errorCode: 'upstream_failed',
      chargedMicros: 0,
    });
  });

  it('that every target would share is not tried again', async () => {
    world.targets = ['target', 'target'];
    const { reply } = post(ASK);
    (await world.nextTry()).sink.onFault({
      code: 'context_length_exceeded',
      blame: 'request',
      cause: 'context',
    });
    const { status, text } = await reply;
    expect(status).toBe(400);
    expect(text).toContain('context_length_exceeded');
    expect(world.tries).toHaveLength(1);
    await world.nextReceipt();
  });

  it('when nothing serves the model tells SDKs not to retry', async () => {
    world.targets = [];
    const { status, headers } = await post(ASK).reply;
    expect(status).toBe(503);
    expect(headers['x-should-retry']).toBe('false');
    await world.nextReceipt();
  });

  it('of the ledger never hands out the end of an answer', async () => {
    const { reply } = post({ ...ASK, stream: true });
    const attempt = await world.nextTry();
    world.failWrites = true;
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    const { text, complete } = await reply;
    expect(text).toContain('ledger_unavailable');
    expect(text).not.toContain('[DONE]');
    expect(complete).toBe(false);
    expect((await post(ASK).reply).status).toBe(503);
    await world.nextReceipt();
  });
});

describe('waiting for a slot', () => {
  it('is served when one becomes free', async () => {
    world.targets = ['busy', 'target'];
    const { reply } = post(ASK);
    await expect.poll(() => world.deps.queue.length()).toBe(1);
    world.deps.queue.capacityChanged();
    const attempt = await world.nextTry();
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    expect((await reply).status).toBe(200);
    expect(world.clock.pendingTimers()).toBe(1);
  });

  it('ends with 503 and a time to retry', async () => {
    world.targets = Array.from({ length: 200 }, () => 'busy' as const);
    const { reply } = post(ASK);
    await expect.poll(() => world.deps.queue.length()).toBe(1);
    world.clock.advance(21_000);
    const { status, headers } = await reply;
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('3');
    await world.nextReceipt();
  });

  it('is bounded', async () => {
    world.targets = Array.from({ length: 200 }, () => 'busy' as const);
    const waiting = [post(ASK).reply, post(ASK).reply];
    await expect.poll(() => world.deps.queue.length()).toBe(2);
    expect((await post(ASK).reply).status).toBe(503);
    world.clock.advance(21_000);
    await Promise.all(waiting);
  });

  it('sends headers after ten seconds, then keeps the stream alive', async () => {
    world.targets = Array.from({ length: 60 }, () => 'busy' as const);
    const { reply, sees } = post({ ...ASK, stream: true });
    await expect.poll(() => world.deps.queue.length()).toBe(1);
    world.clock.advance(11_000);
    await sees(': keepalive');
    world.clock.advance(21_000);
    const { status, text, complete } = await reply;
    expect(status).toBe(200);
    expect(text).toContain('server_is_overloaded');
    expect(complete).toBe(false);
    await world.nextReceipt();
  });
});

describe('a client that leaves', () => {
  it('stops the target; a flat price is due after content, nothing before', async () => {
    const early = post({ ...ASK, stream: true });
    const first = await world.nextTry();
    early.client.destroy();
    expect(await world.nextReceipt()).toMatchObject({ end: 'client-closed', chargedMicros: 0 });
    expect(first.cancelled).toBe(true);

    world.targets = ['target'];
    const late = post({ ...ASK, stream: true });
    const second = await world.nextTry();
    second.sink.onParts([TEXT]);
    await late.sees('Hello');
    late.client.destroy();
    expect(await world.nextReceipt()).toMatchObject({ end: 'client-closed', chargedMicros: 80_000 });
    expect(second.cancelled).toBe(true);
    second.sink.onParts([TEXT, FINISH]);
    second.sink.onEnd();
    expect(world.ledger.balance('acc').spentMicros).toBe(80_000);
  });

  it('leaves a drained upstream to its end, for the true usage', async () => {
    useWorld(PER_TOKEN, 1_000_000);
    world.targets = ['drain-target'];
    const { client, sees } = post({ ...ASK, stream: true });
    const attempt = await world.nextTry();
    attempt.sink.onParts([TEXT]);
    await sees('Hello');
    client.destroy();
    await expect.poll(() => world.ledger.balance('acc').heldMicros).toBeGreaterThan(0);
    expect(attempt.cancelled).toBe(false);
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    expect(await world.nextReceipt()).toMatchObject({ usageSource: 'reported', chargedMicros: 30 });
  });

  it('is cut when it takes nothing', async () => {
    const { client } = post({ ...ASK, stream: true });
    const attempt = await world.nextTry();
    client.on('response', (response) => response.pause());
    const big: StreamPart = { type: 'text-delta', text: 'x'.repeat(1 << 20) };
    while (!attempt.paused) attempt.sink.onParts([big]);
    world.clock.advance(32_000);
    expect(await world.nextReceipt()).toMatchObject({ end: 'client-closed', chargedMicros: 80_000 });
    expect(attempt.cancelled).toBe(true);
    client.destroy();
  });
});

describe('a dry run', () => {
  it.each([
    ['by header', ASK, { 'x-dry-run': 'true' }],
    ['by field', { ...ASK, dry_run: true }, undefined],
  ])('%s quotes the maximal price and calls nobody', async (_name, body, headers) => {
    const { status, text } = await post(body, headers === undefined ? {} : { headers }).reply;
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      object: 'quote',
      model: 'm',
      max_cost: 0.08,
      max_cost_credits: 8,
    });
    expect(world.tries).toHaveLength(0);
    expect(world.receipts).toHaveLength(0);
    expect(world.ledger.balance('acc').availableMicros).toBe(1_000_000);
  });

  it('is never less than what the request then costs', async () => {
    useWorld(PER_TOKEN, 1_000_000);
    const quote: unknown = JSON.parse((await post({ ...ASK, dry_run: true }).reply).text);
    const { reply } = post(ASK);
    const attempt = await world.nextTry();
    const held = world.ledger.balance('acc').heldMicros;
    expect(quote).toMatchObject({ max_cost: held / 1e6 });
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
    await reply;
    expect((await world.nextReceipt()).chargedMicros).toBeLessThanOrEqual(held);
  });
});

describe('an Idempotency-Key', () => {
  const once = { headers: { 'idempotency-key': 'order-7' } };
  const answer = (attempt: Try) => {
    attempt.sink.onParts([TEXT, FINISH]);
    attempt.sink.onEnd();
  };

  it('charges once: the twin of a running request and of a finished one get 409', async () => {
    const first = post(ASK, once);
    const attempt = await world.nextTry();
    const twin = await post(ASK, once).reply;
    expect(twin.status).toBe(409);
    expect(twin.text).toContain('request_in_progress');
    answer(attempt);
    const { status, headers } = await first.reply;
    expect(status).toBe(200);
    const late = await post(ASK, once).reply;
    expect(late.status).toBe(409);
    expect(late.text).toContain('request_already_done');
    expect(late.text).toContain(String(headers['x-request-id']));
    expect(world.ledger.balance('acc').spentMicros).toBe(80_000);
    expect(world.tries).toHaveLength(1);
  });

  it('refuses another body under the same key, and knows nothing of other keys', async () => {
    world.targets = ['target', 'target'];
    const first = post(ASK, once);
    answer(await world.nextTry());
    await first.reply;
    const other = await post({ ...ASK, temperature: 1 }, once).reply;
    expect(other.status).toBe(422);
    expect(other.text).toContain('idempotency_mismatch');
    const second = post(ASK, { headers: { 'idempotency-key': 'order-8' } });
    answer(await world.nextTry());
    expect((await second.reply).status).toBe(200);
  });

  it('lets a failed or refused try be repeated, under an id of its own', async () => {
    world.targets = [];
    const failedReply = await post(ASK, once).reply;
    expect(failedReply.status).toBe(503);
    expect((await post({ ...ASK, model: 'x' }, once).reply).status).toBe(404);
    world.targets = ['target'];
    const again = post(ASK, once);
    answer(await world.nextTry());
    const { status, headers } = await again.reply;
    expect(status).toBe(200);
    expect(headers['x-request-id']).not.toBe(failedReply.headers['x-request-id']);
  });

  it('is found again by its receipt when the memory is gone', async () => {
    const first = post(ASK, once);
    answer(await world.nextTry());
    await first.reply;
    world.deps.idempotency = createIdempotency({
      secret: Buffer.alloc(32, 7),
      receiptOf: (_accountId, requestId) => world.receipts.find((receipt) => receipt.requestId === requestId),
    });
    expect((await post(ASK, once).reply).status).toBe(409);
  });

  it.each([
    ['an empty one', ''],
    ['a long one', 'x'.repeat(256)],
  ])('refuses %s', async (_name, key) => {
    expect((await post(ASK, { headers: { 'idempotency-key': key } }).reply).status).toBe(400);
  });
});
