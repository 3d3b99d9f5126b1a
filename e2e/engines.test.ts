/**
 * Real engines behind a real connector and a real gateway: llama.cpp's server as a child of the connector and on
 * its own, and Ollama. They run the shipped model, so the same questions get the same answers everywhere.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import {
  childrenOf,
  findEngine,
  freePort,
  isRunning,
  MODEL_FILE,
  MODELFILE,
  startProgram,
  stopPrograms,
  untilAnswers,
} from './support/engines.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp, start, temporaryFolder, type Child } from './support/processes.ts';

const LLAMA_SERVER = findEngine('llama-server');
const OLLAMA = findEngine('ollama');

const CONFIG = DEMO_CONFIG.replace(
  'capabilities: { tools: true, thinking: true }',
  'capabilities: { tools: true, thinking: true, json_schema: true }',
);

let gateway: Gateway;
let key = '';

beforeAll(async () => {
  gateway = await startGateway({ config: CONFIG });
  ({ key } = await gateway.customer('50'));
});

const connectors = new Set<Child>();

afterEach(async () => {
  await Promise.all([...connectors].map((connector) => connector.stop()));
  connectors.clear();
  await stopPrograms();
});

afterAll(cleanUp);

/** A connector on a new node, once the gateway knows its models. */
async function connect(words: string[], env: Record<string, string> = {}): Promise<Child> {
  const { token } = await gateway.node('demo');
  const child = start(
    [
      'packages/connector/src/main.ts',
      '--gateway',
      `http://127.0.0.1:${gateway.port}`,
      '--no-bench',
      '--json',
      ...words,
    ],
    { env: { ...env, SWITCHYARD_NODE_TOKEN: token } },
  );
  connectors.add(child);
  await child.line((line) => (line.includes('"engine-up"') ? true : undefined));
  await child.line((line) => (line.includes('"online"') ? true : undefined));
  await untilAvailable();
  return child;
}

/** The gateway hears of an engine within a second. */
async function untilAvailable(): Promise<void> {
  for (;;) {
    const response = await fetch(`${gateway.baseUrl}/models/demo`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const { available } = (await response.json()) as { available?: boolean };
    if (available === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

type Answer = {
  status: number;
  body: {
    choices?: { finish_reason: string; message: Message }[];
    usage?: {
      prompt_tokens: number;
      completion_tokens: number;
      prompt_tokens_details: { cached_tokens: number };
    };
  };
};
type Message = {
  content: string | null;
  reasoning_content?: string;
  tool_calls?: { function: { name: string; arguments: string } }[];
};

async function ask(question: string, more: Record<string, unknown> = {}): Promise<Answer> {
  const response = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo',
      temperature: 0,
      max_tokens: 200,
      messages: [{ role: 'user', content: question }],
      ...more,
    }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const messageOf = ({ body }: Answer): Message | undefined => body.choices?.[0]?.message;

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Get the current weather for a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

/** What every engine has to give with this model. Ollama lets a model that can think do so unless it is told not to. */
async function expectAnswers(more: Record<string, unknown> = {}): Promise<void> {
  const plain = await ask('What is the capital of France?', more);
  expect(plain).toMatchObject({ status: 200 });
  expect(messageOf(plain)?.content).toBe('The capital of France is Paris.');
  expect(plain.body.choices?.[0]?.finish_reason).toBe('stop');
  expect(plain.body.usage).toMatchObject({ prompt_tokens: 19, prompt_tokens_details: { cached_tokens: 0 } });

  const called = await ask('What is the weather in Lisbon?', { ...more, tools: [WEATHER] });
  const call = messageOf(called)?.tool_calls?.[0];
  expect(call?.function.name).toBe('get_weather');
  expect(JSON.parse(call?.function.arguments ?? '')).toEqual({ city: 'Lisbon' });
  expect(called.body.choices?.[0]?.finish_reason).toBe('tool_calls');

  const cut = await ask('Tell me a story.', { ...more, max_tokens: 5 });
  expect(cut.body.choices?.[0]?.finish_reason).toBe('length');
  expect(cut.body.usage?.completion_tokens).toBe(5);

  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
  const format = { type: 'json_schema', json_schema: { name: 'n', schema } };
  const held = await ask('Reply with JSON: a is 3.', { ...more, response_format: format, max_tokens: 40 });
  expect(Object.keys(JSON.parse(messageOf(held)?.content ?? '') as object)).toEqual(['a']);
}

/** A client that goes away in the middle must not hold the engine. */
async function leaveInTheMiddle(): Promise<void> {
  const controller = new AbortController();
  const response = await fetch(`${gateway.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo',
      stream: true,
      messages: [{ role: 'user', content: 'Tell me a story.' }],
    }),
    signal: controller.signal,
  });
  await response.body?.getReader().read();
  controller.abort();
}

describe.skipIf(LLAMA_SERVER === undefined)('a model file on a llama-server of the connector', () => {
  const program = LLAMA_SERVER ?? '';
  const words = ['--gguf', MODEL_FILE, '--model', 'mote-chat', '--slots', '2'];
  // One thread: two that wait for each other are slow on a machine that does other work.
  const env = { PATH: `${dirname(program)}:${process.env['PATH'] ?? ''}`, LLAMA_ARG_THREADS: '1' };

  it('answers as the demo model does, and caches nothing of one request for another', async () => {
    const connector = await connect(words, env);
    await expectAnswers();
    await expectAnswers();
    await leaveInTheMiddle();
    await expectAnswers();
    await connector.stop();
  });

  it('is started again when it is killed, and ends with the connector', async () => {
    const connector = await connect(words, env);
    const [server = -1] = childrenOf(connector.pid);
    expect(isRunning(server)).toBe(true);
    process.kill(server, 'SIGKILL');
    await connector.line((line) => (line.includes('SIGKILL') ? true : undefined));
    const ups = () => connector.output().split('"engine-up"').length - 1;
    await connector.line(() => (ups() === 2 ? true : undefined));
    await untilAvailable();
    const [next = -1] = childrenOf(connector.pid);
    await expectAnswers();
    expect(await connector.stop()).toBe(0);
    expect([server, next].map(isRunning)).toEqual([false, false]);
  });

  it('dies with a connector that is told twice to end', async () => {
    const connector = await connect(words, env);
    const [server = -1] = childrenOf(connector.pid);
    connector.process.kill('SIGINT');
    connector.process.kill('SIGINT');
    await connector.exited;
    expect(isRunning(server)).toBe(false);
  });
});

describe.skipIf(LLAMA_SERVER === undefined)('a llama-server of its own', () => {
  it('answers through its adapter, without its prompt cache on a shared node and with it on an own one', async () => {
    const port = await freePort();
    const server = startProgram(
      LLAMA_SERVER ?? '',
      ['-m', MODEL_FILE, '--port', String(port), '-np', '2'],
      {},
    );
    await untilAnswers(`http://127.0.0.1:${port}/health`);
    const engine = ['--engine', `llama-cpp=http://127.0.0.1:${port}`, '--model', `mote-chat=${MODEL_FILE}`];
    const shared = await connect(engine);
    expect(shared.output()).toContain('"slots":2');
    await expectAnswers();
    await expectAnswers();
    await shared.stop();

    const own = await connect([...engine, '--private']);
    await ask('What is the capital of France?');
    const again = await ask('What is the capital of France?');
    expect(again.body.usage?.prompt_tokens_details.cached_tokens).toBeGreaterThan(0);
    await own.stop();

    const plain = await connect([
      '--engine',
      `openai=http://127.0.0.1:${port}/v1`,
      '--model',
      `mote-chat=${MODEL_FILE}`,
    ]);
    expect(plain.output()).toContain('--engine llama-cpp');
    expect(messageOf(await ask('What is the capital of Italy?'))?.content).toContain('Rome');
    await plain.stop();
    await server.stop();
  });
});

describe.skipIf(OLLAMA === undefined)('Ollama', () => {
  const program = OLLAMA ?? '';

  it('answers by its own API, thinks when asked, and is found again after it was away', async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    const env = { OLLAMA_HOST: `127.0.0.1:${port}`, OLLAMA_MODELS: join(folder, 'models'), HOME: folder };
    const first = startProgram(program, ['serve'], env);
    await untilAnswers(`http://127.0.0.1:${port}/api/version`);
    writeFileSync(join(folder, 'Modelfile'), MODELFILE);
    const create = ['create', 'mote', '-f', join(folder, 'Modelfile')];
    execFileSync(program, create, { env: { ...process.env, ...env }, stdio: 'ignore' });

    const engine = `ollama=http://127.0.0.1:${port}`;
    const connector = await connect(['--engine', engine, '--model', 'mote-chat=mote:latest']);
    await expectAnswers({ reasoning_effort: 'none' });
    const thought = await ask('What is 12 plus 7?', { model: 'demo-think' });
    expect(messageOf(thought)?.reasoning_content).toContain('7');
    expect(messageOf(thought)?.content).toContain('19');
    await leaveInTheMiddle();
    await expectAnswers({ reasoning_effort: 'none' });

    await first.stop('SIGKILL');
    expect((await ask('Hello')).status).toBeGreaterThanOrEqual(500);
    await connector.line((line) => (line.includes('"engine-down"') ? true : undefined));
    startProgram(program, ['serve'], env);
    const ups = () => connector.output().split('"engine-up"').length - 1;
    await connector.line(() => (ups() === 2 ? true : undefined));
    await untilAvailable();
    await expectAnswers({ reasoning_effort: 'none' });
    await connector.stop();
  });
});
