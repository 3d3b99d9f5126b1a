import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom } from '../../packages/gateway/src/testing/simulation/random.ts';
import { metricOf, residentMib } from '../support/fakes.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { DEMO_MAX_TOKENS, runClient, type Exchange } from './clients.ts';
import { CHAOS_CONFIG, MARKER, PRICE_MICROS } from './config.ts';
import { startMachines, type Machine } from './machines.ts';
import { makeTrouble } from './troubles.ts';

export type ChaosOptions = { seed: number; seconds: number; connectors: number; clients: number };

export type ChaosReport = {
  exchanges: Exchange[];
  troubles: ReadonlyMap<string, number>;
  /** Tries that failed and that no client heard of, or that ended in an error. */
  failedTries: number;
  memoryMib: { before: number; after: number };
  /** Everything that must not be. Empty: the run is sound. */
  problems: string[];
};

const DEMO_PROMPTS = ['Hello!', 'Make a plan for my week.', 'What is 2 + 2?', 'Tell me a story.'];
/** All nodes are back so long after the last trouble: waits between tries to connect grow to 30 s. */
const BACK_MS = 60_000;
const REST_MS = 150_000;

/** Runs a gateway with its nodes and clients under troubles, and checks every answer and all of the money. */
export async function runChaos({ seed, seconds, connectors, clients }: ChaosOptions): Promise<ChaosReport> {
  const random = createRandom(seed);
  const gateway = await startGateway({ config: CHAOS_CONFIG });
  const { key } = await gateway.customer('1000000');
  const machines = await startMachines(gateway, connectors, Math.ceil(connectors / 7));
  await until(async () => (await metricOf(gateway, 'switchyard_nodes_online')) === connectors, BACK_MS);

  const exchanges: Exchange[] = [];
  const note = (done: Exchange): void => void exchanges.push(done);
  const demoAnswers = new Map<string, string>();
  for (const prompt of DEMO_PROMPTS) demoAnswers.set(prompt, await calmAnswer(gateway, key, prompt));

  const before = residentMib(gateway);
  const troubles = makeTrouble(machines, createRandom(seed + 1), 100);
  const endMs = performance.now() + seconds * 1_000;
  const isOver = (): boolean => performance.now() >= endMs;
  const options = { port: gateway.port, key, demoAnswers, isOver, note };
  const running = Array.from({ length: clients }, (_, at) =>
    runClient(`c${at}`, { ...options, random: createRandom(random.int(1, 1_000_000_000)) }),
  );
  await wait(seconds * 1_000);
  await troubles.end();
  await Promise.all(running);

  const problems = exchanges.flatMap(({ problem, question, requestId }) =>
    problem === undefined ? [] : [`${requestId} ${question.surface} ${question.model}: ${problem}`],
  );
  problems.push(...(await restProblems(gateway, connectors)));
  problems.push(...(await moneyProblems(gateway, key, exchanges)));
  const failedTries = await metricOf(gateway, 'switchyard_failed_attempts_total');
  const memoryMib = { before, after: residentMib(gateway) };
  problems.push(...(await endProblems(gateway, machines)));
  return { exchanges, troubles: troubles.counts, failedTries, memoryMib, problems };
}

async function calmAnswer(gateway: Gateway, key: string, prompt: string): Promise<string> {
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo',
      temperature: 0,
      max_tokens: DEMO_MAX_TOKENS,
      messages: [{ role: 'user', content: prompt }],
    }),
  });
  const { choices } = (await reply.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? '';
}

/** When all clients are done nothing may be left, and all nodes come back. */
async function restProblems(gateway: Gateway, connectors: number): Promise<string[]> {
  const problems: string[] = [];
  const isIdle = await until(
    async () => (await metricOf(gateway, 'switchyard_running_requests')) === 0,
    REST_MS,
  );
  if (!isIdle) problems.push('requests still run after their clients are done');
  const areBack = await until(
    async () => (await metricOf(gateway, 'switchyard_nodes_online')) === connectors,
    BACK_MS,
  );
  if (!areBack)
    problems.push(`${await metricOf(gateway, 'switchyard_nodes_online')} of ${connectors} nodes are back`);
  return problems;
}

/** Whole answers cost their price, failed ones nothing, nothing is held, and the sums are those of the receipts. */
async function moneyProblems(gateway: Gateway, key: string, exchanges: Exchange[]): Promise<string[]> {
  const problems: string[] = [];
  const get = async <Value>(path: string): Promise<Value> => {
    const reply = await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
    return (await reply.json()) as Value;
  };
  let charged = DEMO_PROMPTS.length * PRICE_MICROS;
  for (const { requestId, end } of exchanges) {
    if (requestId === '') continue;
    const receipt = await get<{ charged?: { micros: number } }>(`/requests/${requestId}`);
    const micros = receipt.charged?.micros ?? 0;
    charged += micros;
    if (end === 'whole' && micros !== PRICE_MICROS) problems.push(`${requestId}: whole, charged ${micros}`);
    if (end === 'error' && micros !== 0) problems.push(`${requestId}: failed, charged ${micros}`);
  }
  const { held, credits, total_spent, total_deposited } =
    await get<Record<'held' | 'credits' | 'total_spent' | 'total_deposited', number>>('/balance');
  if (held !== 0) problems.push(`${held} credits are held`);
  if (Math.abs(credits + total_spent - total_deposited) > 1e-6) problems.push('the balance does not add up');
  if (Math.abs(total_spent * 10_000 - charged) > 0.5)
    problems.push(`${total_spent * 10_000} µ$ were spent, the receipts say ${charged}`);
  return problems;
}

async function endProblems(gateway: Gateway, machines: readonly Machine[]): Promise<string[]> {
  const problems: string[] = [];
  await gateway.child.stop('SIGTERM');
  const report = (await gateway.cli('reconcile')) as { ok: boolean };
  if (!report.ok) problems.push(`reconcile: ${JSON.stringify(report)}`);
  const files = readdirSync(gateway.dataDir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(gateway.dataDir, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(MARKER));
  for (const path of files) problems.push(`${path} holds words of a prompt`);
  const written = [gateway.child, ...machines].map((program) => program.output()).join('\n');
  if (written.includes(MARKER)) problems.push('a log holds words of a prompt');
  for (const event of ['node_session_failed', 'capacity_listener_failed', 'uncaught'])
    if (gateway.child.output().includes(event)) problems.push(`the gateway's log has ${event}`);
  for (const machine of machines) {
    await machine.kill();
    for (const relay of machine.relays) await relay.close();
  }
  return problems;
}

/** Looks again and again. False: it did not become true in time. */
async function until(isTrue: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > endMs) return false;
    await wait(100);
  }
  return true;
}
