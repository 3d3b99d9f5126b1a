import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeNode, type FakeNode } from '../packages/gateway/src/testing/fake-node.ts';
import { FAKE_CONFIG } from './support/configs.ts';
import { addNodes, metricOf, nodesOf, postChat, residentMib } from './support/fakes.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** Much at once over the node link of a real gateway: one client that reads nothing, a thousand nodes that do nothing. */

const MIB = 1024 * 1024;
let gateway: Gateway;
let key: string;
const nodes: FakeNode[] = [];

beforeAll(async () => {
  gateway = await startGateway({ config: FAKE_CONFIG });
  ({ key } = await gateway.customer('1000'));
});
afterAll(async () => {
  for (const node of nodes) node.close();
  await cleanUp();
});

const LIVE_PIECES = 150;
const FLOOD_BYTES = 24 * MIB;
const FLOOD_PIECE = 'flood '.repeat(680);

/** Each piece says when it was made. */
function* livePieces(): Iterable<string> {
  for (let at = 0; at < LIVE_PIECES; at += 1) yield `${at}@${performance.now()} `;
}

let floodBytes = 0;

function* floodPieces(): Iterable<string> {
  for (; floodBytes < FLOOD_BYTES; floodBytes += FLOOD_PIECE.length) yield FLOOD_PIECE;
}

type Live = { numbers: number[]; lateMs: number[]; isWhole: boolean };

/** Reads one stream, and how late each piece came. */
async function readLive(): Promise<Live> {
  const reply = await postChat(gateway, key, 'live', { stream: true });
  const decoder = new TextDecoder();
  const live: Live = { numbers: [], lateMs: [], isWhole: false };
  let rest = '';
  for await (const bytes of reply.body ?? []) {
    const nowMs = performance.now();
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'data: [DONE]') live.isWhole = true;
      for (const [, number, madeMs] of line.matchAll(/(\d+)@([\d.]+) /g)) {
        live.numbers.push(Number(number));
        live.lateMs.push(nowMs - Number(madeMs));
      }
    }
  }
  return live;
}

/** Twenty live streams at once. Resolves with the 99th percentile of how late their pieces came, ms. */
async function runLive(): Promise<number> {
  const all = await Promise.all(Array.from({ length: 20 }, readLive));
  for (const { numbers, isWhole } of all) {
    expect(isWhole).toBe(true);
    expect(numbers).toEqual(Array.from({ length: LIVE_PIECES }, (_, at) => at));
  }
  const sorted = all.flatMap(({ lateMs }) => lateMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
}

/** A client that asks for a stream and does not read yet. */
function ask(prompt: string): Socket {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.pause();
  const body = JSON.stringify({
    model: 'echo',
    stream: true,
    messages: [{ role: 'user', content: prompt }],
  });
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

it('a client that reads nothing holds back its own node stream only, and a bounded part of it', async () => {
  const [token = ''] = await addNodes(gateway, 'fakes', 1);
  const node = startFakeNode({
    gatewayUrl: `http://127.0.0.1:${gateway.port}`,
    token,
    answer: (prompt) => {
      if (prompt !== 'flood') return { pieces: livePieces(), everyMs: 20 };
      return { pieces: floodPieces(), everyMs: 0 };
    },
  });
  nodes.push(node);
  await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online')).toBe(1);

  await runLive();
  const aloneP99 = await runLive();
  const aloneMib = residentMib(gateway);
  const stalled = ask('flood');
  await expect.poll(() => floodBytes, { timeout: 10_000 }).toBeGreaterThan(0);
  const besideP99 = await runLive();
  const heldBytes = floodBytes;
  const besideMib = residentMib(gateway);
  await wait(500);
  console.log(
    `p99 of 20 live streams: ${aloneP99.toFixed(1)} ms alone, ${besideP99.toFixed(1)} ms beside a stalled client ` +
      `(${(besideP99 - aloneP99).toFixed(1)} ms added)`,
  );
  console.log(
    `the stalled answer stopped after ${(heldBytes / MIB).toFixed(1)} MiB; ` +
      `the gateway grew by ${(besideMib - aloneMib).toFixed(0)} MiB to ${besideMib.toFixed(0)}`,
  );
  // It stands still, far from its end: what was made is in the kernel's buffers of the client's connection, and in windows.
  expect(floodBytes).toBe(heldBytes);
  expect(heldBytes).toBeLessThan(16 * MIB);
  stalled.resetAndDestroy();
  await expect.poll(() => metricOf(gateway, 'switchyard_running_requests')).toBe(0);
  node.close();
});

it('a client that reads late hears the error of an answer that broke, with all that came before it', async () => {
  const [token = ''] = await addNodes(gateway, 'fakes', 1);
  const node = startFakeNode({
    gatewayUrl: `http://127.0.0.1:${gateway.port}`,
    token,
    answer: () => ({ pieces: livePieces(), everyMs: 1, failsAfter: 100 }),
  });
  nodes.push(node);
  await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online')).toBe(1);
  const socket = ask('breaks off');
  await expect.poll(() => metricOf(gateway, 'switchyard_failed_attempts_total')).toBe(1);
  await wait(500);
  let heard = '';
  for await (const bytes of socket) heard += String(bytes);
  expect(heard).toContain('"content":"0@');
  expect(heard).toMatch(/99@[^]*"code":"answer_interrupted"/);
  node.close();
});

it('a thousand idle nodes are online at once, and a job reaches one of them', async () => {
  await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online')).toBe(0);
  const beforeMib = residentMib(gateway);
  const tokens = await addNodes(gateway, 'fakes', 1_000);
  const gatewayUrl = `http://127.0.0.1:${gateway.port}`;
  const startedMs = performance.now();
  const idle: FakeNode[] = [];
  for (const token of tokens) {
    const answer = (prompt: string) => ({ pieces: ['You said: ', prompt], everyMs: 0 });
    idle.push(startFakeNode({ gatewayUrl, token, slots: 1, answer }));
  }
  nodes.push(...idle);
  await expect.poll(() => metricOf(gateway, 'switchyard_nodes_online'), { timeout: 60_000 }).toBe(1_000);
  const tookMs = performance.now() - startedMs;
  await expect
    .poll(async () => (await nodesOf(gateway)).filter(({ state }) => state === 'ready').length)
    .toBe(1_000);
  console.log(
    `1 000 nodes online after ${tookMs.toFixed(0)} ms; the gateway holds ${residentMib(gateway).toFixed(0)} MiB, ` +
      `${beforeMib.toFixed(0)} without them`,
  );
  const reply = await postChat(gateway, key, 'hello');
  const { choices } = (await reply.json()) as { choices: { message: { content: string } }[] };
  expect(choices[0]?.message.content).toBe('You said: hello');
  expect(idle.filter(({ offers }) => offers === 1).length).toBe(1);
});
