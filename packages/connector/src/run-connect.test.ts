import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ConnectOptions } from './config/connect-options.ts';
import type { EngineConfig } from './config/engine-config.ts';
import type { FoundEngine } from './find-engines.ts';
import type { LinkClientOptions } from './link/link-client.ts';
import type { JobStream, LinkAgent } from './link/types.ts';
import type { ConnectDependencies } from './run-connect.ts';
import { EXIT_CODES, runConnect } from './run-connect.ts';
import { settle } from './testing/agent-setup.ts';
import { chatOf } from './testing/chat.ts';
import type { FakeEngine } from './testing/fake-engine.ts';
import { createFakeEngine, FINISH_PART, modelOf } from './testing/fake-engine.ts';
import { createFakeJobStream } from './testing/fake-job-stream.ts';
import type { VirtualTimers } from './testing/virtual-timers.ts';
import { createVirtualTimers } from './testing/virtual-timers.ts';
import { CONNECTOR_VERSION } from './version.ts';

const OPTIONS: ConnectOptions = {
  gateway: 'https://gateway.example',
  token: 'nk_secret_token',
  engines: ['demo'],
  models: [],
  allowLan: false,
  isPrivate: false,
  json: true,
  endsWithStdin: false,
};

type World = {
  exit: Promise<number>;
  lines: Record<string, unknown>[];
  types: () => unknown[];
  engine: FakeEngine;
  timers: VirtualTimers;
  /** What the link client was started with; absent before that. */
  link: () => LinkClientOptions | undefined;
  agent: () => LinkAgent;
  calls: string[];
  drained: () => void;
  signal: () => void;
};

function connect(change: Partial<ConnectOptions> = {}, replaced: Partial<ConnectDependencies> = {}): World {
  const timers = createVirtualTimers();
  const engine = createFakeEngine([modelOf('m'), modelOf('far', { remoteBacked: true })]);
  const lines: Record<string, unknown>[] = [];
  const calls: string[] = [];
  const drained = Promise.withResolvers<void>();
  const handlers = new Set<() => void>();
  let link: LinkClientOptions | undefined;
  const exit = runConnect(
    { ...OPTIONS, ...change },
    {
      environment: {},
      timers,
      createEngine: () => engine,
      writeLine: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
      startLink(options) {
        link = options;
        return {
          capabilitiesChanged: () => void calls.push('capabilitiesChanged'),
          drain(graceMs) {
            calls.push(`drain ${graceMs}`);
            return drained.promise;
          },
          close: () => void calls.push('close'),
        };
      },
      onSignal(handler) {
        handlers.add(handler);
        return () => void handlers.delete(handler);
      },
      ...replaced,
    },
  );
  return {
    exit,
    lines,
    types: () => lines.map((line) => line['type']),
    engine,
    timers,
    link: () => link,
    agent() {
      if (link === undefined) throw new Error('the link was not started');
      return link.agent;
    },
    calls,
    drained: () => drained.resolve(),
    signal: () => {
      for (const handler of handlers) handler();
    },
  };
}

function startJob(world: World): { stream: JobStream & { heard: string[] }; end(): void } {
  const offer = { jobId: 'j', model: 'm', estimatedInputTokens: 1, deadlineMs: 0 };
  const answer = world.agent().offer(offer);
  if (!('accept' in answer)) throw new Error('not accepted');
  const stream = createFakeJobStream();
  answer.accept.start(chatOf('my private prompt'), stream);
  const run = world.engine.runs.at(-1);
  return {
    stream,
    end() {
      run?.sink.onParts([{ type: 'text-delta', text: 'my private answer' }, FINISH_PART]);
      run?.sink.onEnd();
    },
  };
}

describe('runConnect', () => {
  it('prints wrong settings and ends', async () => {
    const world = connect({ gateway: 'nonsense', engines: [] });
    expect(await world.exit).toBe(EXIT_CODES.wrongSettings);
    expect(world.types()).toEqual(['problem']);
    expect(world.link()).toBeUndefined();
  });

  it('takes the engines that it finds, with the flags of the owner', async () => {
    const made: EngineConfig[] = [];
    const world = connect(
      { engines: [], models: ['fast=qwen3:8b'], slots: '3' },
      {
        findEngines: async () => [{ kind: 'ollama', url: 'http://127.0.0.1:11434' }],
        createEngine(config) {
          made.push(config);
          return createFakeEngine([modelOf('qwen3:8b', { slots: 3 })]);
        },
      },
    );
    await settle();
    expect(world.lines[0]).toMatchObject({ type: 'warning' });
    expect(world.lines[1]).toMatchObject({ type: 'found', kind: 'ollama', address: '127.0.0.1:11434' });
    expect(made).toMatchObject([
      { kind: 'ollama', slots: 3, choices: [{ alias: 'fast', localName: 'qwen3:8b' }] },
    ]);
    expect(world.agent().capabilities().models).toMatchObject([{ alias: 'fast', slots: 3 }]);
    world.signal();
    world.signal();
    expect(await world.exit).toBe(EXIT_CODES.interrupted);
  });

  it.each<[string, FoundEngine[], Partial<ConnectOptions>, string]>([
    ['none is found', [], {}, '--engine demo'],
    [
      'a model could belong to two',
      [
        { kind: 'ollama', url: 'http://127.0.0.1:11434' },
        { kind: 'vllm', url: 'http://127.0.0.1:8000' },
      ],
      { models: ['a=b'] },
      'exactly one engine',
    ],
  ])('says what to do when %s', async (_name, found, change, words) => {
    const world = connect({ engines: [], ...change }, { findEngines: async () => found });
    expect(await world.exit).toBe(EXIT_CODES.wrongSettings);
    const problem = world.lines.find((line) => line['type'] === 'problem');
    expect(problem?.['message']).toContain(words);
    expect(world.link()).toBeUndefined();
  });

  it('looks at the engines, then connects with token and models', async () => {
    const world = connect();
    await settle();
    expect(world.link()).toMatchObject({
      gatewayUrl: 'https://gateway.example',
      token: 'nk_secret_token',
      agentVersion: CONNECTOR_VERSION,
    });
    world.agent().state({ state: 'connecting', attempt: 1 });
    world.agent().state({ state: 'online', sessionId: 's' });
    expect(world.types()).toEqual(['warning', 'engine-up', 'warning', 'connecting', 'online']);
    expect(world.lines[2]?.['message']).toContain('model far is answered by another machine');
    expect(world.lines[4]?.['models']).toEqual([{ alias: 'm', slots: 2 }]);
    world.signal();
    world.drained();
    await world.exit;
  });

  it('does not wait for an engine that hangs', async () => {
    const engine = createFakeEngine([]);
    engine.inventory = () => new Promise(() => undefined);
    const world = connect({}, { createEngine: () => engine });
    await settle();
    expect(world.link()).toBeUndefined();
    world.timers.advance(5_000);
    await settle();
    expect(world.link()).toBeDefined();
    world.signal();
    world.drained();
    await world.exit;
  });

  it('tells the gateway when an engine goes down and what the owner can do', async () => {
    const world = connect();
    await settle();
    world.engine.fault = { code: 'engine_unreachable', message: 'gone' };
    for (let round = 0; round < 2; round++) {
      world.timers.advance(10_000);
      await settle();
    }
    expect(world.calls).toEqual(['capabilitiesChanged']);
    expect(world.lines.at(-1)).toMatchObject({
      type: 'engine-down',
      engine: 'demo',
      fix: expect.stringContaining('Start'),
    });
    world.signal();
    world.drained();
    await world.exit;
  });

  it('counts jobs and names faults, without a word of what they said', async () => {
    const world = connect();
    await settle();
    startJob(world).end();
    const offer = { jobId: 'k', model: 'm', estimatedInputTokens: 1, deadlineMs: 0 };
    for (let count = 0; count < 3; count++) {
      const answer = world.agent().offer(offer);
      if (!('accept' in answer)) throw new Error('not accepted');
      answer.accept.start(chatOf('my private prompt'), createFakeJobStream());
      world.engine.runs.at(-1)?.sink.onFault({ code: 'overloaded', message: 'full' });
    }
    world.timers.advance(60_000);
    await settle();
    expect(world.types().slice(-2)).toEqual(['job-error', 'jobs']);
    expect(world.lines.at(-1)?.['counts']).toMatchObject({ running: 0, done: 1, failed: 3, inputTokens: 3 });
    expect(JSON.stringify(world.lines)).not.toContain('my private');
    expect(JSON.stringify(world.lines)).not.toContain('nk_secret_token');
    world.signal();
    world.drained();
    await world.exit;
  });

  it('lets running jobs end at the first signal', async () => {
    const world = connect();
    await settle();
    const job = startJob(world);
    world.signal();
    expect(world.calls).toEqual(['drain 30000']);
    expect(world.lines.at(-1)).toMatchObject({ type: 'draining', running: 1 });
    expect(world.agent().offer({ jobId: 'k', model: 'm', estimatedInputTokens: 1, deadlineMs: 0 })).toEqual({
      reject: 'paused',
    });
    job.end();
    world.drained();
    expect(await world.exit).toBe(EXIT_CODES.ended);
    expect(world.engine.isClosed).toBe(true);
    expect(world.types().slice(-2)).toEqual(['jobs', 'ended']);
    expect(world.timers.pending()).toBe(0);
  });

  it('ends at once at the second signal', async () => {
    const world = connect();
    await settle();
    world.signal();
    world.signal();
    expect(await world.exit).toBe(EXIT_CODES.interrupted);
    expect(world.calls).toEqual(['drain 30000', 'close']);
    expect(world.timers.pending()).toBe(0);
  });

  it('ends while it is still looking at the engines', async () => {
    const world = connect();
    world.signal();
    expect(await world.exit).toBe(EXIT_CODES.ended);
    expect(world.link()).toBeUndefined();
    expect(world.timers.pending()).toBe(0);
  });

  it('ends when the gateway turns it away', async () => {
    const world = connect();
    await settle();
    world.agent().state({ state: 'stopped', reason: 'The token was revoked.' });
    expect(await world.exit).toBe(EXIT_CODES.turnedAway);
    expect(world.lines.at(-2)).toMatchObject({ type: 'stopped', reason: 'The token was revoked.' });
  });

  it('does not wait for an engine that will not close', async () => {
    const world = connect();
    await settle();
    world.engine.close = () => new Promise(() => undefined);
    world.signal();
    world.drained();
    await settle();
    world.timers.advance(2_000);
    expect(await world.exit).toBe(EXIT_CODES.ended);
  });
});

it('the version is that of the package', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  expect(CONNECTOR_VERSION).toBe((JSON.parse(text) as { version: string }).version);
});

it('ends with the program that holds its standard input', async () => {
  const stdin = { end: (): void => undefined };
  const world = connect(
    { endsWithStdin: true },
    {
      onStdinEnd(handler) {
        stdin.end = handler;
        return () => undefined;
      },
    },
  );
  await settle();
  stdin.end();
  world.drained();
  expect(await world.exit).toBe(EXIT_CODES.ended);
});
