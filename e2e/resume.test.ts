import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTcpRelay, type TcpRelay } from '../packages/gateway/src/testing/tcp-relay.ts';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, type Child } from './support/processes.ts';

/** A node behind a line that can be cut, or that freezes, in the middle of an answer. */

let gateway: Gateway;
let relay: TcpRelay;
let node: Child;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  relay = await startTcpRelay(gateway.port);
  ({ key } = await gateway.customer('100'));
  node = await startDemoConnector({ ...gateway, port: relay.port }, (await gateway.node('demo')).token);
});
afterAll(async () => {
  await relay.close();
  await cleanUp();
});

type Answer = { id: string; text: string; isWhole: boolean; raw: string };

/** Asks for a stream and reads it to its end, however it ends. `onText` hears of each piece. */
async function ask(model: string, onText: (text: string) => void = () => undefined): Promise<Answer> {
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      stream: true,
      temperature: 0,
      messages: [{ role: 'user', content: 'Make a plan for my week.' }],
    }),
  });
  const decoder = new TextDecoder();
  let raw = '';
  try {
    for await (const bytes of reply.body ?? []) {
      raw += decoder.decode(bytes, { stream: true });
      onText(textOf(raw));
    }
  } catch {
    // The connection was cut behind an error.
  }
  const isWhole = raw.trimEnd().endsWith('data: [DONE]') && raw.includes('"finish_reason":"stop"');
  return { id: reply.headers.get('x-request-id') ?? '', text: textOf(raw), isWhole, raw };
}

/** The text of a stream so far. The last line may not be whole yet. */
function textOf(raw: string): string {
  const lines = raw.slice(0, raw.lastIndexOf('\n') + 1).split('\n');
  let text = '';
  for (const line of lines) {
    if (!line.startsWith('data: {')) continue;
    const chunk = JSON.parse(line.slice(6)) as { choices?: { delta?: { content?: string | null } }[] };
    text += chunk.choices?.[0]?.delta?.content ?? '';
  }
  return text;
}

type Usage = Record<'prompt_tokens' | 'input_tokens' | 'cache_read_tokens' | 'completion_tokens', number>;
type Receipt = { policy: string; charged: { micros: number }; usage: Usage };

async function get<T>(path: string): Promise<T> {
  const reply = await fetch(`${gateway.baseUrl}${path}`, { headers: { authorization: `Bearer ${key}` } });
  return (await reply.json()) as T;
}

const receipt = (id: string): Promise<Receipt> => get(`/requests/${id}`);
const spent = async (): Promise<number> => (await get<{ total_spent: number }>('/balance')).total_spent;

async function nodeStates(): Promise<string[]> {
  const { nodes } = (await gateway.cli('node', 'list')) as { nodes: { state: string }[] };
  return nodes.map(({ state }) => state);
}

it('a line that is cut for 5 s costs no byte and no second charge', async () => {
  const models = ['demo', 'demo-metered'];
  const uncut = await Promise.all(models.map((model) => ask(model)));
  const before = await spent();
  const begun = new Set<string>();
  let cutAt = 0;
  const lineCut = Promise.withResolvers<void>();
  const soFar = new Map<string, string>();
  const cut = Promise.all(
    models.map((model) =>
      ask(model, (text) => {
        if (text !== '') begun.add(model);
        if (cutAt === 0) soFar.set(model, text);
        if (begun.size < models.length || cutAt > 0) return;
        cutAt = performance.now();
        relay.isOpen = false;
        relay.cut();
        lineCut.resolve();
      }),
    ),
  );
  await lineCut.promise;
  expect(await nodeStates()).toEqual(['reconnecting']);
  await wait(5_000 - (performance.now() - cutAt));
  relay.isOpen = true;
  const answers = await cut;
  const tookMs = performance.now() - cutAt;
  for (const [at, answer] of answers.entries()) {
    const whole = uncut[at];
    const atCut = soFar.get(models[at] ?? '') ?? '';
    expect(answer.isWhole).toBe(true);
    expect(answer.text).toBe(whole?.text);
    expect(atCut.length).toBeLessThan(answer.text.length);
    expect(answer.raw).not.toContain('"error"');
    const { policy, charged, usage } = await receipt(answer.id);
    const other = (await receipt(whole?.id ?? '')).usage;
    expect([usage.prompt_tokens, usage.completion_tokens]).toEqual([
      other.prompt_tokens,
      other.completion_tokens,
    ]);
    // The prices of the configuration. How much of the prompt the engine still had may differ between the two.
    const { input_tokens, cache_read_tokens, completion_tokens } = usage;
    const metered = Math.ceil(input_tokens + cache_read_tokens / 10 + completion_tokens * 4);
    expect([policy, charged.micros]).toEqual(at === 0 ? ['flat-complete', 80_000] : ['reported', metered]);
    console.log(
      `${models[at]}: cut after ${atCut.length} of ${answer.text.length} characters, charged ${charged.micros} µ$`,
    );
  }
  console.log(`whole ${Math.round(tookMs)} ms after a cut of 5 s`);
  const charges = await Promise.all(answers.map(async ({ id }) => (await receipt(id)).charged.micros));
  // Credits of a balance are µ$ / 10 000.
  expect((await spent()) - before).toBeCloseTo(charges.reduce((sum, micros) => sum + micros, 0) / 10_000, 6);
  expect(relay.connections).toBe(2);
});

it('a node that freezes in an answer is noticed by its silence, and is taken back when it thaws', async () => {
  let frozenAt = 0;
  const { isWhole, raw } = await ask('demo', (text) => {
    if (text === '' || frozenAt > 0) return;
    frozenAt = performance.now();
    node.process.kill('SIGSTOP');
  });
  console.log(`a frozen node was noticed after ${Math.round(performance.now() - frozenAt)} ms`);
  expect(isWhole).toBe(false);
  expect(raw).toContain('"code":"answer_interrupted"');
  expect(raw).not.toContain('"finish_reason":"stop"');
  node.process.kill('SIGCONT');
  while (!(await nodeStates()).includes('ready')) await wait(50);
  expect((await ask('demo')).isWhole).toBe(true);
});
