import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type ModelMessage } from 'ai';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStream } from '../packages/gateway/src/surfaces/responses/testing-read-stream.ts';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

let gateway: Gateway;
let key: string;
let poorKey: string;

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  ({ key } = await gateway.customer('100'));
  ({ key: poorKey } = await gateway.customer('0'));
});
afterAll(cleanUp);

const origin = () => `http://127.0.0.1:${gateway.port}`;
const CODEX = { originator: 'codex_exec', accept: 'text/event-stream' };
const hello = { model: 'demo', input: 'Hello!' };
const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'Get the current weather for a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

function post(body: object, headers: Record<string, string> = {}, path = '/v1/responses'): Promise<Response> {
  return fetch(origin() + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify(body),
  });
}

type Reply = {
  id: string;
  output: { type: string; call_id?: string; name?: string; namespace?: string; arguments?: string }[];
  usage: { cost: number; request_id: string };
};

describe('POST /v1/responses', () => {
  it.each(['/v1/responses', '/api/v1/responses'])(
    'answers at %s, charged, and stores nothing',
    async (path) => {
      const reply = await post({ ...hello, store: true, metadata: { a: 'b' } }, {}, path);
      expect(reply.status).toBe(200);
      const id = String(reply.headers.get('x-request-id'));
      const body = (await reply.json()) as Reply;
      expect(body).toMatchObject({
        id: `resp_${id.slice('req_'.length)}`,
        object: 'response',
        status: 'completed',
        model: 'demo',
        store: false,
        metadata: { a: 'b' },
        completed_at: expect.any(Number) as unknown,
        output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text' }] }],
        usage: { cost: 0.08, request_id: id },
      });
      const receipt = await fetch(`${origin()}/v1/requests/${id}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      expect(await receipt.json()).toMatchObject({
        surface: 'responses',
        end: 'stop',
        charged: { credits: '8' },
      });
    },
  );

  it('streams what the strictest reader accepts, with the cost in the last event', async () => {
    const reply = await post({ ...hello, model: 'demo-think', stream: true, input: 'What is 2 + 2?' });
    expect(reply.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const { response, items } = readStream(await reply.text());
    expect(items).toMatchObject([{ type: 'reasoning' }, { type: 'message' }]);
    expect(response).toMatchObject({ status: 'completed', usage: { cost: 0.12 } });
  });

  it('calls a tool in a namespace and goes on with its output', async () => {
    const tools = [{ type: 'namespace', name: 'weather', description: 'Weather.', tools: [WEATHER] }];
    const question = { role: 'user', content: "What's the weather in Lisbon?" };
    const first = (await (await post({ model: 'demo', input: [question], tools })).json()) as Reply;
    const [call] = first.output;
    expect(call).toMatchObject({ type: 'function_call', name: 'get_weather', namespace: 'weather' });
    expect(JSON.parse(String(call?.arguments))).toEqual({ city: 'Lisbon' });
    const output = { type: 'function_call_output', call_id: call?.call_id, output: '21C and clear' };
    const input = [question, ...first.output, output];
    const second = (await (await post({ model: 'demo', input, tools })).json()) as Reply;
    expect(JSON.stringify(second.output)).toMatch(/21/);
  });

  it('quotes a dry run', async () => {
    const reply = await post({ ...hello, dry_run: true });
    expect(await reply.json()).toMatchObject({ object: 'quote', max_cost_credits: 8 });
  });
});

describe('refusals', () => {
  const refused = async (reply: Response) => {
    const { error } = (await reply.json()) as {
      error: { code: string; param: string | null; message: string };
    };
    return { status: reply.status, retry: reply.headers.get('x-should-retry'), ...error };
  };

  it('tells Codex of an empty balance in the one way that it does not repeat', async () => {
    const poor = { authorization: `Bearer ${poorKey}` };
    expect(await refused(await post(hello, poor))).toMatchObject({
      status: 402,
      code: 'insufficient_credits',
    });
    expect(await refused(await post(hello, { ...poor, ...CODEX }))).toMatchObject({
      status: 429,
      retry: 'false',
      code: 'insufficient_quota',
      message: 'The balance does not cover the price of this request. Top up to continue.',
    });
    // Another client's dialect knows nothing of it.
    const chat = { model: 'demo', messages: [{ role: 'user', content: 'Hello!' }] };
    const other = await post(chat, { ...poor, ...CODEX }, '/v1/chat/completions');
    expect(await refused(other)).toMatchObject({ status: 402 });
  });

  it('tells everyone that nothing serves a model', async () => {
    expect(await refused(await post({ ...hello, model: 'elsewhere', stream: true }))).toMatchObject({
      status: 503,
      retry: 'false',
      code: 'server_is_overloaded',
    });
  });

  it.each([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id', 'nothing of earlier requests is kept'],
    [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0]', 'none are stored here'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
      'input[0].content[0].type',
      'speaks this dialect itself',
    ],
    [
      { tools: [{ type: 'web_search' }], tool_choice: 'required' },
      'tool_choice',
      'speaks this dialect itself',
    ],
    [
      { tools: [WEATHER], text: { format: { type: 'json_schema', name: 'n', schema: {} } } },
      'text.format',
      'JSON schema',
    ],
  ])('refuses %j and names the field', async (fields, param, words) => {
    const refusal = await refused(await post({ ...hello, ...fields }));
    expect(refusal).toMatchObject({ status: 400, code: 'unsupported_parameter', param });
    expect(refusal.message).toContain(words);
  });

  it.each([
    ['GET', '/v1/responses/resp_1'],
    ['DELETE', '/v1/responses/resp_1'],
    ['GET', '/v1/responses/resp_1/input_items?limit=5'],
    ['POST', '/v1/responses/resp_1/cancel'],
    ['POST', '/v1/responses/compact'],
    ['GET', '/api/v1/responses/resp_1'],
  ])('says to %s %s that nothing is kept', async (method, path) => {
    const reply = await fetch(origin() + path, { method });
    expect(await refused(reply)).toMatchObject({ status: 404, code: 'not_found' });
    const again = await fetch(origin() + path, { method });
    expect(await again.text()).toContain('Responses are not kept here');
  });

  it('answers another method with 405', async () => {
    const reply = await fetch(`${origin()}/v1/responses`, { headers: { authorization: `Bearer ${key}` } });
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('answers a WebSocket with 426: Codex then goes on with HTTP at once', async () => {
    const status = await new Promise((resolve, reject) => {
      const upgrade = request(`${origin()}/v1/responses`, {
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          'openai-beta': 'responses_websockets=2026-02-06',
          authorization: `Bearer ${key}`,
        },
      });
      upgrade.on('response', (response) => resolve(response.statusCode));
      upgrade.on('upgrade', () => resolve(101));
      upgrade.on('error', reject);
      upgrade.end();
    });
    expect(status).toBe(426);
  });
});

describe("Vercel's AI SDK over several turns", () => {
  const talk = async (store: boolean | undefined) => {
    const provider = createOpenAI({ baseURL: `${origin()}/v1`, apiKey: key });
    const providerOptions = { openai: store === undefined ? {} : { store } };
    const ask = (messages: ModelMessage[]) =>
      generateText({ model: provider('demo'), messages, providerOptions, maxRetries: 0 });
    const first: ModelMessage = { role: 'user', content: 'Hello!' };
    const answer = await ask([first]);
    return ask([first, ...answer.response.messages, { role: 'user', content: 'Who are you?' }]);
  };

  it('works with store: false', async () => {
    expect((await talk(false)).text).not.toBe('');
  });

  it('is told what to do without: it sends references to what it believes to be stored', async () => {
    await expect(talk(undefined)).rejects.toThrow(/"store": false/);
  });
});
