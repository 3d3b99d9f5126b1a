import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, type Child } from './support/processes.ts';

/** A node dies in the middle of an answer, and another one, where that is wanted, goes on. */

let gateway: Gateway;
let key: string;
let alive: Child;

beforeAll(async () => {
  gateway = await startGateway({
    config: DEMO_CONFIG.replace('id: demo\n', 'id: demo\n    continue_elsewhere: true\n'),
  });
  ({ key } = await gateway.customer('100'));
  alive = await newNode();
});
afterAll(cleanUp);

const newNode = async () => startDemoConnector(gateway, (await gateway.node('demo')).token);

type Chunk = {
  choices: { delta: { content?: string }; finish_reason: string | null }[];
  usage?: Record<string, unknown> | null;
};
type Answer = { text: string; chunks: Chunk[]; raw: string; requestId: string };

/** Asks and reads to the end; `onContent` is called once, with the first text. */
async function ask(
  model: string,
  options: { headers?: Record<string, string>; onContent?: () => Promise<void> } = {},
): Promise<Answer> {
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...options.headers },
    body: JSON.stringify({
      model,
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      messages: [{ role: 'user', content: 'Make a plan for my week.' }],
    }),
  });
  const decoder = new TextDecoder();
  let raw = '';
  let { onContent } = options;
  try {
    for await (const bytes of reply.body ?? []) {
      raw += decoder.decode(bytes as Uint8Array, { stream: true });
      if (onContent === undefined || !raw.includes('"content":"')) continue;
      const act = onContent;
      onContent = undefined;
      await act();
    }
  } catch {
    // Cut by the gateway: what came until then says why.
  }
  const chunks = raw
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)) as Chunk)
    .filter(({ choices }) => choices !== undefined);
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
  return { text, chunks, raw, requestId: reply.headers.get('x-request-id') ?? '' };
}

/** The only node stops in its tracks, another one comes, and the first is gone for good. */
async function replaceNode(): Promise<void> {
  const lost = alive;
  lost.process.kill('SIGSTOP');
  alive = await newNode();
  lost.process.kill('SIGKILL');
}

const receiptOf = async (id: string) =>
  (await (
    await fetch(`${gateway.baseUrl}/requests/${id}`, { headers: { authorization: `Bearer ${key}` } })
  ).json()) as {
    charged: { micros: number };
    held: { micros: number };
    attempts: number;
    policy: string;
    usage: { output_tokens: number; input_tokens: number };
  };

const usageOf = (answer: Answer) =>
  answer.chunks.find(({ usage }) => usage !== undefined && usage !== null)?.usage ?? {};

it('gives one clean answer, the same as without the loss, at the flat price once', async () => {
  const whole = await ask('demo');
  const answer = await ask('demo', { onContent: replaceNode });
  expect(answer.text).toBe(whole.text);
  expect(answer.raw.trimEnd().endsWith('data: [DONE]')).toBe(true);
  expect(answer.raw).not.toContain('"error"');
  expect(answer.chunks.filter(({ choices }) => choices[0]?.finish_reason === 'stop')).toHaveLength(1);
  expect(usageOf(whole)).not.toHaveProperty('continued');
  expect(usageOf(answer)).toMatchObject({ continued: true, cost: 0.08 });
  expect(await receiptOf(answer.requestId)).toMatchObject({
    attempts: 2,
    policy: 'flat-complete',
    charged: { micros: 80_000 },
  });
});

it('counts the whole answer once at a token price, when the request asks for it', async () => {
  const whole = await ask('demo-metered');
  const answer = await ask('demo-metered', { headers: { 'x-continue': 'true' }, onContent: replaceNode });
  expect(answer.text).toBe(whole.text);
  const [one, other] = [await receiptOf(whole.requestId), await receiptOf(answer.requestId)];
  expect(other.charged.micros).toBeGreaterThan(0);
  expect(other.charged.micros).toBeLessThanOrEqual(other.held.micros);
  // The first part is counted by us, at least in the client's favour.
  expect(other.usage.output_tokens).toBeLessThanOrEqual(one.usage.output_tokens);
  expect(usageOf(answer)).toMatchObject({ continued: true, cost: other.charged.micros / 1e6 });
});

it('breaks off as ever when the request does not want it, and charges nothing', async () => {
  const answer = await ask('demo', { headers: { 'x-continue': 'false' }, onContent: replaceNode });
  expect(answer.raw).toContain('"code":"answer_interrupted"');
  expect(answer.raw).not.toContain('[DONE]');
  expect(await receiptOf(answer.requestId)).toMatchObject({
    policy: 'flat-interrupted',
    charged: { micros: 0 },
  });
});
