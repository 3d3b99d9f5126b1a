import { afterEach, expect, test } from 'vitest';
import { startLinkClient } from '@switchyard/connector/link/link-client.ts';
import type { LinkClient } from '@switchyard/connector/link/types.ts';
import { systemTimers } from '@switchyard/connector/timers.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { startLoopbackFleet, TOKEN, until } from '../testing/loopback-fleet.ts';
import type { LoopbackFleet, LoopbackOptions } from '../testing/loopback-fleet.ts';
import { attemptRequestOf, createRecordingSink } from '../testing/recording-sink.ts';
import { createScriptedAgent } from '../testing/scripted-agent.ts';
import type { ScriptedAgent, ScriptedJob } from '../testing/scripted-agent.ts';
import { IDENTITY, wantOf } from '../testing/session-setup.ts';

/** Both real sides of the link over a real socket. Only the engine behind the node and the client are played. */
const gateways: LoopbackFleet[] = [];
const clients: LinkClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const gateway of gateways.splice(0)) {
    await gateway.close();
    expect(gateway.log.lines.filter((line) => /^(error|warn)/.test(line))).toEqual([]);
  }
});

async function startGateway(options?: LoopbackOptions): Promise<LoopbackFleet> {
  const gateway = await startLoopbackFleet(options);
  gateways.push(gateway);
  return gateway;
}

function startNode(
  gatewayUrl: string,
  token = TOKEN,
  timers = systemTimers,
): { agent: ScriptedAgent; client: LinkClient } {
  const agent = createScriptedAgent();
  const client = startLinkClient({
    gatewayUrl,
    token,
    instanceId: 'one',
    agentVersion: '0.1.0',
    agent,
    random: () => 0,
    timers,
  });
  clients.push(client);
  return { agent, client };
}

async function startPair(): Promise<{ gateway: LoopbackFleet; agent: ScriptedAgent; client: LinkClient }> {
  const gateway = await startGateway();
  const node = startNode(gateway.url);
  await until(() => free(gateway) === 2);
  return { gateway, ...node };
}

const free = (gateway: LoopbackFleet): number => gateway.fleet.availability('main', 'small').freeSlots;

function startJob(gateway: LoopbackFleet, text = 'hi') {
  const slot = gateway.fleet.acquire(wantOf());
  if (typeof slot === 'string') throw new Error(`no slot: ${slot}`);
  const sink = createRecordingSink();
  return { sink, attempt: slot.start(attemptRequestOf(text), sink) };
}

async function startedJob(
  agent: ScriptedAgent,
  index = 0,
): Promise<ScriptedJob & { stream: NonNullable<ScriptedJob['stream']> }> {
  await until(() => agent.jobs[index]?.stream !== undefined);
  const job = agent.jobs[index];
  if (job?.stream === undefined) throw new Error('not started');
  return job as ScriptedJob & { stream: NonNullable<ScriptedJob['stream']> };
}

const text = (value: string): StreamPart => ({ type: 'text-delta', text: value });
const FINISH: StreamPart = { type: 'finish', reason: 'stop' };

test('a request of several MiB goes out, a long answer comes back, byte for byte', async () => {
  const { gateway, agent } = await startPair();
  const prompt = 'Frage 😀 '.repeat(300_000);
  const { sink } = startJob(gateway, prompt);
  const job = await startedJob(agent);
  expect(job.chat).toEqual(attemptRequestOf(prompt).chat);
  expect(job.offer).toMatchObject({ model: 'small', estimatedInputTokens: 10 });
  job.stream.alive();
  await until(() => sink.alive === 1);
  const answer = 'Antwort 😀 "\u0001" '.repeat(20_000);
  job.stream.parts([
    { type: 'reasoning-delta', text: 'hm' },
    text(''),
    text(answer),
    { type: 'tool-call-start', index: 0, id: 'call_1', name: 'find' },
    { type: 'tool-call-delta', index: 0, argumentsText: '{"q":1}' },
    { type: 'finish', reason: 'tool-calls' },
  ]);
  job.stream.end();
  await sink.done;
  expect(sink.text()).toBe(answer);
  expect(sink.parts.filter((part) => part.type !== 'text-delta').map((part) => part.type)).toEqual([
    'reasoning-delta',
    'tool-call-start',
    'tool-call-delta',
    'finish',
  ]);
  expect(sink.ended).toBe(true);
  expect(free(gateway)).toBe(2);
});

test('parts of one tick come as one push', async () => {
  const { gateway, agent } = await startPair();
  const { sink } = startJob(gateway);
  const { stream } = await startedJob(agent);
  for (let at = 0; at < 50; at += 1) stream.parts([text('x')]);
  stream.parts([FINISH]);
  stream.end();
  await sink.done;
  expect(sink.pushes).toEqual([51]);
});

test('reject and fail become faults and free the slot', async () => {
  const { gateway, agent } = await startPair();
  agent.reject = { reject: 'local_use' };
  const rejected = startJob(gateway);
  await rejected.sink.done;
  expect(rejected.sink.fault).toMatchObject({ cause: 'reject-local-use', blame: 'target' });
  agent.reject = undefined;
  const failing = startJob(gateway);
  const { stream } = await startedJob(agent);
  stream.parts([text('some')]);
  stream.fail({ code: 'context_length_exceeded', message: 'too long' });
  stream.parts([text('late')]);
  await failing.sink.done;
  expect(failing.sink.text()).toBe('some');
  expect(failing.sink.fault).toMatchObject({ code: 'context_length_exceeded', blame: 'request' });
  expect(free(gateway)).toBe(2);
});

test('a cancel reaches the agent; the slot is free when the engine has stopped, not before', async () => {
  const { gateway, agent } = await startPair();
  agent.holdsCancels = true;
  const { sink, attempt } = startJob(gateway);
  const job = await startedJob(agent);
  job.stream.parts([text('a')]);
  await until(() => sink.text() === 'a');
  attempt.cancel();
  await until(() => job.isCancelled);
  job.stream.parts([text('late')]);
  const other = startJob(gateway);
  (await startedJob(agent, 1)).stream.parts([text('b')]);
  await until(() => other.sink.text() === 'b');
  expect(free(gateway)).toBe(0);
  job.releaseCancel();
  await until(() => free(gateway) === 1);
  expect(sink.text()).toBe('a');
});

test('a cancel before the request is whole abandons the job', async () => {
  const { gateway, agent } = await startPair();
  const { attempt } = startJob(gateway, 'x'.repeat(5_000_000));
  await until(() => agent.jobs.length === 1);
  attempt.cancel();
  await until(() => free(gateway) === 2);
  expect(agent.jobs[0]).toMatchObject({ isAbandoned: true, chat: undefined });
});

test.each([0, 1])('a node that is lost after %d parts fails the attempt as lost', async (partCount) => {
  const { gateway, agent, client } = await startPair();
  const { sink } = startJob(gateway);
  const job = await startedJob(agent);
  if (partCount > 0) {
    job.stream.parts([text('a')]);
    await until(() => sink.text() === 'a');
  }
  client.close();
  await sink.done;
  expect(sink.fault).toEqual({ code: 'upstream_failed', blame: 'target', cause: 'node-lost' });
  expect(job.isCancelled).toBe(true);
  expect(gateway.fleet.nodes()).toEqual([]);
  expect(gateway.fleet.acquire(wantOf())).toBe('none');
});

test('one stalled client pauses its engine within bounds while another stream flows on the same link', async () => {
  const { gateway, agent } = await startPair();
  const stalled = startJob(gateway);
  const live = startJob(gateway);
  const stalledJob = await startedJob(agent, 0);
  const liveJob = await startedJob(agent, 1);
  stalled.attempt.pause();
  const chunk = 'x'.repeat(8_000);
  const nextTick = (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });
  let made = 0;
  for (let at = 0; at < 1_000; at += 1) {
    if (!stalledJob.isPaused) {
      stalledJob.stream.parts([text(chunk)]);
      made += 1;
    }
    liveJob.stream.parts([text(chunk)]);
    await nextTick();
    while (liveJob.isPaused) await nextTick();
  }
  liveJob.stream.parts([FINISH]);
  liveJob.stream.end();
  await live.sink.done;
  expect(live.sink.text().length).toBe(8_000_000);
  // Window and the node's own queue: a stalled reader costs no more than these.
  expect(stalledJob.isPaused).toBe(true);
  expect(made * 8_000).toBeLessThan(256 * 1024 + 128 * 1024 + 16_000);
  expect(stalled.sink.text().length).toBeLessThanOrEqual(256 * 1024);

  stalled.attempt.resume();
  await until(() => !stalledJob.isPaused);
  stalledJob.stream.parts([FINISH]);
  stalledJob.stream.end();
  await stalled.sink.done;
  expect(stalled.sink.text().length).toBe(made * 8_000);
  expect(stalled.sink.ended).toBe(true);
});

test('a cancel of an answer that waits for credit after its end is answered', async () => {
  const { gateway, agent } = await startPair();
  const { attempt } = startJob(gateway);
  const { stream } = await startedJob(agent);
  attempt.pause();
  stream.parts([text('x'.repeat(600_000)), FINISH]);
  stream.end();
  expect(free(gateway)).toBe(1);
  // Another job there and back: the first one's end would have come by now, had it had credit.
  agent.reject = { reject: 'busy' };
  await startJob(gateway).sink.done;
  expect(free(gateway)).toBe(1);
  attempt.cancel();
  await until(() => free(gateway) === 2);
});

test.each<[string, StreamPart[]]>([
  ['a part after finish', [FINISH, text('x')]],
  ['a gap between tool calls', [{ type: 'tool-call-start', index: 1, id: 'a', name: 'b' }]],
  ['no finish', [text('x')]],
])('an engine that gives %s fails its own job and no other', async (_name, parts) => {
  const { gateway, agent } = await startPair();
  const wrong = startJob(gateway);
  const right = startJob(gateway);
  const wrongJob = await startedJob(agent, 0);
  const rightJob = await startedJob(agent, 1);
  wrongJob.stream.parts(parts);
  wrongJob.stream.end();
  await wrong.sink.done;
  expect(wrong.sink.fault?.cause).toBe('fail-engine');
  rightJob.stream.parts([text('fine'), FINISH]);
  rightJob.stream.end();
  await right.sink.done;
  expect(right.sink.ended).toBe(true);
});

test('an engine that ends, fails or goes wrong from inside start is heard, and stopped where it runs on', async () => {
  const { gateway, agent } = await startPair();
  agent.onStart = (_job, stream) => stream.parts([FINISH, text('wrong')]);
  const wrong = startJob(gateway);
  await wrong.sink.done;
  expect(wrong.sink.fault?.cause).toBe('fail-engine');
  expect(agent.jobs[0]?.isCancelled).toBe(true);
  agent.onStart = (_job, stream) => {
    stream.parts([text('x'.repeat(600_000))]);
  };
  const early = startJob(gateway);
  const job = await startedJob(agent, 1);
  expect(job.pauses).toBe(1);
  await until(() => !job.isPaused);
  agent.onStart = (_job, stream) => stream.fail({ code: 'overloaded', message: 'full' });
  const full = startJob(gateway);
  await full.sink.done;
  expect(full.sink.fault?.cause).toBe('fail-overloaded');
  job.stream.parts([FINISH]);
  job.stream.end();
  await early.sink.done;
  expect(early.sink.text().length).toBe(600_000);
});

test('changed capabilities reach the gateway', async () => {
  const { gateway, agent, client } = await startPair();
  agent.report = { ...agent.report, slots: { text: 1 } };
  client.capabilitiesChanged();
  await until(() => free(gateway) === 1);
  expect(gateway.fleet.nodes()[0]?.state).toBe('ready');
});

test('a second connector with the same token takes over; the first one waits long and says why', async () => {
  const { gateway, agent } = await startPair();
  const { sink } = startJob(gateway);
  const job = await startedJob(agent);
  const second = startNode(gateway.url);
  await sink.done;
  expect(sink.fault?.cause).toBe('node-lost');
  await until(() => agent.states.at(-1)?.state === 'waiting');
  expect(agent.states.at(-1)).toEqual({
    state: 'waiting',
    retryInMs: 60_000,
    reason: 'Another connector runs with the same token.',
  });
  expect(job.isCancelled).toBe(true);
  await until(() => free(gateway) === 2);
  expect(second.agent.states.at(-1)?.state).toBe('online');
});

test.each([
  ['nk_wrong', 'stopped', /token/],
  ['nk_bad', 'waiting', /suspended/],
])('with the token %s the client is %s and says why', async (token, state, reason) => {
  const gateway = await startGateway({ identities: { [TOKEN]: IDENTITY, nk_bad: 'suspended' } });
  const { agent } = startNode(gateway.url, token);
  await until(() => agent.states.at(-1)?.state === state);
  expect(agent.states).toMatchObject([
    { state: 'connecting', attempt: 1 },
    { state, reason: expect.stringMatching(reason) },
  ]);
  expect(gateway.refused).toHaveLength(1);
});

test('a revoked token stops a running client', async () => {
  const { gateway, agent } = await startPair();
  gateway.fleet.disconnect('node_1', 'revoked');
  await until(() => agent.states.at(-1)?.state === 'stopped');
});

test('the owner of a connected node hears why it gets fewer jobs', async () => {
  const { gateway, agent } = await startPair();
  expect(agent.notices).toEqual([]);
  gateway.fleet.tell('node_1', { reduced: 'Too many of its answers looked wrong.' });
  gateway.fleet.tell('node_2', { reduced: 'not this one' });
  await until(() => agent.notices.length > 0);
  expect(agent.notices).toEqual([{ reduced: 'Too many of its answers looked wrong.' }]);
});

test('a ban ends a running client at once, and its owner reads why', async () => {
  const { gateway, agent } = await startPair();
  const because = 'It failed test jobs that the model can do. It ends at noon. Object at: nodes@example.org';
  gateway.fleet.disconnect('node_1', 'suspended', `${because}\u202e\u9fff`);
  await until(() => agent.states.at(-1)?.state === 'waiting');
  expect(agent.states.at(-1)).toMatchObject({
    retryInMs: 60_000,
    reason: expect.stringContaining(`It says: ${because} `),
  });
});

test('after a restart of the gateway the node comes back and works', async () => {
  const { gateway, agent } = await startPair();
  const first = startJob(gateway);
  await startedJob(agent);
  gateways.splice(0);
  await gateway.close();
  expect(first.sink.fault?.cause).toBe('node-lost');
  await until(() => agent.jobs[0]?.isCancelled === true);
  const restarted = await startGateway({ port: gateway.port });
  await until(() => free(restarted) === 2);
  const { sink } = startJob(restarted);
  const { stream } = await startedJob(agent, 1);
  stream.parts([text('back'), FINISH]);
  stream.end();
  await sink.done;
  expect(sink.text()).toBe('back');
  expect(agent.states.filter((state) => state.state === 'online')).toHaveLength(2);
});

test('a draining gateway sends an idle node away with its time to come back', async () => {
  const { gateway, agent } = await startPair();
  gateway.fleet.drain({ retryAfterMs: 123_000, graceMs: 30_000 });
  await until(() => agent.states.at(-1)?.state === 'waiting');
  expect(agent.states.at(-1)).toEqual({
    state: 'waiting',
    retryInMs: 123_000,
    reason: 'The gateway restarts.',
  });
});

test('a drained node ends its job, is refused, and comes back by itself when it is resumed', async () => {
  const gateway = await startGateway();
  // A minute of waiting is 60 ms.
  const timers = {
    ...systemTimers,
    after: (ms: number, task: () => void) => systemTimers.after(ms / 1_000, task),
  };
  const { agent } = startNode(gateway.url, TOKEN, timers);
  await until(() => free(gateway) === 2);
  const { sink } = startJob(gateway);
  const { stream } = await startedJob(agent);
  gateway.identities.set(TOKEN, 'suspended');
  gateway.fleet.drainNode('node_1', { retryAfterMs: 0, graceMs: 3_600_000 });
  expect(gateway.fleet.acquire(wantOf())).toBe('none');
  stream.parts([text('last'), FINISH]);
  stream.end();
  await sink.done;
  expect(sink.text()).toBe('last');
  // It may be at its next try by now: that it has waited is what counts.
  const waited = () => agent.states.find((state) => state.state === 'waiting' && state.retryInMs === 60_000);
  await until(() => gateway.refused.length >= 2 && waited() !== undefined);
  expect(waited()).toMatchObject({ reason: expect.stringContaining('drained or suspended') });
  gateway.identities.set(TOKEN, IDENTITY);
  await until(() => free(gateway) === 2);
  expect(agent.states.at(-1)).toMatchObject({ state: 'online' });
});

test('a draining node takes nothing new, ends its job, and leaves', async () => {
  const { gateway, agent, client } = await startPair();
  const { sink } = startJob(gateway);
  const { stream } = await startedJob(agent);
  let isDrained = false;
  const drained = client.drain(60_000).then(() => {
    isDrained = true;
  });
  await until(() => gateway.fleet.nodes()[0]?.state === 'draining');
  expect(gateway.fleet.acquire(wantOf())).toBe('none');
  expect(isDrained).toBe(false);
  stream.parts([text('x'.repeat(600_000)), FINISH]);
  stream.end();
  await sink.done;
  expect(sink.text().length).toBe(600_000);
  await drained;
  await until(() => gateway.fleet.nodes().length === 0);
});

test('a node whose grace is over fails its jobs instead of leaving them', async () => {
  const { gateway, agent, client } = await startPair();
  const { sink } = startJob(gateway);
  const job = await startedJob(agent);
  await client.drain(1);
  await sink.done;
  expect(sink.fault).toMatchObject({ cause: 'fail-overloaded', blame: 'target' });
  expect(job.isCancelled).toBe(true);
});

test('a private node serves its own account and nobody else', async () => {
  const gateway = await startGateway({ identities: { [TOKEN]: { ...IDENTITY, kind: 'private' } } });
  startNode(gateway.url);
  await until(() => gateway.fleet.availability('main', 'small', IDENTITY).freeSlots === 2);
  expect(free(gateway)).toBe(0);
  expect(gateway.fleet.acquire(wantOf())).toBe('none');
  const slot = gateway.fleet.acquire(wantOf({ accountId: IDENTITY.accountId }));
  if (typeof slot === 'string') throw new Error(`no slot: ${slot}`);
  slot.release();
});
