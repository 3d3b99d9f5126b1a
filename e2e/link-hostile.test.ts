import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECORD_TYPES, encodeMessage } from '../packages/protocol/src/link/frame.ts';
import { LINK_LIMITS } from '../packages/protocol/src/link/limits.ts';
import { startFakeNode, type FakeNode } from '../packages/gateway/src/testing/fake-node.ts';
import { openRawLink, type RawLink } from '../packages/gateway/src/testing/raw-link.ts';
import { jsonBody, modelOf } from '../packages/gateway/src/testing/raw-node.ts';
import { FAKE_CONFIG } from './support/configs.ts';
import { addNodes, metricOf, nodesOf, postChat, residentMib } from './support/fakes.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** Nodes that break the protocol, or fail each job, at a real gateway over real sockets; an honest node is there, too. */

const MARKER = 'zq7hostile';
let gateway: Gateway;
let key: string;
let honest: FakeNode;

beforeAll(async () => {
  gateway = await startGateway({ config: FAKE_CONFIG });
  ({ key } = await gateway.customer('1000'));
  const [token = ''] = await addNodes(gateway, 'fakes', 1);
  honest = startFakeNode({
    gatewayUrl: `http://127.0.0.1:${gateway.port}`,
    token,
    // Slow by its own word, so that a job goes to the other node when it is there.
    model: { speed: { promptTokensPerSecond: 100, outputTokensPerSecond: 10 } },
    answer: (prompt) => ({ pieces: ['You said: ', prompt], everyMs: 0 }),
  });
});
afterAll(async () => {
  honest.close();
  await cleanUp();
});

const T = RECORD_TYPES;
const FAST = { promptTokensPerSecond: 1_000, outputTokensPerSecond: 1_000 };
const bytesOf = (...bytes: number[]) => new Uint8Array(bytes);

/** A new node's link; it is fast by its own word. */
async function openNode(onMessage?: () => void): Promise<RawLink> {
  const [token = ''] = await addNodes(gateway, 'fakes', 1);
  const link = await openRawLink(gateway.port, token, onMessage);
  link.node.hello();
  const fast = modelOf({ slots: 8, speed: FAST });
  link.node.capabilities({ engine: { kind: 'x', version: '1' }, slots: { text: 8 }, models: [fast] });
  return link;
}

type Breach = [what: string, code: number, commit: (link: RawLink) => void];

/** A node that was never welcomed, or has no job. */
const BREACHES: Breach[] = [
  ['no message at all', 4400, ({ sendBytes }) => sendBytes(new Uint8Array(0))],
  ['random bytes', 4400, ({ sendBytes }) => sendBytes(bytesOf(9, 8, 7, 6, 5, 4, 3, 2, 1, 0))],
  [
    'half a record',
    4400,
    ({ sendBytes, node }) =>
      sendBytes(encodeMessage([node.record(T.ping, 0, new Uint8Array(8))]).slice(0, 20)),
  ],
  [
    'another version',
    4400,
    ({ sendBytes, node }) => sendBytes(encodeMessage([node.record(T.status, 0)]).fill(7, 0, 1)),
  ],
  [
    'a record that says it is longer',
    4400,
    ({ sendBytes, node }) => sendBytes(encodeMessage([node.record(T.status, 0)]).fill(255, 12, 16)),
  ],
  [
    'a message over 64 KiB',
    4413,
    ({ sendBytes }) => sendBytes(new Uint8Array(LINK_LIMITS.messageMaxBytes + 1)),
  ],
  [
    'a message over the hard bound',
    1009,
    ({ sendBytes }) => sendBytes(new Uint8Array(LINK_LIMITS.socketMessageMaxBytes + 1)),
  ],
  ['a second hello', 4400, ({ node }) => node.hello({ instanceId: MARKER })],
  [
    'a number that was skipped',
    4400,
    ({ node }) => node.send(node.record(T.status, 0, jsonBody({}), { seq: 9 })),
  ],
  [
    'a number that came before',
    4400,
    ({ node }) => node.send(node.record(T.ping, 0, new Uint8Array(8), { seq: 1 })),
  ],
  ['an unknown type', 4400, ({ node }) => node.send(node.record(99, 0, jsonBody(MARKER)))],
  [
    'a type of the gateway',
    4400,
    ({ node }) => node.send(node.record(T.welcome, 0, jsonBody({ sessionId: MARKER }))),
  ],
  ['a job type on the connection', 4400, ({ node }) => node.send(node.record(T.accept, 0))],
  [
    'data of a job that never was',
    4400,
    ({ node }) => node.send(node.part(77, { type: 'text-delta', text: MARKER })),
  ],
  [
    'data of an even stream',
    4400,
    ({ node }) => node.send(node.part(2, { type: 'text-delta', text: MARKER })),
  ],
  ['a status that is none', 4400, ({ node }) => node.send(node.record(T.status, 0, jsonBody(MARKER)))],
  [
    'capabilities that are none',
    4400,
    ({ node }) => node.send(node.record(T.capabilities, 0, jsonBody({ models: MARKER }))),
  ],
  [
    'credit that was never spent',
    4400,
    ({ node }) => node.send(node.record(T.window, 0, bytesOf(0, 0, 1, 0))),
  ],
  [
    'a flood of pings',
    4429,
    ({ node }) => {
      for (let at = 0; at < 100; at += 1)
        node.send(...Array.from({ length: 30 }, () => node.record(T.ping, 0, new Uint8Array(8))));
    },
  ],
  [
    'a capability report without end',
    4413,
    ({ node }) => {
      for (let at = 0; at < 60; at += 1)
        node.send(node.record(T.capabilities, 0, new Uint8Array(60_000), { flags: 0 }));
    },
  ],
];

describe('a node that sends', () => {
  it.each(BREACHES)('%s is closed with %d', async (_what, code, commit) => {
    const link = await openNode();
    commit(link);
    expect(await link.closed).toBe(code);
  });
});

/** Breaches in the middle of a job that the node was given; the client must not see any of it. */
const JOB_BREACHES: Breach[] = [
  [
    'answers before it accepts',
    4400,
    ({ node }) => node.send(node.part(1, { type: 'text-delta', text: MARKER })),
  ],
  ['accepts twice', 4400, ({ node }) => node.send(node.record(T.accept, 1), node.record(T.accept, 1))],
  ['ends without an end', 4400, ({ node }) => node.send(node.record(T.accept, 1), node.record(T.finish, 1))],
  [
    'answers what is no part',
    4400,
    ({ node }) => node.send(node.record(T.accept, 1), node.record(T.data, 1, jsonBody({ type: MARKER }))),
  ],
  [
    'answers what is no JSON',
    4400,
    ({ node }) => node.send(node.record(T.accept, 1), node.record(T.data, 1, bytesOf(123, 34))),
  ],
  [
    'sends its first part twice',
    4400,
    ({ node }) => {
      const empty = node.part(1, { type: 'text-delta', text: '' });
      node.send(node.record(T.accept, 1, undefined, { seq: 1 }), { ...empty, seq: 2 }, { ...empty, seq: 2 });
    },
  ],
  [
    'begins a tool call in the middle',
    4400,
    ({ node }) =>
      node.send(
        node.record(T.accept, 1),
        node.part(1, { type: 'tool-call-delta', index: 3, argumentsText: MARKER }),
      ),
  ],
];

describe('a node that is given a job and', () => {
  it.each(JOB_BREACHES)(
    '%s is closed with %d, and the client gets the answer of another one',
    async (_what, code, commit) => {
      const state = { hasJob: false };
      const link = await openNode(() => {
        if (state.hasJob || link.node.got(T.offer).length === 0) return;
        state.hasJob = true;
        commit(link);
      });
      await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online')).toBe(2);
      const prompt = `hello ${MARKER}`;
      while (!state.hasJob) {
        const reply = await postChat(gateway, key, prompt);
        expect(reply.status).toBe(200);
        expect(await reply.text()).toContain(`"You said: ${prompt}"`);
      }
      expect(await link.closed).toBe(code);
    },
  );
});

it('nothing is left of a thousand of them: no session, no slot, no hold, no word in the log', async () => {
  const tokens = await addNodes(gateway, 'fakes', 100);
  const memory = [residentMib(gateway)];
  // One node may connect 30 times a minute.
  for (let round = 0; round < 20; round += 1) {
    const links = await Promise.all(tokens.slice(0, 50).map((token) => openRawLink(gateway.port, token)));
    for (const [at, link] of links.entries()) {
      link.node.hello();
      BREACHES[(at + round) % BREACHES.length]?.[2](link);
    }
    for (const link of links) expect(await link.closed).toBeGreaterThan(1_008);
    if (round % 10 === 9) memory.push(residentMib(gateway));
    if (round === 9) tokens.splice(0, 50);
  }
  console.log(
    `the gateway holds ${memory.map((mib) => mib.toFixed(0)).join(', ')} MiB after 0, 500 and 1 000 breaches`,
  );
  await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online')).toBe(1);
  expect((await nodesOf(gateway)).filter(({ session }) => session !== null)).toHaveLength(1);
  expect(await metricOf(gateway, 'switchyard_running_requests')).toBe(0);
  const balance = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  expect(await balance.json()).toMatchObject({ held: 0 });
  expect(gateway.child.output()).not.toContain(MARKER);
  expect(gateway.child.output()).not.toContain('node_session_failed');
  expect(await (await postChat(gateway, key, 'still there')).text()).toContain('"You said: still there"');
});

it('an engine that fails at once gets three jobs, and then one for each time that it is left out', async () => {
  const [failing = ''] = await addNodes(gateway, 'fakes', 1);
  const connectNode = () =>
    startFakeNode({
      gatewayUrl: `http://127.0.0.1:${gateway.port}`,
      token: failing,
      model: { speed: FAST },
      answer: () => 'fails-at-once',
    });
  let node = connectNode();
  await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online')).toBe(2);
  let asked = 0;
  const ask = async (): Promise<void> => {
    asked += 1;
    expect(await (await postChat(gateway, key, `n${asked}`)).text()).toContain(`"You said: n${asked}"`);
  };
  while (node.offers < 3) await ask();
  const openedMs = performance.now();
  let offers = 3;
  // A new connection is no clean slate.
  node.close();
  await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online')).toBe(1);
  node = connectNode();
  await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online')).toBe(2);
  // Its first time is 30 s, and the second twice that.
  while (performance.now() - openedMs < 34_000) {
    await ask();
    await wait(100);
    if (performance.now() - openedMs < 29_000) expect(node.offers).toBe(0);
    offers = 3 + node.offers;
  }
  expect(offers).toBe(4);
  console.log(
    `${asked} requests in ${Math.round((performance.now() - openedMs) / 1_000)} s, ${offers} of them tried at the failing node`,
  );
  node.close();
});
