import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startLinkClient } from '@switchyard/connector/link/link-client.ts';
import type { LinkClient } from '@switchyard/connector/link/types.ts';
import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { startLoopbackFleet, TOKEN, until } from '../testing/loopback-fleet.ts';
import type { LoopbackFleet } from '../testing/loopback-fleet.ts';
import { attemptRequestOf, createRecordingSink } from '../testing/recording-sink.ts';
import { createScriptedAgent } from '../testing/scripted-agent.ts';
import type { ScriptedAgent, ScriptedJob } from '../testing/scripted-agent.ts';
import { wantOf } from '../testing/session-setup.ts';
import { startTcpRelay } from '../testing/tcp-relay.ts';
import type { TcpRelay } from '../testing/tcp-relay.ts';

/** Both real sides of the link over a line that can be cut. Only the engine behind the node and the client are played. */
let gateway: LoopbackFleet;
let relay: TcpRelay;
let agent: ScriptedAgent;
let client: LinkClient;

beforeEach(async () => {
  gateway = await startLoopbackFleet({ config: { connectsPerMinuteMax: 1_000 } });
  relay = await startTcpRelay(gateway.port);
  agent = createScriptedAgent();
  client = startLinkClient({
    gatewayUrl: `http://127.0.0.1:${relay.port}`,
    token: TOKEN,
    instanceId: 'one',
    agentVersion: '0.1.0',
    agent,
    random: () => 0,
  });
  await until(() => free() === 2);
});

afterEach(async () => {
  client.close();
  await relay.close();
  await gateway.close();
  expect(gateway.log.lines.filter((line) => /^(error|warn)/.test(line))).toEqual([]);
});

const free = (): number => gateway.fleet.availability('main', 'small').freeSlots;
const text = (value: string): StreamPart => ({ type: 'text-delta', text: value });
const FINISH: StreamPart = { type: 'finish', reason: 'stop' };
const nextTick = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

type Started = ScriptedJob & { stream: NonNullable<ScriptedJob['stream']> };

async function startJob(prompt = 'hi'): Promise<{
  sink: ReturnType<typeof createRecordingSink>;
  attempt: { cancel(): void };
  job: () => Promise<Started>;
}> {
  await until(() => free() > 0);
  const slot = gateway.fleet.acquire(wantOf());
  if (typeof slot === 'string') throw new Error(`no slot: ${slot}`);
  const sink = createRecordingSink();
  const index = agent.jobs.length;
  const attempt = slot.start(attemptRequestOf(prompt), sink);
  const job = async (): Promise<Started> => {
    await until(() => agent.jobs[index]?.stream !== undefined);
    return agent.jobs[index] as Started;
  };
  return { sink, attempt, job };
}

test('wherever the line is cut, and however often, each part comes once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 600, max: 30_000 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 120 }),
      fc.integer({ min: 0, max: 400_000 }),
      fc.integer({ min: 0, max: 12 }),
      async (cuts, lengths, promptChars, ticks) => {
        relay.cuts = [...cuts];
        const { sink, job } = await startJob('q'.repeat(promptChars));
        // The line that stands was joined without a cut; the ones after it have theirs.
        for (let at = 1; at < ticks; at += 1) await nextTick();
        if (ticks > 0) relay.cut();
        const { stream, chat } = await job();
        expect(chat).toEqual(attemptRequestOf('q'.repeat(promptChars)).chat);
        const parts = lengths.map((length, at) => text(`${at}:${'x'.repeat(length)};`));
        for (const part of parts) {
          stream.parts([part]);
          await nextTick();
        }
        stream.parts([FINISH]);
        stream.end();
        await sink.done;
        expect(sink.fault).toBeUndefined();
        expect(sink.parts).toEqual([...parts, FINISH]);
        relay.cuts = [];
        await until(() => free() === 2);
      },
    ),
    { numRuns: 40 },
  );
  expect(agent.jobs.every((job) => !job.isCancelled)).toBe(true);
  expect(gateway.log.lines.filter((line) => line.includes('node_resumed')).length).toBeGreaterThan(40);
  // Lines that were cut in their handshake are closed, too; sessions have an id.
  expect(gateway.log.lines.filter((line) => /node_closed.*sessionId/.test(line))).toEqual([]);
});

test('without a line the engine works on into 1 MiB, pauses there, and goes on when all has left', async () => {
  const { sink, job } = await startJob();
  const started = await job();
  const { stream } = started;
  stream.parts([text('first')]);
  await until(() => sink.parts.length === 1);
  relay.isOpen = false;
  relay.cut();
  await until(() => gateway.fleet.nodes()[0]?.state === 'reconnecting');
  const chunk = 'x'.repeat(8_000);
  let made = 0;
  while (!started.isPaused && made < 1_000) {
    stream.parts([text(chunk)]);
    made += 1;
    await nextTick();
  }
  expect(made * chunk.length).toBeGreaterThan(LINK_LIMITS.unackedMaxBytes - 3 * chunk.length - made * 64);
  expect(made * chunk.length).toBeLessThan(LINK_LIMITS.unackedMaxBytes + chunk.length);
  relay.isOpen = true;
  await until(() => !started.isPaused);
  stream.parts([FINISH]);
  stream.end();
  await sink.done;
  expect(sink.text()).toBe(`first${chunk.repeat(made)}`);
});

test('an answer that ended while the line was down arrives, and the slot is free then', async () => {
  const { sink, job } = await startJob();
  const { stream } = await job();
  stream.parts([text('a')]);
  await until(() => sink.parts.length === 1);
  relay.isOpen = false;
  relay.cut();
  stream.parts([text('b'), FINISH]);
  stream.end();
  await until(() => gateway.fleet.nodes()[0]?.state === 'reconnecting');
  relay.isOpen = true;
  await sink.done;
  expect(sink.text()).toBe('ab');
  expect(free()).toBe(2);
});

test('a client that leaves while the line is down stops the engine as soon as it is back', async () => {
  const { sink, attempt, job } = await startJob();
  const started = await job();
  started.stream.parts([text('a')]);
  await until(() => sink.parts.length === 1);
  relay.isOpen = false;
  relay.cut();
  await until(() => gateway.fleet.nodes()[0]?.state === 'reconnecting');
  attempt.cancel();
  expect(started.isCancelled).toBe(false);
  relay.isOpen = true;
  await until(() => started.isCancelled && free() === 2);
});

test('a node that drains comes back for the jobs that it still has, and leaves after them', async () => {
  const { sink, job } = await startJob();
  const { stream } = await job();
  stream.parts([text('a')]);
  await until(() => sink.parts.length === 1);
  const drained = client.drain(60_000);
  relay.cut();
  await until(() => relay.connections === 2 && gateway.fleet.nodes()[0]?.state === 'draining');
  expect(gateway.fleet.acquire(wantOf())).toBe('none');
  stream.parts([text('b'), FINISH]);
  stream.end();
  await drained;
  await sink.done;
  expect(sink.text()).toBe('ab');
  await until(() => gateway.fleet.nodes().length === 0);
});

test('a gateway that has forgotten the session gets its node back without the old jobs', async () => {
  const { sink, job } = await startJob();
  const started = await job();
  started.stream.parts([text('a')]);
  await until(() => sink.parts.length === 1);
  relay.isOpen = false;
  relay.cut();
  await until(() => gateway.fleet.nodes()[0]?.state === 'reconnecting');
  gateway.fleet.disconnect('node_1', 'suspended');
  expect(sink.fault?.cause).toBe('node-lost');
  relay.isOpen = true;
  await until(() => free() === 2);
  expect(started.isCancelled).toBe(true);
});
