import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { startFakeUpstream, listen } from '../testing-upstream.ts';
import { UPSTREAM_CAUSES } from '../transport/fault-causes.ts';
import { ask, attempt, connect, relayOf, serve, WEATHER_TOOL } from './testing-ask.ts';

const MODEL = 'claude-haiku-4-5#';

describe('errors before the answer', () => {
  const cases: [scenario: string, fault: Record<string, unknown>][] = [
    ['invalid-key', { code: 'upstream_failed', blame: 'target', cause: 'auth' }],
    ['no-permission', { code: 'upstream_failed', blame: 'target', cause: 'forbidden' }],
    ['not-found', { code: 'upstream_failed', blame: 'target', cause: 'not-found' }],
    ['too-large', { code: 'body_too_large', blame: 'request', cause: 'too-large' }],
    ['too-long', { code: 'context_length_exceeded', blame: 'request', cause: 'context-length' }],
    ['invalid', { code: 'invalid_request', blame: 'request', cause: 'refused' }],
    ['no-credit', { code: 'upstream_failed', blame: 'target', cause: 'credits' }],
    ['spend-limit', { code: 'upstream_failed', blame: 'target', cause: 'credits' }],
    [
      'rate-limited',
      { code: 'server_is_overloaded', blame: 'target', cause: 'http-429', retryAfterMs: 7_000 },
    ],
    ['broken', { code: 'upstream_failed', blame: 'target', cause: 'http-5xx' }],
    ['overloaded', { code: 'server_is_overloaded', blame: 'target', cause: 'http-5xx' }],
    ['html', { blame: 'target', cause: 'bad-reply' }],
  ];

  test.each(cases)('%s', async (scenario, fault) => {
    const served = await serve();
    for (const stream of [true, false]) {
      const heard = await ask(served, { model: MODEL + scenario, stream });
      expect(heard.parts).toEqual([]);
      expect(heard.fault).toMatchObject(fault);
      expect(heard.fault?.relay).toBeUndefined();
      expect(UPSTREAM_CAUSES).toContain(heard.fault?.cause);
    }
  });

  test.each(['too-large', 'too-long', 'invalid'])(
    'a client of the same dialect reads the words of %s',
    async (scenario) => {
      const { fault } = await ask(await serve(), { model: MODEL + scenario, body: {} });
      expect(fault?.relay?.status).toBe(scenario === 'too-large' ? 413 : 400);
      expect(JSON.parse(fault?.relay?.body.toString() ?? '')).toMatchObject({
        type: 'error',
        error: { message: expect.stringMatching(/exceeds|too long|rule/) as string },
      });
    },
  );

  test.each([
    'invalid-key',
    'no-permission',
    'not-found',
    'no-credit',
    'spend-limit',
    'rate-limited',
    'broken',
  ])('no client reads what %s says of the operator', async (scenario) => {
    const { fault } = await ask(await serve(), { model: MODEL + scenario, body: {} });
    expect(fault?.blame).toBe('target');
    expect(fault?.message).toBeUndefined();
    expect(fault?.relay).toBeUndefined();
  });

  test('a failure that happens once', async () => {
    const served = await serve();
    const model = `${MODEL}overloaded-once`;
    expect((await ask(served, { model })).fault).toMatchObject({ code: 'server_is_overloaded' });
    expect((await ask(served, { model })).fault).toBeUndefined();
  });
});

describe('streams that go wrong', () => {
  test.each([
    ['overloaded-at-start', 'http-5xx'],
    ['overloaded-mid-stream', 'http-5xx'],
    ['truncated', 'truncated'],
    ['cut', 'reset'],
  ])('%s is a fault', async (scenario, cause) => {
    const served = await serve();
    for (const body of [undefined, {}]) {
      const heard = await ask(served, { model: MODEL + scenario, ...(body === undefined ? {} : { body }) });
      expect(heard.fault).toMatchObject({ blame: 'target', cause });
      expect(heard.parts.some((part) => part.type === 'finish')).toBe(false);
      expect(relayOf(heard)).not.toMatch(/event: error|message_delta/);
    }
  });

  test('a whole reply that is cut off', async () => {
    const heard = await ask(await serve(), { model: `${MODEL}cut`, stream: false });
    expect(heard.fault).toMatchObject({ blame: 'target' });
    expect(heard.parts).toEqual([]);
  });

  test('pings do not hide a dead engine', async () => {
    const clock = createVirtualClock();
    const { upstream, fake } = await serve({ gapMs: 1 }, { clock });
    const heard = listen();
    upstream.start(attempt({ model: `${MODEL}pings` }), heard.sink);
    for (let second = 0; second < 12 && heard.ends === 0; second += 1) {
      const { alive } = heard;
      while (heard.alive === alive && heard.ends === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1_000);
    }
    await heard.ended;
    expect(heard.fault).toMatchObject({ cause: 'timeout', code: 'upstream_timeout' });
    while (fake.left() === 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test('an answer whose last event is held back forever is no answer', async () => {
    const clock = createVirtualClock();
    const fake = await startFakeUpstream((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":1}}}\n\n' +
          'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hi"}}\n\n' +
          'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}\n\n',
      );
    });
    const heard = listen();
    connect(fake.url, { clock }).start(attempt(), heard.sink);
    await heard.firstPart;
    clock.advance(5_500);
    await heard.ended;
    expect(heard.fault).toMatchObject({ cause: 'stall' });
    await fake.close();
  });
});

describe('the client', () => {
  test('leaves: the connection is closed and nothing more is heard', async () => {
    const { upstream, fake } = await serve({ gapMs: 1 });
    const heard = listen();
    const running = upstream.start(attempt({ model: `${MODEL}slow` }), heard.sink);
    await heard.firstPart;
    running.cancel();
    running.cancel();
    const { calls } = heard;
    while (fake.left() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect({ calls: heard.calls, ends: heard.ends }).toEqual({ calls, ends: 0 });
  });

  test('demands a call of a model that cannot be made to: another target may', async () => {
    const { upstream, fake } = await serve();
    const asking = {
      model: 'claude-sonnet-5-5',
      chat: { tools: [WEATHER_TOOL], toolChoice: 'required' as const },
    };
    const { fault } = await ask({ upstream }, asking);
    expect(fault).toMatchObject({ code: 'unsupported_parameter', blame: 'target', cause: 'refused' });
    const heard = listen();
    upstream.start(attempt(asking), heard.sink).cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard.ends).toBe(0);
    expect(fake.requests).toEqual([]);
  });

  test('asks for a tool that is billed by use', async () => {
    const served = await serve();
    for (const type of [
      'web_search_20250305',
      'code_execution_20260521',
      'advisor_20260301',
      'new_tool',
      7,
    ]) {
      const { fault } = await ask(served, { body: { tools: [{ type, name: 'x' }] } });
      expect(fault).toMatchObject({ code: 'unsupported_parameter', blame: 'target' });
    }
    expect(served.fake.requests).toEqual([]);
    const free = [
      { type: 'bash_20250124', name: 'bash' },
      { type: 'custom', name: 'y', input_schema: { type: 'object' } },
      { name: 'z', input_schema: { type: 'object' } },
    ];
    expect((await ask(served, { body: { tools: free } })).fault).toBeUndefined();
  });
});

describe('damage to a reply on the wire', () => {
  /** What every reader must make of bytes, good or bad: one end with one finish, or one fault. */
  test.each([true, false])('ends in one end or one fault, streamed: %s', async (stream) => {
    let damage = (bytes: Buffer) => bytes;
    const served = await serve({ damage: (bytes) => damage(bytes) });
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(255),
        fc.constantFrom('flip', 'drop', 'cut', 'insert'),
        fc.boolean(),
        async (place, byte, how, isNative) => {
          damage = (bytes) => {
            const at = Math.min(bytes.length - 1, Math.floor(place * bytes.length));
            const before = bytes.subarray(0, at);
            if (how === 'cut') return before;
            const behind = bytes.subarray(how === 'insert' ? at : at + 1);
            return Buffer.concat([before, ...(how === 'drop' ? [] : [Buffer.from([byte])]), behind]);
          };
          const heard = await ask(served, {
            model: `${MODEL}thinking`,
            stream,
            ...(isNative ? { body: {} } : {}),
          });
          const finishes = heard.parts.filter((part) => part.type === 'finish').length;
          expect(finishes).toBe(heard.fault === undefined ? 1 : 0);
          if (heard.fault === undefined) expect(heard.parts.at(-1)?.type).toBe('finish');
          else expect(UPSTREAM_CAUSES).toContain(heard.fault.cause);
        },
      ),
      { numRuns: 150 },
    );
  });
});
