import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { cleanUp } from '../support/processes.ts';
import { obliging, PROVIDER_USAGE, CITY_REPORT } from '../support/provider/brain.ts';
import { startProvider, type Provider } from '../support/provider/server.ts';
import { startEngineConnector } from '../support/engine-connector.ts';
import { emptyAnswer, PROVIDER_MARK, type Answer } from './answer.ts';
import { bodyOf, CLIENT_MARK, PATHS, SURFACES, type Question, type SurfaceName } from './ask.ts';
import { readChat } from './read-chat.ts';
import { readMessages } from './read-messages.ts';
import { readResponses } from './read-responses.ts';

/**
 * Every dialect of clients against every dialect of providers and a node, in every kind of answer: what the client
 * reads is the same, and bytes are handed on just where both speak alike.
 */

const ROUTES = ['chat', 'messages', 'openai', 'node'] as const;

type RouteName = (typeof ROUTES)[number];

/** Where the client's own bytes go on. */
const SPOKEN: Readonly<Record<RouteName, readonly SurfaceName[]>> = {
  chat: ['chat'],
  messages: ['messages'],
  openai: ['chat', 'responses'],
  node: [],
};

const READERS = { chat: readChat, messages: readMessages, responses: readResponses };

const PNG = {
  mime: 'image/png',
  base64: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
};
const PNG_BYTES = Buffer.from(PNG.base64, 'base64').length;

type Case = {
  name: string;
  question: Question;
  expected: Partial<Answer>;
  /** The words of the error, by dialect of the client. */
  error?: Readonly<Record<SurfaceName, string>>;
  /** What clients of other dialects get from a provider of messages, where that is less. */
  fromMessages?: Partial<Answer>;
  status?: number;
};

const LISBON = { name: 'get_weather', input: { city: 'Lisbon' } };
const PARIS = { name: 'get_weather', input: { city: 'Paris' } };

const CASES: readonly Case[] = [
  {
    name: 'plain',
    question: { prompt: 'Hello there' },
    expected: { text: 'You said: Hello there', finish: 'stop' },
  },
  {
    name: 'tools',
    question: { prompt: 'weather in Lisbon', withTool: true },
    expected: { calls: [LISBON], finish: 'tool-calls' },
  },
  {
    name: 'parallel tools',
    question: { prompt: 'weather in Lisbon and Paris', withTool: true },
    expected: { calls: [LISBON, PARIS], finish: 'tool-calls' },
  },
  {
    name: 'one tool at a time',
    question: { prompt: 'weather in Lisbon and Paris', withTool: true, oneCall: true },
    expected: { calls: [LISBON], finish: 'tool-calls' },
  },
  {
    name: 'vision',
    question: { prompt: 'What is this?', picture: PNG },
    expected: { text: `I see image/png of ${PNG_BYTES} bytes.`, finish: 'stop' },
  },
  {
    name: 'thinking',
    question: { prompt: 'please think', effort: 'medium' },
    expected: { reasoning: 'First I think.', text: 'Then I answer.', finish: 'stop' },
  },
  {
    name: 'json_schema',
    question: { prompt: 'report', withSchema: true },
    expected: { text: JSON.stringify(CITY_REPORT), finish: 'stop' },
  },
  {
    name: 'stop',
    question: { prompt: 'count', stop: ' three' },
    expected: { text: 'one two', finish: 'stop' },
  },
  {
    name: 'length',
    question: { prompt: 'too much' },
    expected: { text: 'Once upon a time', finish: 'length' },
  },
  {
    name: 'refusal',
    question: { prompt: 'refuse this' },
    expected: { refusal: 'I will not do that.', finish: 'refusal' },
    // Only its last event tells that a text was a refusal.
    fromMessages: { text: 'I will not do that.', finish: 'refusal' },
  },
  {
    name: 'error before: the prompt is too long',
    question: { prompt: 'too long a prompt' },
    expected: {},
    status: 400,
    error: {
      chat: 'context_length_exceeded',
      messages: 'invalid_request_error',
      responses: 'context_length_exceeded',
    },
  },
  {
    name: 'error before: the provider is broken',
    question: { prompt: 'out of order' },
    expected: {},
    status: 502,
    error: { chat: 'upstream_failed', messages: 'api_error', responses: 'upstream_failed' },
  },
];

let gateway: Gateway;
let provider: Provider;
let key: string;

beforeAll(async () => {
  provider = await startProvider(obliging, { mark: PROVIDER_MARK });
  gateway = await startGateway({ config: config(provider.port) });
  await startEngineConnector(gateway, (await gateway.node('nodes')).token, {
    baseUrl: `http://127.0.0.1:${provider.port}/v1`,
    model: 'provider-model',
  });
  ({ key } = await gateway.customer('100'));
});
afterAll(async () => {
  await cleanUp();
  await provider.close();
});

function config(port: number): string {
  const base = `http://127.0.0.1:${port}`;
  const upstream = (name: string, kind: string) =>
    `  ${name}: { kind: ${kind}, base_url: '${base}/v1', allow_private_addresses: true }`;
  const model = (id: RouteName) => `
  - id: ${id}
    context_tokens: 32768
    max_output_tokens: 4096
    capabilities: { tools: true, vision: true, thinking: true, json_schema: true }
    price: { per_million_usd: { input: 1, cached_input: 0.1, output: 4 } }
    routes: [${id === 'node' ? '{ pool: nodes, model: provider-model }' : `{ upstream: ${id}, model: provider-model }`}]`;
  return `
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000, concurrency: 100, account_concurrency: 100 }
routing: { retry: { attempts: 1 } }
pools: { nodes: {} }
upstreams:
${upstream('chat', 'openai-compatible')}
${upstream('messages', 'anthropic')}
${upstream('openai', 'openai')}

models:${ROUTES.map(model).join('')}
`;
}

async function ask(surface: SurfaceName, route: RouteName, stream: boolean, question: Question) {
  const reply = await fetch(`${gateway.baseUrl}${PATHS[surface]}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: bodyOf(surface, route, stream, question),
  });
  return { status: reply.status, body: await reply.text() };
}

describe.each(SURFACES)('a client of %s', (surface) => {
  describe.each(ROUTES)('served by %s', (route) => {
    const isHandedOn = SPOKEN[route].includes(surface);

    // Three failures in a row would leave the node out for a while.
    afterEach(async () => {
      if (route === 'node') await ask(surface, route, false, { prompt: 'Hello again' });
    });

    const cases = CASES.filter(({ question }) => surface !== 'responses' || question.stop === undefined);

    describe.each(cases)('$name', ({ question, expected: usual, fromMessages, error, status = 200 }) => {
      const expected = route === 'messages' && surface !== 'messages' ? (fromMessages ?? usual) : usual;
      it.each([
        ['whole', false],
        ['streamed', true],
      ])('%s', async (_name, stream) => {
        const reply = await ask(surface, route, stream, question);
        expect(reply.status).toBe(status);
        const answer = READERS[surface](reply.body, stream && status === 200);
        const { usage, hasForeignBytes, ...rest } = answer;
        expect(rest).toEqual({ ...withoutUsage(), ...expected, error: error?.[surface] });
        const { body } = provider.asked.at(-1) ?? { body: '' };
        expect(body.includes(CLIENT_MARK)).toBe(isHandedOn);
        if (error !== undefined) return;
        expect(hasForeignBytes).toBe(isHandedOn);
        const { input, cached, output } = PROVIDER_USAGE;
        expect(usage).toEqual({ input, cached, output });
      });
    });

    it('error during the stream ends without a proper end', async () => {
      const reply = await fetch(`${gateway.baseUrl}${PATHS[surface]}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: bodyOf(surface, route, true, { prompt: 'break off' }),
      });
      expect(reply.status).toBe(200);
      const answer = READERS[surface](await readUntilCut(reply), true);
      expect(answer).toMatchObject({ finish: 'none', usage: undefined });
      expect(answer.error).toBe(
        { chat: 'answer_interrupted', messages: 'api_error', responses: 'server_error' }[surface],
      );
    });

    it('a client that leaves ends the work of the provider', async () => {
      const leaver = new AbortController();
      const left = provider.left();
      const reply = await fetch(`${gateway.baseUrl}${PATHS[surface]}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: bodyOf(surface, route, true, { prompt: 'on and on forever' }),
        signal: leaver.signal,
      });
      await reply.body?.getReader().read();
      leaver.abort();
      await expect.poll(() => provider.left(), { timeout: 10_000 }).toBe(left + 1);
    });
  });
});

function withoutUsage(): Omit<Answer, 'usage' | 'hasForeignBytes'> {
  const { usage: _usage, hasForeignBytes: _bytes, ...rest } = emptyAnswer();
  return rest;
}

/** After an error in the middle the connection is cut, so the last read fails. */
async function readUntilCut(reply: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  const reader = reply.body?.getReader();
  try {
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
      if (done) return text;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return text;
  }
}
