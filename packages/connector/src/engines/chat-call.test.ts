import type { ServerResponse } from 'node:http';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { EngineError } from '../engine.ts';
import { chatOf } from '../testing/chat.ts';
import { closeFakeEngines, DONE, HELLO, runHello, setUpEngine } from '../testing/engine-setup.ts';
import type { FakeEngineHandler, FakeEngineServer } from '../testing/fake-engine-server.ts';
import { eventsOf, sendJson, sendStream } from '../testing/fake-engine-server.ts';
import type { Outcome } from '../testing/recording-sink.ts';
import { createRecordingSink } from '../testing/recording-sink.ts';

const USAGE = eventsOf({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } });
const HELLO_PARTS: StreamPart[] = [
  { type: 'text-delta', text: 'Hé' },
  { type: 'text-delta', text: 'llo 😀' },
];
const USAGE_PART = {
  usage: {
    inputTokens: 3,
    imageInputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 2,
    reasoningTokens: 0,
  },
};

afterEach(closeFakeEngines);

async function outcomeOf(handler: FakeEngineHandler): Promise<Outcome> {
  const { engine, timers } = await setUpEngine(handler);
  const outcome = await runHello(engine).outcome;
  expect(timers.pending()).toBe(0);
  return outcome;
}

const streaming =
  (body: string | Uint8Array): FakeEngineHandler =>
  (_request, response) =>
    sendStream(response, body);

describe('a streamed answer', () => {
  it.each<[string, string, object]>([
    ['with usage and [DONE]', HELLO + USAGE + DONE, USAGE_PART],
    ['with usage in the last chunk only', HELLO + USAGE, USAGE_PART],
    ['without usage', HELLO + DONE, {}],
    ['without [DONE]', HELLO, {}],
    ['with a last line that is not ended', `${HELLO}data: [DONE]`, {}],
    ['with CRLF', (HELLO + USAGE + DONE).replaceAll('\n', '\r\n'), USAGE_PART],
    ['with comments, events and ids', `: ping\n\nevent: x\nid: 1\n${HELLO}:\n\n${USAGE}${DONE}`, USAGE_PART],
    ['with empty data lines', `data:\n\n${HELLO}data: \n\n${DONE}`, {}],
    ['without empty lines between the events', (HELLO + DONE).replaceAll('\n\n', '\n'), {}],
    ['with junk after [DONE]', `${HELLO}${DONE}data: {{{\n\n`, {}],
  ])('%s is read', async (_name, body, finish) => {
    const outcome = await outcomeOf(streaming(body));
    expect(outcome.fault).toBeUndefined();
    expect(outcome.parts).toEqual([...HELLO_PARTS, { type: 'finish', reason: 'stop', ...finish }]);
  });

  it('is read the same when it comes byte by byte', async () => {
    const bytes = Buffer.from(HELLO + USAGE + DONE);
    const outcome = await outcomeOf((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.socket?.setNoDelay(true);
      const sendFrom = (at: number): void => {
        if (at === bytes.length) response.end();
        else response.write(bytes.subarray(at, at + 1), () => sendFrom(at + 1));
      };
      sendFrom(0);
    });
    expect(outcome.parts).toEqual([...HELLO_PARTS, { type: 'finish', reason: 'stop', ...USAGE_PART }]);
  });

  it('that comes as one JSON object is read as well', async () => {
    const message = { role: 'assistant', content: 'Hi', reasoning_content: 'hm' };
    const usage = { prompt_tokens: 3, completion_tokens: 2 };
    const outcome = await outcomeOf((_request, response) =>
      sendJson(response, 200, { choices: [{ message, finish_reason: 'stop' }], usage }),
    );
    expect(outcome.parts).toEqual([
      { type: 'reasoning-delta', text: 'hm' },
      { type: 'text-delta', text: 'Hi' },
      { type: 'finish', reason: 'stop', ...USAGE_PART },
    ]);
  });

  it('counts comments as a sign of life', async () => {
    const outcome = await outcomeOf(streaming(`: ping\n\n`));
    expect(outcome.alive).toBe(1);
  });
});

describe('a failure', () => {
  const NO_FINISH = eventsOf({ choices: [{ delta: { content: 'x' } }] });
  const cut: FakeEngineHandler = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(NO_FINISH, () => response.socket?.resetAndDestroy());
  };

  it.each<[string, FakeEngineHandler, string]>([
    ['an end without a finish reason', streaming(NO_FINISH), 'engine_failed'],
    ['[DONE] without a finish reason', streaming(NO_FINISH + DONE), 'engine_failed'],
    ['an empty stream', streaming(''), 'engine_failed'],
    ['a cut connection', cut, 'engine_failed'],
    ['an error chunk', streaming(eventsOf({ error: { message: 'x', code: 503 } })), 'overloaded'],
    ['an error line', streaming('error: {"code":500,"message":"boom"}\n\n'), 'engine_failed'],
    ['an error line that is no JSON', streaming('error: boom\n\n'), 'engine_failed'],
    ['broken JSON', streaming(`data: {"choices":[\n\n${DONE}`), 'engine_failed'],
    ['invalid UTF-8', streaming(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a])), 'engine_failed'],
    ['a line that is too long', streaming(`data: ${'x'.repeat(1024 * 1024)}`), 'engine_failed'],
    ['an HTML page', (_request, response) => response.end('<html></html>'), 'engine_failed'],
    [
      'a full context',
      (_request, response) => sendJson(response, 400, { error: { message: 'context length' } }),
      'context_length_exceeded',
    ],
    ['a wrong key', (_request, response) => sendJson(response, 401, {}), 'engine_failed'],
    ['an overload', (_request, response) => sendJson(response, 503, {}), 'overloaded'],
    [
      'a JSON error with 200',
      (_request, response) => sendJson(response, 200, { error: 'boom' }),
      'engine_failed',
    ],
    [
      'a broken whole answer',
      (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{'),
      'engine_failed',
    ],
    ['no answer', (_request, response) => response.socket?.destroy(), 'engine_failed'],
    [
      'an answer that is not HTTP',
      (_request, response) => response.socket?.end('220 hello\r\n\r\n'),
      'engine_failed',
    ],
    [
      'an unasked change of protocol',
      (_request, response) =>
        response.socket?.end('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      'engine_failed',
    ],
    [
      'an error body without end',
      (_request, response) => response.writeHead(500).write('x', () => response.socket?.destroy()),
      'engine_failed',
    ],
  ])('by %s is one fault', async (_name, handler, code) => {
    const { parts, fault } = await outcomeOf(handler);
    expect(fault?.code).toBe(code);
    expect(parts.some((part) => part.type === 'finish')).toBe(false);
  });

  it('does not follow a redirect', async () => {
    const { engine, server } = await setUpEngine((_request, response) => {
      response.writeHead(307, { location: '/v1/other' }).end();
    });
    expect((await runHello(engine).outcome).fault?.code).toBe('engine_failed');
    expect(server.requests).toHaveLength(1);
  });

  it('after the finish reason only costs the usage', async () => {
    const { parts, fault } = await outcomeOf((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(HELLO, () => response.socket?.resetAndDestroy());
    });
    expect(fault).toBeUndefined();
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
  });

  it('of a closed port is engine_unreachable', async () => {
    const { engine, server } = await setUpEngine(() => undefined);
    await server.close();
    expect((await runHello(engine).outcome).fault?.code).toBe('engine_unreachable');
    expect(await engine.probe(AbortSignal.any([]))).toBe(false);
    await expect(engine.inventory(AbortSignal.any([]))).rejects.toBeInstanceOf(EngineError);
  });

  it('of an address outside the machine is told without connecting', async () => {
    const { engine } = await setUpEngine(() => undefined, { baseUrl: 'http://192.0.2.1/v1' });
    const { fault } = await runHello(engine).outcome;
    expect(fault?.code).toBe('engine_unreachable');
    expect(fault?.message).toContain('allow_lan');
  });

  it('by an unsupported request never reaches the engine', async () => {
    const { engine, server } = await setUpEngine(() => undefined);
    const sink = createRecordingSink();
    const picture = { type: 'image', mime: 'image/png', base64: 'aGk=' } as const;
    const chat = { ...chatOf('x'), messages: [{ role: 'user' as const, content: [picture] }] };
    engine.run({ localName: 'm', chat }, sink);
    expect(sink.ends()).toBe(0);
    expect((await sink.outcome).fault?.code).toBe('unsupported');
    expect(server.requests).toHaveLength(0);
  });
});

describe('silence', () => {
  /** Writes the text, then nothing more. */
  const hanging =
    (text: string): FakeEngineHandler =>
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      if (text !== '') response.write(text);
    };

  async function untilAsked(server: FakeEngineServer): Promise<void> {
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  it('before the first part is a timeout after two minutes', async () => {
    const { engine, server, timers } = await setUpEngine(() => undefined);
    const sink = runHello(engine);
    await untilAsked(server);
    timers.advance(119_000);
    expect(sink.ends()).toBe(0);
    timers.advance(2_000);
    expect((await sink.outcome).fault?.code).toBe('timeout');
    await server.untilGone();
  });

  it('in the answer is a timeout after one minute', async () => {
    const { engine, timers } = await setUpEngine(
      hanging(eventsOf({ choices: [{ delta: { content: 'x' } }] })),
    );
    const sink = runHello(engine);
    await sink.firstParts;
    timers.advance(59_000);
    expect(sink.ends()).toBe(0);
    timers.advance(2_000);
    expect((await sink.outcome).fault?.code).toBe('timeout');
  });

  it('after the finish reason ends the answer after five seconds', async () => {
    const { engine, timers } = await setUpEngine(hanging(HELLO));
    const sink = runHello(engine);
    await sink.firstParts;
    while (sink.parts.length < HELLO_PARTS.length) await new Promise((resolve) => setImmediate(resolve));
    timers.advance(6_000);
    const outcome = await sink.outcome;
    expect(outcome.fault).toBeUndefined();
    expect(outcome.parts.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
  });

  it('does not count while the far side has paused', async () => {
    const { engine, timers } = await setUpEngine(
      hanging(eventsOf({ choices: [{ delta: { content: 'x' } }] })),
    );
    const sink = createRecordingSink();
    const job = engine.run({ localName: 'm', chat: chatOf('hi') }, sink);
    await sink.firstParts;
    job.pause();
    timers.advance(300_000);
    expect(sink.ends()).toBe(0);
    job.resume();
    timers.advance(61_000);
    expect((await sink.outcome).fault?.code).toBe('timeout');
  });
});

describe('pausing and cancelling', () => {
  it('a cancelled job closes the connection and says nothing more', async () => {
    const { engine, server, timers } = await setUpEngine((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(HELLO);
    });
    const sink = createRecordingSink();
    const job = engine.run({ localName: 'm', chat: chatOf('hi') }, sink);
    await sink.firstParts;
    await job.cancel();
    await server.untilGone();
    timers.advance(300_000);
    expect(sink.ends()).toBe(0);
    expect(timers.pending()).toBe(0);
    await job.cancel();
  });

  it('a job cancelled before the connection stands never ends', async () => {
    const { engine, timers } = await setUpEngine(streaming(HELLO + DONE));
    const sink = createRecordingSink();
    await engine.run({ localName: 'm', chat: chatOf('hi') }, sink).cancel();
    expect(sink.ends()).toBe(0);
    expect(timers.pending()).toBe(0);
  });

  it('a job cancelled by the sink itself hears nothing more', async () => {
    const { engine } = await setUpEngine(streaming(HELLO + DONE));
    const sink = createRecordingSink();
    const cancelled = Promise.withResolvers<void>();
    const job = engine.run(
      { localName: 'm', chat: chatOf('hi') },
      {
        ...sink,
        onParts(parts) {
          sink.onParts(parts);
          if (parts.at(-1)?.type === 'finish') void job.cancel().then(cancelled.resolve);
        },
      },
    );
    await cancelled.promise;
    expect(sink.ends()).toBe(0);
  });
});

/** Gives the event loop so many turns that anything on its way through a local socket has come. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a paused job', () => {
  const TOTAL_CHUNKS = 2_000;
  const filler = eventsOf({ choices: [{ delta: { content: 'y'.repeat(16_000) } }] });

  /** Sends 32 MB as fast as they are taken. */
  function createFlood(): { handler: FakeEngineHandler; written: () => number } {
    let written = 0;
    const pump = (response: ServerResponse): void => {
      while (written < TOTAL_CHUNKS) {
        written += 1;
        if (!response.write(filler)) {
          response.once('drain', () => pump(response));
          return;
        }
      }
      response.end(HELLO + DONE);
    };
    const handler: FakeEngineHandler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      pump(response);
    };
    return { handler, written: () => written };
  }

  it.each(['before the answer begins', 'in the answer'])('%s does not read on', async (when) => {
    const { handler, written } = createFlood();
    const { engine, server } = await setUpEngine(handler);
    const sink = createRecordingSink();
    const job = engine.run({ localName: 'm', chat: chatOf('hi') }, sink);
    if (when === 'in the answer') await sink.firstParts;
    job.pause();
    const seen = sink.parts.length;
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await manyTurns();
    expect(sink.parts).toHaveLength(seen);
    expect(written()).toBeLessThan(TOTAL_CHUNKS);
    job.resume();
    const { parts, fault } = await sink.outcome;
    expect(fault).toBeUndefined();
    expect(parts).toHaveLength(TOTAL_CHUNKS + HELLO_PARTS.length + 1);
  });
});

describe('a damaged stream', () => {
  it('always ends once, in parts and then an end or a fault', async () => {
    let body: Uint8Array = new Uint8Array();
    const { engine, timers } = await setUpEngine((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const half = Math.floor(body.length / 2);
      response.write(body.subarray(0, half), () => response.end(body.subarray(half)));
    });
    const whole = Buffer.from(
      eventsOf({
        choices: [{ delta: { tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] } }],
      }) +
        HELLO +
        USAGE +
        DONE,
    );
    const damage = fc.record({
      at: fc.nat(whole.length - 1),
      remove: fc.nat(40),
      insert: fc.uint8Array({ maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        body = damages.reduce<Uint8Array>(
          (bytes, { at, remove, insert }) =>
            Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]),
          whole,
        );
        const sink = runHello(engine);
        const { parts, fault } = await sink.outcome;
        const finishes = parts.filter((part) => part.type === 'finish');
        expect(finishes).toHaveLength(fault === undefined ? 1 : 0);
        if (fault === undefined) expect(parts.at(-1)?.type).toBe('finish');
        expect(sink.ends()).toBe(1);
        expect(timers.pending()).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
