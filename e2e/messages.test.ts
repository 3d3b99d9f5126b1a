import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMessageStream } from '../packages/gateway/src/surfaces/messages/testing-read-stream.ts';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

let gateway: Gateway;
let key: string;
let client: Anthropic;

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  ({ key } = await gateway.customer('100'));
  client = new Anthropic({ baseURL: origin(), apiKey: key, authToken: null, maxRetries: 0 });
});
afterAll(cleanUp);

const origin = () => `http://127.0.0.1:${gateway.port}`;
const hello = { model: 'demo', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello!' }] };
const WEATHER = {
  name: 'get_weather',
  description: 'Get the current weather for a city',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
};

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${origin()}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function balance(): Promise<{ credits: number; held: number; total_spent: number }> {
  const reply = await fetch(`${origin()}/v1/balance`, { headers: { 'x-api-key': key } });
  return (await reply.json()) as { credits: number; held: number; total_spent: number };
}

describe('POST /v1/messages', () => {
  it.each(['/v1/messages', '/v1/messages?beta=true', '/api/v1/messages'])(
    'answers at %s, with the cost and ids',
    async (path) => {
      const before = await balance();
      const reply = await post(path, hello);
      expect(reply.status).toBe(200);
      const body = (await reply.json()) as Anthropic.Message & { usage: { request_id: string } };
      expect(body).toMatchObject({
        type: 'message',
        role: 'assistant',
        model: 'demo',
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { cost: 0.08 },
      });
      const id = reply.headers.get('request-id');
      expect(body.id).toBe(`msg_${String(id).slice('req_'.length)}`);
      expect([body.usage.request_id, reply.headers.get('x-request-id')]).toEqual([id, id]);
      const after = await balance();
      expect(after.total_spent - before.total_spent).toBe(8);
      const receipt = await fetch(`${origin()}/v1/requests/${id}`, { headers: { 'x-api-key': key } });
      expect(await receipt.json()).toMatchObject({ surface: 'messages', end: 'stop' });
    },
  );

  it('streams what a strict reader accepts, with the truth about its input at the end', async () => {
    const reply = await post('/v1/messages', { ...hello, stream: true });
    expect(reply.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const { content, stop_reason, usage } = readMessageStream(await reply.text());
    expect(content).toMatchObject([{ type: 'text', text: expect.stringMatching(/\w/) as unknown }]);
    expect(stop_reason).toBe('end_turn');
    expect(usage).toMatchObject({ cost: 0.08, output_tokens: expect.any(Number) as unknown });
    expect(Number(usage['input_tokens']) + Number(usage['cache_read_input_tokens'])).toBeGreaterThan(0);
  });

  it('goes through a tool turn as Claude Code sends it', async () => {
    const turn: object[] = [
      { role: 'user', content: [{ type: 'text', text: "What's the weather in Lisbon?" }] },
      {
        role: 'system',
        content: [{ type: 'text', text: 'Be short.', cache_control: { type: 'ephemeral' } }],
      },
    ];
    const body = (messages: object[]) => ({
      model: 'demo-think',
      max_tokens: 32_000,
      stream: true,
      temperature: 0,
      system: [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.328.a1b; cc_entrypoint=cli;' },
        { type: 'text', text: 'You are an agent.', cache_control: { type: 'ephemeral' } },
      ],
      messages,
      tools: [
        { ...WEATHER, eager_input_streaming: true },
        { name: 'DeferredToolPlaceholder', input_schema: { type: 'object' }, defer_loading: true },
      ],
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'medium' },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      metadata: { user_id: '{"device_id":"d","session_id":"s"}' },
    });
    const headers = {
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14,effort-2025-11-24',
    };
    const first = await post('/v1/messages?beta=true', body(turn), headers);
    expect(first.status).toBe(200);
    const asked = readMessageStream(await first.text());
    expect(asked.stop_reason).toBe('tool_use');
    const call = asked.content.find(({ type }) => type === 'tool_use');
    expect(call).toMatchObject({ name: 'get_weather', input: '{"city":"Lisbon"}' });
    const content = asked.content.map((block) =>
      block === call ? { ...block, input: { city: 'Lisbon' } } : block,
    );
    const result = {
      type: 'tool_result',
      tool_use_id: call?.['id'],
      is_error: false,
      content: '21C and clear',
    };
    const second = await post(
      '/v1/messages?beta=true',
      body([...turn, { role: 'assistant', content }, { role: 'user', content: [result] }]),
      headers,
    );
    const answered = readMessageStream(await second.text());
    expect(answered.stop_reason).toBe('end_turn');
    expect(JSON.stringify(answered.content)).toMatch(/21/);
  });

  it('quotes instead of answering', async () => {
    const before = await balance();
    const reply = await post('/v1/messages', { ...hello, dry_run: true });
    expect(await reply.json()).toMatchObject({ object: 'quote', max_cost: 0.08, max_output_tokens: 100 });
    expect(await balance()).toEqual(before);
  });

  it.each<[string, string, object | string, Record<string, string>, number, object]>([
    [
      'no cap',
      '/v1/messages',
      { ...hello, max_tokens: undefined },
      {},
      400,
      { type: 'invalid_request_error', message: 'max_tokens: is required.' },
    ],
    ['broken JSON', '/v1/messages', '{', {}, 400, { type: 'invalid_request_error' }],
    [
      'a wrong key',
      '/v1/messages',
      hello,
      { 'x-api-key': 'sk-test-wrong' },
      401,
      { type: 'authentication_error' },
    ],
    [
      'an unknown model',
      '/v1/messages',
      { ...hello, model: 'claude-x' },
      {},
      404,
      { type: 'not_found_error' },
    ],
    [
      'a file',
      '/v1/messages',
      { ...hello, messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'f' }] }] },
      {},
      400,
      { type: 'invalid_request_error', code: 'unsupported_parameter' },
    ],
    [
      'nobody to serve it',
      '/v1/messages',
      { ...hello, model: 'elsewhere' },
      {},
      503,
      { type: 'api_error', code: 'server_is_overloaded' },
    ],
    ['a wrong path', '/v1/messages/batches', hello, {}, 404, { type: 'not_found_error' }],
  ])('refuses %s in the shape of the dialect', async (...[, path, body, headers, status, error]) => {
    const reply = await post(path, body, headers);
    expect(reply.status).toBe(status);
    expect(await reply.json()).toMatchObject({
      type: 'error',
      error,
      request_id: reply.headers.get('request-id'),
    });
  });
});

describe('POST /v1/messages/count_tokens', () => {
  it('estimates for nothing, without a node, and says that it does', async () => {
    const before = await balance();
    for (const model of ['demo', 'elsewhere']) {
      const reply = await post('/v1/messages/count_tokens', { ...hello, model, max_tokens: undefined });
      expect(reply.headers.get('x-token-count')).toBe('estimate');
      expect(reply.headers.get('x-ratelimit-limit-requests')).toBe('100000');
      expect(await reply.json()).toEqual({ input_tokens: expect.any(Number) as unknown });
    }
    expect(await balance()).toEqual(before);
    const { messages } = hello;
    const short = await client.messages.countTokens({ model: 'demo', messages });
    const long = await client.messages.countTokens({
      model: 'demo',
      messages,
      system: 'x'.repeat(4_000),
      tools: [WEATHER],
    });
    expect(short.input_tokens).toBeGreaterThan(0);
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens + 1_000);
  });

  it('counts against the rate of its key', async () => {
    const { key: slow } = await gateway.customer('1', ['--rpm', '1']);
    const ask = () => post('/v1/messages/count_tokens', hello, { 'x-api-key': slow });
    expect((await ask()).status).toBe(200);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { type: 'rate_limit_error' } });
  });

  it.each<[object | string, number]>([
    ['{', 400],
    [{ model: 'demo' }, 400],
    [{ ...hello, model: 'unknown' }, 404],
    [{ ...hello, tools: {} }, 400],
  ])('refuses %j with %d', async (body, status) => {
    expect((await post('/v1/messages/count_tokens', body)).status).toBe(status);
  });
});

describe('discovery', () => {
  const list = async (query: string, headers: Record<string, string>) => {
    const reply = await fetch(`${origin()}/v1/models${query}`, { headers: { 'x-api-key': key, ...headers } });
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
  };
  const version = { 'anthropic-version': '2023-06-01' };

  it('gives pages to the clients that know them, and all to the others', async () => {
    const all: string[] = [];
    for await (const { id } of client.models.list({ limit: 1 })) all.push(id);
    expect(all).toEqual(['demo', 'demo-think', 'demo-metered', 'elsewhere']);
    const { body } = await list('?limit=2', version);
    expect(body).toMatchObject({ object: 'list', has_more: true, first_id: 'demo', last_id: 'demo-think' });
    expect((await list('?limit=2', {})).body).toMatchObject({ has_more: false, last_id: 'elsewhere' });
    expect(await list('?after_id=nothing', version)).toMatchObject({ status: 400, body: { type: 'error' } });
    expect(await client.models.retrieve('mote')).toMatchObject({ id: 'demo', type: 'model' });
  });

  it('answers a probe of its root', async () => {
    expect((await fetch(origin(), { method: 'HEAD' })).status).toBe(200);
  });
});
