import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import { afterAll, describe, expect, it } from 'vitest';
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
  yieldsToLocalUse: false,
  noBench: true,
  json: true,
  endsWithStdin: false,
};

const folder = mkdtempSync(join(tmpdir(), 'connector-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

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
  /** How many wait for a signal now; with none, a signal ends the process. */
  listeners: () => number;
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
    listeners: () => handlers.size,
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

  it('hears signals until its engines have ended, which would run on without it', async () => {
    const world = connect();
    await settle();
    const closed = Promise.withResolvers<void>();
    world.engine.close = () => closed.promise;
    world.signal();
    world.drained();
    await settle();
    expect(world.listeners()).toBe(1);
    world.signal();
    closed.resolve();
    expect(await world.exit).toBe(EXIT_CODES.ended);
    expect(world.listeners()).toBe(0);
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

describe('a node whose owner comes first', () => {
  it('serves at its hours only, and limits the power for them', async () => {
    const commands: string[] = [];
    const configFile = join(folder, 'hours.yaml');
    writeFileSync(
      configFile,
      'hours: "22:00-07:00"\npower_limit_command: [limit, 250]\npower_restore_command: [restore]\n',
    );
    const timers = createVirtualTimers();
    const startMs = new Date(2026, 10, 21, 21, 59, 55).getTime();
    const world = connect(
      { configFile },
      {
        timers,
        now: () => new Date(startMs + timers.nowMs()),
        async runCommand(command) {
          commands.push(command.join(' '));
          return undefined;
        },
      },
    );
    await settle();
    const offer = { jobId: 'k', model: 'm', estimatedInputTokens: 1, deadlineMs: 0 };
    expect(world.agent().offer(offer)).toEqual({ reject: 'paused' });
    expect(world.agent().capabilities().slots).toEqual({ text: 0 });
    timers.advance(10_000);
    expect(world.agent().capabilities().slots).toEqual({ text: 4 });
    expect(world.types().filter((type) => type === 'paused' || type === 'resumed')).toEqual([
      'paused',
      'resumed',
    ]);
    expect(world.calls).toEqual(['capabilitiesChanged']);
    world.signal();
    world.drained();
    await world.exit;
    expect(commands).toEqual(['limit 250', 'restore']);
    expect(timers.pending()).toBe(0);
  });
});

describe('speeds', () => {
  it('are measured once, kept, told to the gateway, and make way for jobs', async () => {
    const change = { noBench: false };
    const environment = { XDG_CACHE_HOME: folder };
    const world = connect(change, { environment });
    await settle();
    const measuring = world.engine.runs[0];
    startJob(world).end();
    expect(measuring?.isCancelled).toBe(true);
    await settle();
    world.timers.advance(10_000);
    const run = world.engine.runs.at(-1);
    world.timers.advance(100);
    run?.sink.onParts([{ type: 'text-delta', text: 'a' }]);
    world.timers.advance(1_000);
    const usage = { ...NO_USAGE, inputTokens: 500, outputTokens: 65 };
    run?.sink.onParts([{ type: 'finish', reason: 'length', usage }]);
    run?.sink.onEnd();
    await settle();
    const speed = { promptTokensPerSecond: 5_000, outputTokensPerSecond: 64 };
    expect(world.lines.at(-1)).toMatchObject({ type: 'measured', model: 'm', speed });
    expect(world.calls).toEqual(['capabilitiesChanged']);
    expect(world.agent().capabilities().models).toMatchObject([{ alias: 'm', speed }]);
    world.signal();
    world.drained();
    await world.exit;
    expect(world.timers.pending()).toBe(0);

    const again = connect(change, { environment });
    await settle();
    expect(again.engine.runs).toEqual([]);
    expect(again.agent().capabilities().models).toMatchObject([{ alias: 'm', speed }]);
    again.signal();
    again.drained();
    await again.exit;
  });
});

describe('what the gateway tells', () => {
  it('of a newer version is one line', async () => {
    const world = connect();
    await settle();
    for (const newestAgent of [CONNECTOR_VERSION, '99.0.0', '99.0.0'])
      world.agent().state({ state: 'online', sessionId: 's', newestAgent });
    const updates = world.lines.filter((line) => line['type'] === 'update');
    expect(updates).toMatchObject([{ newest: '99.0.0', own: CONNECTOR_VERSION }]);
    world.signal();
    world.drained();
    await world.exit;
  });

  it('of earnings is a line for each change', async () => {
    const world = connect();
    await settle();
    const earnings = { pendingMicros: 50_000, payableMicros: 0 };
    for (const notice of [{}, { earnings }, { earnings }]) world.agent().notice?.(notice);
    expect(world.lines.filter((line) => line['type'] === 'earnings')).toMatchObject([earnings]);
    world.signal();
    world.drained();
    await world.exit;
  });
});

describe('on a terminal', () => {
  it('a block with models and jobs stays below the lines', async () => {
    const written: string[] = [];
    const terminal = { write: (text: string) => void written.push(text), columns: () => 60 };
    const world = connect({ json: false }, { terminal: () => terminal });
    await settle();
    world.agent().state({ state: 'online', sessionId: 's' });
    startJob(world);
    world.timers.advance(1_000);
    const text = written.join('');
    expect(text).toMatch(/\d\d:\d\d:\d\d online with m \(2 slots\)\n/u);
    expect(text).toContain('  m  1 of 2 slots busy, 0 done, - tokens/s\n');
    expect(text).not.toContain('my private prompt');
    world.signal();
    world.signal();
    await world.exit;
    expect(written.at(-1)).toContain(' ended\n');
  });

  it('with --json there are JSON lines only', async () => {
    const world = connect({ json: true }, { terminal: () => ({ write: fail, columns: () => 60 }) });
    await settle();
    world.timers.advance(5_000);
    world.signal();
    world.signal();
    await world.exit;
    expect(world.types()).toContain('ended');
  });
});

function fail(): never {
  throw new Error('nothing may be drawn');
}

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
