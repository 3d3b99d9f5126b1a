import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAKE_USAGE } from '../packages/gateway/src/testing/fake-anthropic/answer.ts';
import type { FakeAnthropic } from '../packages/gateway/src/testing/fake-anthropic/server.ts';
import { startFakeAnthropic } from '../packages/gateway/src/testing/fake-anthropic/server.ts';
import { startGateway, type Gateway } from './support/gateway.ts';
import { cleanUp } from './support/processes.ts';

/** A gateway that resells Anthropic's API, whose models do what stands behind the `#` in their names there. */
const SCENARIOS = [
  ['plain', 'claude-haiku-4-5'],
  ['thinking', 'claude-haiku-4-5#thinking'],
  ['invalid', 'claude-haiku-4-5#invalid'],
  ['no-credit', 'claude-haiku-4-5#no-credit'],
  ['broken-off', 'claude-haiku-4-5#overloaded-mid-stream'],
  ['truncated', 'claude-haiku-4-5#truncated'],
] as const;

let fake: FakeAnthropic;
let gateway: Gateway;
let key: string;

beforeAll(async () => {
  fake = await startFakeAnthropic();
  gateway = await startGateway({ config: configOf(fake.url), env: { CLAUDE_KEY: 'sk-ant-operator' } });
  ({ key } = await gateway.customer('10'));
});

afterAll(async () => {
  await cleanUp();
  await fake.close();
});

function configOf(url: string): string {
  const model = (id: string, routes: string) => `
  - id: ${id}
    context_tokens: 32768
    max_output_tokens: 4096
    capabilities: { tools: true, vision: true, thinking: true, json_schema: true }
    price: { per_million_usd: { input: 1, cached_input: 0.1, cache_write: 2, output: 5 } }
    routes: ${routes}`;
  const route = (remote: string) => `{ upstream: claude, model: '${remote}' }`;
  const upstream = `{ kind: anthropic, base_url: '${url}', api_key_env: CLAUDE_KEY, allow_private_addresses: true }`;
  return `
brand: { name: Test, key_prefix: test }
accounts: { welcome_usd: 0 }
limits: { requests_per_minute: 100000 }
routing: { retry: { same_upstream: 0 } }
upstreams:
  claude: ${upstream}
  claude-2: ${upstream}
models:
${SCENARIOS.map(([id, remote]) => model(id, `[${route(remote)}]`)).join('')}
${model('second', `[${route('claude-haiku-4-5#invalid-key')}, { upstream: claude-2, model: claude-haiku-4-5 }]`)}
    variants:
      - { id: deep, settings: { reasoning_effort: high }, price: { credits: 1 } }
`;
}

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const messages = (model: string, more: object = {}, headers: Record<string, string> = {}) =>
  post(
    '/messages',
    { model, max_tokens: 2_000, messages: [{ role: 'user', content: 'Good morning' }], ...more },
    headers,
  );

/** Fresh input, written and read cache, and output at their prices, in USD. */
const COST =
  (FAKE_USAGE.input + 0.1 * FAKE_USAGE.cacheRead + 2 * FAKE_USAGE.cacheWrite + 5 * FAKE_USAGE.output) / 1e6;

describe('a client of the same dialect', () => {
  it('gets the whole answer of the provider, at our price and under our name', async () => {
    const headers = { 'anthropic-beta': 'one,two', 'anthropic-version': '2023-06-01', 'x-session': 's' };
    const reply = await messages('plain', { metadata: { user_id: 'u' } }, headers);
    expect(reply.status).toBe(200);
    const body = (await reply.json()) as { usage: { cost: number } };
    expect(body).toMatchObject({
      id: 'msg_01Fake',
      model: 'plain',
      content: [{ type: 'text', text: 'You said: Good morning' }],
      stop_reason: 'end_turn',
      usage: {
        input_tokens: FAKE_USAGE.input,
        cache_read_input_tokens: FAKE_USAGE.cacheRead,
        output_tokens: FAKE_USAGE.output,
      },
    });
    expect(body.usage.cost).toBeCloseTo(COST, 6);
    const request = fake.requests.at(-1);
    expect(request?.body).toMatchObject({ model: 'claude-haiku-4-5', metadata: { user_id: 'u' } });
    expect(request?.headers).toMatchObject({ 'x-api-key': 'sk-ant-operator', 'anthropic-beta': 'one,two' });
    expect(request?.headers['x-session']).toBeUndefined();
  });

  it('gets the stream of the provider, ended once', async () => {
    const reply = await messages('thinking', { stream: true });
    const events = (await reply.text()).split('\n\n').filter(Boolean);
    const names = events.map((event) => /^event: (\w+)/.exec(event)?.[1]);
    expect(names[0]).toBe('message_start');
    expect(names.slice(-2)).toEqual(['message_delta', 'message_stop']);
    expect(new Set(names).size).toBe(6);
    expect(events[0]).toContain('"model":"thinking"');
    expect(events.join('')).toContain('signature_delta');
    expect(events.at(-2)).toMatch(/"cost":0\.0001/);
  });

  it('reads why the provider refused, in its own words, and pays nothing', async () => {
    const before = await balance();
    const reply = await messages('invalid');
    expect(reply.status).toBe(400);
    expect(await reply.json()).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'messages.0.content.0: some rule was broken' },
      request_id: 'req_011CFake',
    });
    expect(await balance()).toBe(before);
  });

  it('reads nothing of the operator', async () => {
    const reply = await messages('no-credit');
    expect(reply.status).toBe(502);
    const text = await reply.text();
    expect(text).toContain('api_error');
    expect(text).not.toMatch(/credit|Plans|Anthropic/);
  });

  it.each(['broken-off', 'truncated'])('%s is no end', async (model) => {
    const text = await (await messages(model, { stream: true })).text().catch(() => '');
    expect(text).not.toContain('message_stop');
    expect(text).not.toContain('message_delta');
  });
});

describe('a client of chat completions', () => {
  it('gets a translated answer with reasoning', async () => {
    const reply = await post('/chat/completions', {
      model: 'thinking',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Good morning' },
      ],
    });
    expect(await reply.json()).toMatchObject({
      model: 'thinking',
      choices: [
        {
          message: { content: 'You said: Good morning', reasoning_content: 'Let me think. ' },
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: FAKE_USAGE.input + FAKE_USAGE.cacheRead + FAKE_USAGE.cacheWrite,
        completion_tokens: FAKE_USAGE.output,
        prompt_tokens_details: { cached_tokens: FAKE_USAGE.cacheRead },
        completion_tokens_details: { reasoning_tokens: FAKE_USAGE.thinking },
      },
    });
    expect(fake.requests.at(-1)?.body).toMatchObject({ system: [{ type: 'text', text: 'Be brief.' }] });
  });

  it('gets our words of an error', async () => {
    const reply = await post('/chat/completions', {
      model: 'invalid',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    expect(reply.status).toBe(400);
    expect(await reply.text()).not.toContain('some rule');
  });
});

it('goes to the next provider when the first refuses its key, and thinks as its variant says', async () => {
  const reply = await messages('deep', { thinking: { type: 'disabled' } });
  expect(reply.status).toBe(200);
  expect(fake.requests.at(-1)?.body).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 1_500 } });
  const body = (await reply.json()) as { content: { type: string }[] };
  expect(body.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
});

async function balance(): Promise<unknown> {
  for (;;) {
    const reply = await fetch(`${gateway.baseUrl}/balance`, { headers: { 'x-api-key': key } });
    const { held, credits } = (await reply.json()) as { held: number; credits: number };
    if (held === 0) return credits;
  }
}
