import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FAKE_REASONING,
  FAKE_REPORT,
  FAKE_TEXT,
  FAKE_USAGE,
  SCENARIOS,
} from '../packages/gateway/src/testing/fake-openai/scenarios.ts';
import { startFakeOpenAi, type FakeOpenAi } from '../packages/gateway/src/testing/fake-openai/server.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** A gateway that resells OpenAI, whose models do what their names say. Official clients of all three dialects ask. */
let fake: FakeOpenAi;
let gateway: Gateway;
let key: string;
let openai: OpenAI;
let anthropic: Anthropic;

const OTHERS = ['gpt-5.4#plain', 'error-quota', 'error-403', 'error-context'];

beforeAll(async () => {
  fake = await startFakeOpenAi({ apiKey: 'sk-operator' });
  gateway = await startGateway({ config: configOf(fake.url), env: { OPENAI_KEY: 'sk-operator' } });
  ({ key } = await gateway.customer('10'));
  openai = new OpenAI({ baseURL: gateway.baseUrl, apiKey: key, maxRetries: 0 });
  anthropic = new Anthropic({
    baseURL: gateway.baseUrl.replace('/v1', ''),
    apiKey: key,
    maxRetries: 0,
  });
});

afterAll(async () => {
  await cleanUp();
  await fake.close();
});

function configOf(url: string): string {
  const model = (remote: string) => `
  - id: ${remote.replace('#', '-')}
    context_tokens: 32768
    max_output_tokens: 4096
    capabilities: { tools: true, vision: true, thinking: true, json_schema: true }
    price: { per_million_usd: { input: 1, cached_input: 0.1, cache_write: 2, output: 4 } }
    routes: [{ upstream: openai, model: '${remote}' }]`;
  return `
brand: { name: Test, key_prefix: test }
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000 }
routing: { retry: { same_upstream: 0 }, breaker: { failures: 1000 } }
upstreams:
  openai: { kind: openai, base_url: '${url}', api_key_env: OPENAI_KEY, allow_private_addresses: true }
models:
${[...SCENARIOS, ...OTHERS].map(model).join('')}
`;
}

/** Fresh input, written and read cache, and output at their prices, in USD. */
const { input, cached, written, output } = FAKE_USAGE;
const COST = (input - cached - written + 0.1 * cached + 2 * written + 4 * output) / 1e6;

const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

describe('the responses client', () => {
  const weather = { type: 'function' as const, name: 'weather', parameters, strict: true };

  it.each([true, false])(
    'gets the answer of the provider, at our price and under our name: %s',
    async (stream) => {
      const request = { model: 'plain', input: 'Good morning', user: 'somebody', metadata: { a: 'b' } };
      const response = stream
        ? await openai.responses.stream(request).finalResponse()
        : await openai.responses.create(request);
      expect(response).toMatchObject({
        id: 'resp_fake',
        model: 'plain',
        store: false,
        output_text: FAKE_TEXT,
      });
      expect(response).toMatchObject({
        usage: { input_tokens: input, cost: expect.closeTo(COST, 6) as unknown },
      });
      const { body, headers } = fake.requests.at(-1) ?? {};
      expect(body).toMatchObject({ model: 'plain', store: false, max_output_tokens: 4096 });
      expect(JSON.stringify(body)).not.toContain('somebody');
      expect(headers?.authorization).toBe('Bearer sk-operator');
    },
  );

  it('loops over calls of tools, several at once', async () => {
    const first = await openai.responses
      .stream({ model: 'parallel-tools', input: 'weather?', tools: [weather] })
      .finalResponse();
    const calls = first.output.filter((item) => item.type === 'function_call');
    expect(calls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual([
      { city: 'Lisbon' },
      { city: 'Paris' },
    ]);
    const results = calls.map(({ call_id }) => ({
      type: 'function_call_output' as const,
      call_id,
      output: 'sunny',
    }));
    const second = await openai.responses.create({
      model: 'parallel-tools',
      input: [{ role: 'user', content: 'weather?' }, ...calls, ...results],
      tools: [weather],
    });
    expect(second.output_text).toBe('The tool said: sunny, sunny');
  });

  it('gives reasoning back as it got it', async () => {
    const reasoning = { effort: 'medium', summary: 'auto' } as const;
    const first = await openai.responses
      .stream({ model: 'thinking', input: 'hm?', reasoning })
      .finalResponse();
    const [thought] = first.output;
    // The type of an answer's items knows kinds that no question may hold.
    const answered = first.output as OpenAI.Responses.ResponseInputItem[];
    expect(thought).toMatchObject({ type: 'reasoning', summary: [{ text: FAKE_REASONING }] });
    const second = await openai.responses.create({
      model: 'thinking',
      input: [{ role: 'user', content: 'hm?' }, ...answered, { role: 'user', content: 'and?' }],
    });
    expect(second.output_text).toBe('I remember what I thought.');
  });

  it('gets refusals, cut answers and schemas', async () => {
    const refused = await openai.responses.create({ model: 'refusal', input: 'hi' });
    expect(refused.output[0]).toMatchObject({ content: [{ type: 'refusal' }] });
    const cut = await openai.responses.stream({ model: 'length', input: 'hi' }).finalResponse();
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
    const format = { type: 'json_schema' as const, name: 'report', schema: parameters, strict: true };
    const report = await openai.responses.create({ model: 'json-schema', input: 'hi', text: { format } });
    expect(JSON.parse(report.output_text)).toEqual(FAKE_REPORT);
  });

  it("reads the provider's own words about its request", async () => {
    const asked = openai.responses.create({ model: 'gpt-5.4-plain', input: 'hi', temperature: 0.3 });
    await expect(asked).rejects.toMatchObject({
      status: 400,
      param: 'temperature',
      message: /is not supported/,
    });
  });
});

describe('the chat client', () => {
  it.each([true, false])('gets the answer of the provider: %s', async (stream) => {
    const request = { model: 'plain', messages: [{ role: 'user' as const, content: 'hi' }], max_tokens: 50 };
    const completion = stream
      ? await openai.chat.completions
          .stream({ ...request, stream_options: { include_usage: true } })
          .finalChatCompletion()
      : await openai.chat.completions.create(request);
    expect(completion.choices[0]?.message.content).toBe(FAKE_TEXT);
    expect(completion).toMatchObject({ model: 'plain', usage: { cost: expect.closeTo(COST, 6) as unknown } });
    expect(fake.requests.at(-1)).toMatchObject({
      path: '/v1/chat/completions',
      body: { max_completion_tokens: 50 },
    });
  });

  it('is served without a setting that the model refuses', async () => {
    const completion = await openai.chat.completions.create({
      model: 'gpt-5.4-plain',
      messages: [{ role: 'user', content: 'hi' }],
      temperature: 0.3,
    });
    expect(completion.choices[0]?.message.content).toBe(FAKE_TEXT);
  });
});

describe('the messages client', () => {
  const ask = { max_tokens: 2_000, messages: [{ role: 'user' as const, content: 'hi' }] };

  it('is translated to responses, and its reasoning finds its way back', async () => {
    const thinking = { type: 'adaptive' } as const;
    const first = await anthropic.messages.stream({ ...ask, model: 'thinking', thinking }).finalMessage();
    expect(fake.requests.at(-1)).toMatchObject({ path: '/v1/responses', body: { store: false } });
    expect(first).toMatchObject({ model: 'thinking', stop_reason: 'end_turn' });
    expect(first.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
    expect(first.content[0]).toMatchObject({ thinking: FAKE_REASONING });
    const second = await anthropic.messages.create({
      ...ask,
      model: 'thinking',
      thinking,
      messages: [
        ...ask.messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: 'and?' },
      ],
    });
    expect(second.content.at(-1)).toMatchObject({ type: 'text', text: 'I remember what I thought.' });
    expect(second.usage).toMatchObject({
      input_tokens: input - cached - written,
      cache_read_input_tokens: cached,
    });
  });

  it('calls tools', async () => {
    const tools = [{ name: 'weather', input_schema: { ...parameters, type: 'object' as const } }];
    const first = await anthropic.messages.stream({ ...ask, model: 'tools', tools }).finalMessage();
    expect(first).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'weather', input: { city: 'Lisbon' } }],
    });
    const result = { type: 'tool_result' as const, tool_use_id: 'call_fake_0', content: 'sunny' };
    const second = await anthropic.messages.create({
      ...ask,
      model: 'tools',
      tools,
      messages: [
        ...ask.messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: [result] },
      ],
    });
    expect(second.content).toMatchObject([{ type: 'text', text: 'The tool said: sunny' }]);
  });
});

describe('failures', () => {
  it.each(['error-during', 'truncated', 'reset'])('%s is no end to any client', async (model) => {
    const text = { model, input: 'hi' };
    await expect(openai.responses.stream(text).finalResponse()).rejects.toThrow();
    const messages = [{ role: 'user' as const, content: 'hi' }];
    await expect(openai.chat.completions.stream({ model, messages }).finalChatCompletion()).rejects.toThrow();
    await expect(
      anthropic.messages.stream({ model, messages, max_tokens: 100 }).finalMessage(),
    ).rejects.toThrow();
  });

  it.each(['error-quota', 'error-403', 'error-before'])('%s tells nothing of the operator', async (model) => {
    const failed: unknown = await openai.responses
      .create({ model, input: 'hi' })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(OpenAI.APIError);
    expect(JSON.stringify(failed)).not.toMatch(/operator|quota|proj_|billing/);
  });

  it('a prompt that is too long is named so', async () => {
    const asked = openai.responses.create({ model: 'error-context', input: 'hi' });
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });

  it('cost nothing', async () => {
    const before = await balance();
    await openai.responses.create({ model: 'error-before', input: 'hi' }).catch(() => undefined);
    await openai.responses
      .stream({ model: 'truncated', input: 'hi' })
      .finalResponse()
      .catch(() => undefined);
    expect(await balance()).toBe(before);
  });
});

async function balance(): Promise<string> {
  const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { authorization: `Bearer ${key}` } });
  return await reply.text();
}
