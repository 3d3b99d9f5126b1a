import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_CONFIG } from './support/configs.ts';
import { startDemoConnector, startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

let gateway: Gateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway({ config: DEMO_CONFIG });
  await startDemoConnector(gateway, (await gateway.node('demo')).token);
  const { key } = await gateway.customer('100');
  client = new OpenAI({ baseURL: gateway.baseUrl, apiKey: key, maxRetries: 0 });
});
afterAll(cleanUp);

const hello = [{ role: 'user' as const, content: 'Hello!' }];
const tools: OpenAI.Chat.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Get the current weather for a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

async function balance(): Promise<{ credits: number; held: number; total_spent: number; usd: number }> {
  return client.get('/balance');
}

/** `cost` is ours; the client's types do not know it, but hand it through. */
function costOf(usage: object | null | undefined): number {
  const cost: unknown = usage !== null && usage !== undefined && 'cost' in usage ? usage.cost : undefined;
  if (typeof cost !== 'number') throw new Error('there is no cost');
  return cost;
}

describe('the official openai client', () => {
  it('lists models with live availability and prices', async () => {
    const models: unknown[] = [];
    for await (const model of client.models.list()) models.push(model);
    expect(models).toContainEqual(
      expect.objectContaining({
        id: 'demo',
        object: 'model',
        available: true,
        aliases: ['mote'],
        pricing: { type: 'per_message', credits: 8, usd: 0.08 },
      }),
    );
    expect(models).toContainEqual(expect.objectContaining({ id: 'elsewhere', available: false }));
    expect(await client.models.retrieve('mote')).toMatchObject({ id: 'demo' });
  });

  it('gets an answer of the real model, with usage and cost, charged exactly', async () => {
    const before = await balance();
    const answer = await client.chat.completions.create({ model: 'demo', messages: hello, temperature: 0 });
    expect(answer.choices[0]?.message.content).toBe(
      'Hello! I am Mote, a very small demo model. What would you like to try?',
    );
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.usage).toMatchObject({ prompt_tokens: 10 });
    expect(costOf(answer.usage)).toBe(0.08);
    const after = await balance();
    expect(before.credits - after.credits).toBeCloseTo(8, 6);
    expect(after.held).toBe(0);
  });

  it('streams, and the last event has usage and cost', async () => {
    const stream = await client.chat.completions.create({
      model: 'demo-metered',
      messages: [{ role: 'user', content: 'Write a haiku.' }],
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let chunks = 0;
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      chunks += 1;
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('The last lamp goes dark,\na clock walks through every room.\nThe dark is not long.');
    // Role, text, finish and usage: the text in as many as there were reads.
    expect(chunks).toBeGreaterThanOrEqual(4);
    const exact = ((usage?.prompt_tokens ?? 0) * 1 + (usage?.completion_tokens ?? 0) * 4) / 1e6;
    const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0;
    expect(costOf(usage)).toBeCloseTo(Math.ceil((exact - (cached * 0.9) / 1e6) * 1e6) / 1e6, 9);
  });

  it('calls a tool and answers with its result', async () => {
    const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [
      { role: 'user', content: "What's the weather in Lisbon?" },
    ];
    const first = await client.chat.completions.create({ model: 'demo', messages, tools, temperature: 0 });
    const call = first.choices[0]?.message.tool_calls?.[0];
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    if (call?.type !== 'function') throw new Error('no call');
    expect(call.function.name).toBe('get_weather');
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Lisbon' });
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    messages.push(message, { role: 'tool', tool_call_id: call.id, content: '21C and clear' });
    const second = await client.chat.completions.create({ model: 'demo', messages, tools, temperature: 0 });
    expect(second.choices[0]?.message.content).toMatch(/21.*clear.*Lisbon|Lisbon.*21/);
  });

  it('calls a tool in a stream, as its own helper reads it', async () => {
    const final = await client.chat.completions
      .stream({
        model: 'demo',
        messages: [{ role: 'user', content: "What's the weather in Paris?" }],
        tools,
        temperature: 0,
      })
      .finalChatCompletion();
    const call = final.choices[0]?.message.tool_calls?.[0];
    if (call?.type !== 'function') throw new Error('no call');
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Paris' });
  });

  it('shows the thinking of a thinking variant, at its own price', async () => {
    const answer = await client.chat.completions.create({
      model: 'demo-think',
      messages: [{ role: 'user', content: 'What is 2 + 2?' }],
      temperature: 0,
    });
    const message = answer.choices[0]?.message;
    expect(message).toHaveProperty('reasoning_content');
    expect(message?.content).toContain('4');
    expect(costOf(answer.usage)).toBe(0.12);
    expect(answer.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
  });

  it('honours stop, max_tokens and seed', async () => {
    const capped = await client.chat.completions.create({
      model: 'demo',
      messages: [{ role: 'user', content: 'Write a haiku.' }],
      max_completion_tokens: 5,
    });
    expect(capped.choices[0]?.finish_reason).toBe('length');
    expect(capped.usage?.completion_tokens).toBe(5);
    const ask = {
      model: 'demo',
      messages: [{ role: 'user' as const, content: 'Tell me a story.' }],
      seed: 7,
      temperature: 0.8,
    };
    const one = await client.chat.completions.create(ask);
    const two = await client.chat.completions.create(ask);
    expect(two.choices[0]?.message.content).toBe(one.choices[0]?.message.content);
    const stopped = await client.chat.completions.create({
      model: 'demo',
      messages: hello,
      temperature: 0,
      stop: ['very small'],
    });
    expect(stopped.choices[0]?.message.content).toBe('Hello! I am Mote, a ');
  });

  it('gets errors as its own classes', async () => {
    const ask = { model: 'demo', messages: hello };
    const wrongKey = new OpenAI({ baseURL: gateway.baseUrl, apiKey: 'sk-test-wrong', maxRetries: 0 });
    await expect(wrongKey.chat.completions.create(ask)).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
    await expect(client.chat.completions.create({ ...ask, model: 'none' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    await expect(client.chat.completions.create({ ...ask, model: 'elsewhere' })).rejects.toMatchObject({
      status: 503,
      code: 'server_is_overloaded',
    });
    await expect(
      client.chat.completions.create({
        model: 'demo',
        messages: [{ role: 'user', content: 'word '.repeat(3_000) }],
      }),
    ).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
    const poor = await gateway.customer('0');
    await expect(
      new OpenAI({ baseURL: gateway.baseUrl, apiKey: poor.key, maxRetries: 0 }).chat.completions.create(ask),
    ).rejects.toMatchObject({ status: 402, code: 'insufficient_credits' });
    const narrow = await gateway.customer('1', ['--models', 'demo-metered']);
    await expect(
      new OpenAI({ baseURL: gateway.baseUrl, apiKey: narrow.key, maxRetries: 0 }).chat.completions.create(
        ask,
      ),
    ).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' });
  });

  it('aborts in the middle: the slot is free again and the money is settled', async () => {
    const stream = await client.chat.completions.create({
      model: 'demo-metered',
      messages: [{ role: 'user', content: 'Make a plan for my week.' }],
      stream: true,
    });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) {
        stream.controller.abort();
        break;
      }
    }
    await expect.poll(async () => (await balance()).held, { timeout: 5_000 }).toBe(0);
    await expect
      .poll(async () => JSON.stringify(await gateway.cli('node', 'list')), { timeout: 5_000 })
      .toContain('"busySlots":0');
  });

  it('works under /api/v1 and with the other key headers', async () => {
    const key = String(client.apiKey);
    for (const headers of [{ 'x-api-key': key }, { 'api-key': key }, { authorization: `Bearer ${key}` }]) {
      const reply = await fetch(`http://127.0.0.1:${gateway.port}/api/v1/balance`, {
        headers: new Headers(Object.entries(headers)),
      });
      expect(reply.status).toBe(200);
      expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
      expect(await reply.json()).toMatchObject({ object: 'balance', total_deposited: 10_000 });
    }
  });
});
