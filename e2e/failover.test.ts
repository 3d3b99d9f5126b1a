import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, type Child } from './support/processes.ts';

let gateway: Gateway;
let key: string;
let survivor: Child;

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  ({ key } = await gateway.customer('100'));
});
afterAll(cleanUp);

const LONG = { role: 'user', content: 'Make a plan for my week.' };

async function stream(
  model: string,
): Promise<{ reader: ReadableStreamDefaultReader<Uint8Array>; status: number }> {
  const reply = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, temperature: 0, messages: [LONG] }),
  });
  if (reply.body === null) throw new Error('no body');
  return { reader: reply.body.getReader(), status: reply.status };
}

/** Reads to the end; `broken` when the connection was cut. */
async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  onText: (text: string) => void = () => undefined,
): Promise<{ text: string; broken: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    try {
      const { done, value } = await reader.read();
      if (done) return { text, broken: false };
      text += decoder.decode(value, { stream: true });
      onText(text);
    } catch {
      return { text, broken: true };
    }
  }
}

async function state(): Promise<{ credits: number; held: number }> {
  const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  return (await reply.json()) as { credits: number; held: number };
}

/** Tries at nodes that failed so far, as the gateway counts them. */
async function failedTries(): Promise<number> {
  const reply = await fetch(`http://127.0.0.1:${gateway.port}/metrics`);
  const lines = (await reply.text())
    .split('\n')
    .filter((line) => line.startsWith('switchyard_failed_attempts_total{'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

it('replaces a node that dies before the first content without the client seeing it', async () => {
  const first = await startDemoConnector(gateway, (await gateway.node('demo')).token, { slots: 8 });
  survivor = await startDemoConnector(gateway, (await gateway.node('demo')).token, { slots: 2 });
  // A stopped process keeps its link, so requests are sent to it: the other node takes two, this one the rest.
  first.process.kill('SIGSTOP');
  const asked = Array.from({ length: 8 }, () => stream('demo'));
  await Promise.race(asked);
  first.process.kill('SIGKILL');
  for (const { reader, status } of await Promise.all(asked)) {
    expect(status).toBe(200);
    const { text, broken } = await readAll(reader);
    expect(broken).toBe(false);
    expect(text).toContain('"finish_reason":"stop"');
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    expect(text).not.toContain('"error"');
  }
  expect(await failedTries()).toBeGreaterThan(0);
});

it('after the first content says so, charges nothing at a flat price, and never claims a stop', async () => {
  const before = await state();
  const { reader } = await stream('demo');
  let killed = false;
  const { text, broken } = await readAll(reader, (soFar) => {
    if (killed || !soFar.includes('"content":"')) return;
    killed = true;
    survivor.process.kill('SIGKILL');
  });
  expect(killed).toBe(true);
  expect(broken).toBe(true);
  expect(text).toContain('"code":"answer_interrupted"');
  expect(text).not.toContain('[DONE]');
  expect(text).not.toContain('"finish_reason":"stop"');
  expect(await state()).toEqual(before);
});
