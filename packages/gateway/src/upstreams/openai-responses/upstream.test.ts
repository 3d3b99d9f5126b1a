import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AttemptRequest } from '../../core/attempt.ts';
import {
  FAKE_REASONING,
  FAKE_REPORT,
  FAKE_TEXT,
  FAKE_USAGE,
  sealOf,
} from '../../testing/fake-openai/scenarios.ts';
import { attemptRequest } from '../testing-upstream.ts';
import { UPSTREAM_CAUSES } from '../transport/fault-causes.ts';
import { ask, serveFake } from './testing-ask.ts';
import { joined, nativeRequest } from './testing-requests.ts';

/** A request of a client of another dialect, at a model whose name says what it does. */
function translated(remoteModel: string, chat: Partial<ChatRequest> = {}, stream = true): AttemptRequest {
  const base = attemptRequest(stream);
  return { ...base, remoteModel, chat: { ...base.chat, ...chat } };
}

function native(remoteModel: string, body: Record<string, unknown> = {}, stream = true): AttemptRequest {
  const text = JSON.stringify({ model: 'public', input: 'hi', stream, ...body });
  return { ...nativeRequest(text, { stream }), remoteModel };
}

const usage = (reasoned: boolean) => ({
  inputTokens: FAKE_USAGE.input - FAKE_USAGE.cached - FAKE_USAGE.written,
  imageInputTokens: 0,
  cacheReadTokens: FAKE_USAGE.cached,
  cacheWriteTokens: FAKE_USAGE.written,
  outputTokens: FAKE_USAGE.output - (reasoned ? FAKE_USAGE.reasoning : 0),
  reasoningTokens: reasoned ? FAKE_USAGE.reasoning : 0,
});
const finish = (
  reason: 'stop' | 'length' | 'tool-calls' | 'content-filter',
  reasoned = false,
): StreamPart => ({
  type: 'finish',
  reason,
  usage: usage(reasoned),
});
const TEXT: StreamPart = { type: 'text-delta', text: FAKE_TEXT };
const called = (index: number, city: string): StreamPart[] => [
  { type: 'tool-call-start', index, id: `call_fake_${index}`, name: 'weather' },
  { type: 'tool-call-delta', index, argumentsText: JSON.stringify({ city }) },
];
const weather = { name: 'weather', parameters: { type: 'object' } };
const png = { type: 'image', mime: 'image/png', base64: 'iVBORw0KGgo=' } as const;

const ANSWERS: [scenario: string, chat: Partial<ChatRequest>, parts: StreamPart[]][] = [
  ['plain', {}, [TEXT, finish('stop')]],
  ['tools', { tools: [weather] }, [...called(0, 'Lisbon'), finish('tool-calls')]],
  ['tools', { tools: [weather], toolChoice: 'none' }, [TEXT, finish('stop')]],
  [
    'parallel-tools',
    { tools: [weather] },
    [...called(0, 'Lisbon'), ...called(1, 'Paris'), finish('tool-calls')],
  ],
  [
    'parallel-tools',
    { tools: [weather], parallelToolCalls: false },
    [...called(0, 'Lisbon'), finish('tool-calls')],
  ],
  [
    'vision',
    { messages: [{ role: 'user', content: [png] }] },
    [{ type: 'text-delta', text: 'I see image/png of 8 bytes.' }, finish('stop')],
  ],
  [
    'thinking',
    { reasoningEffort: 'high' },
    [
      { type: 'reasoning-delta', text: FAKE_REASONING },
      { type: 'reasoning-seal', seal: { kind: 'encrypted', data: sealOf(FAKE_REASONING) } },
      TEXT,
      finish('stop', true),
    ],
  ],
  ['thinking', { reasoningEffort: 'none' }, [TEXT, finish('stop')]],
  [
    'json-schema',
    { responseFormat: { type: 'json-schema', name: 'report', schema: { type: 'object' } } },
    [{ type: 'text-delta', text: JSON.stringify(FAKE_REPORT) }, finish('stop')],
  ],
  ['length', {}, [TEXT, finish('length')]],
  ['content-filter', {}, [TEXT, finish('content-filter')]],
  ['refusal', {}, [{ type: 'refusal-delta', text: "I'm sorry, I cannot help with that." }, finish('stop')]],
  ['slow', {}, [TEXT, finish('stop')]],
];

describe('a client of another dialect', () => {
  test.each(ANSWERS)('%s %j', async (scenario, chat, parts) => {
    const { fake, upstream } = await serveFake();
    for (const stream of [true, false]) {
      const heard = await ask(upstream, translated(scenario, chat, stream));
      expect(heard.fault).toBeUndefined();
      expect(joined(heard.parts)).toEqual(parts);
      expect(heard.relay).toEqual([]);
      expect(fake.requests.at(-1)).toMatchObject({ path: '/v1/responses', body: { store: false, stream } });
    }
  });

  test('gives results of tools back', async () => {
    const { upstream } = await serveFake();
    const messages: ChatRequest['messages'] = [
      { role: 'user', content: [{ type: 'text', text: 'weather?' }] },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c1', name: 'weather', argumentsText: '{}' }] },
      { role: 'tool', callId: 'c1', content: [{ type: 'text', text: '21 degrees' }, png] },
    ];
    const heard = await ask(upstream, translated('tools', { messages, tools: [weather] }));
    expect(joined(heard.parts)[0]).toEqual({ type: 'text-delta', text: 'The tool said: 21 degrees' });
  });

  test('gives reasoning back to the provider that sealed it, and to no other', async () => {
    const { fake, upstream } = await serveFake();
    const messages: ChatRequest['messages'] = [
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'a', seal: { kind: 'encrypted', data: sealOf('a') } },
          { type: 'reasoning', text: 'b', seal: { kind: 'signature', data: 'other' } },
          { type: 'text', text: 'hello' },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'and?' }] },
    ];
    const heard = await ask(upstream, translated('thinking', { messages, reasoningEffort: 'low' }));
    expect(joined(heard.parts)).toContainEqual({ type: 'text-delta', text: 'I remember what I thought.' });
    expect(JSON.stringify(fake.requests[0]?.body)).not.toContain('other');
  });

  test('does without what the model refuses', async () => {
    const { fake, upstream } = await serveFake();
    const chat = { sampling: { temperature: 0.2, topP: 0.9 }, reasoningEffort: 'max' } as const;
    const heard = await ask(upstream, translated('gpt-5.4#plain', chat));
    expect(heard.fault).toBeUndefined();
    expect(fake.requests.at(-1)?.body).toMatchObject({ reasoning: { effort: 'xhigh', summary: 'auto' } });
    const asked = fake.requests.length;
    await ask(upstream, translated('gpt-5.4#plain', chat));
    expect(fake.requests).toHaveLength(asked + 1);
  });

  test('a model that does not think is not asked for reasoning', async () => {
    const { fake, upstream } = await serveFake();
    const heard = await ask(upstream, translated('plain', { reasoningEffort: 'high' }));
    expect(heard.fault).toBeUndefined();
    expect(fake.requests.at(-1)?.body).not.toHaveProperty('include');
  });

  test("does without another account's reasoning, this once", async () => {
    const { fake, upstream } = await serveFake();
    const messages: ChatRequest['messages'] = [
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: '', seal: { kind: 'encrypted', data: 'sealed elsewhere' } },
          { type: 'text', text: 'hello' },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'and?' }] },
    ];
    const request = translated('thinking', { messages, reasoningEffort: 'low' });
    for (const tries of [2, 4]) {
      expect((await ask(upstream, request)).fault).toBeUndefined();
      expect(fake.requests).toHaveLength(tries);
    }
  });

  test("the provider's words about a request are not for it", async () => {
    const { upstream } = await serveFake();
    const heard = await ask(upstream, translated('json-schema'));
    expect(heard.fault).toMatchObject({ code: 'invalid_request', blame: 'request' });
    expect(heard.fault?.relay).toBeUndefined();
  });
});

describe('a client of this dialect', () => {
  test('gets the events as they came, the last one with the finish', async () => {
    const { fake, upstream } = await serveFake({}, { apiKey: 'secret', headers: { 'x-extra': '1' } });
    const heard = await ask(upstream, native('plain', { user: 'u', tools: [] }));
    expect(heard.fault).toBeUndefined();
    expect(joined(heard.parts)).toEqual([TEXT, finish('stop')]);
    const last = heard.relay.at(-1)?.toString() ?? '';
    expect(last).toMatch(/^event: response\.completed\ndata: .*\n\n$/);
    const all = Buffer.concat(heard.relay).toString();
    expect(all).toMatch(/^event: response\.created\n/);
    expect(all).not.toContain('[DONE]');
    expect(all).not.toContain('plain-2026');
    expect(all.match(/"model":"public"/g)).toHaveLength(3);
    expect(fake.requests[0]?.body).toEqual({
      model: 'plain',
      input: 'hi',
      stream: true,
      tools: [],
      store: false,
      max_output_tokens: 100,
    });
    expect(fake.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-extra': '1' });
  });

  test('gets a whole reply as it came', async () => {
    const { upstream } = await serveFake();
    const heard = await ask(upstream, native('plain', {}, false));
    expect(joined(heard.parts)).toEqual([TEXT, finish('stop')]);
    expect(heard.relay).toHaveLength(1);
    expect(JSON.parse(heard.relay[0]?.toString() ?? '')).toMatchObject({
      model: 'public',
      store: false,
      safety_identifier: null,
      output: [{ content: [{ text: FAKE_TEXT }] }],
    });
  });

  test('is told by the provider what is wrong with its request', async () => {
    const { fake, upstream } = await serveFake();
    const heard = await ask(upstream, native('gpt-5.4#plain', { temperature: 0.2 }));
    expect(heard.fault).toMatchObject({ blame: 'request', relay: { status: 400 } });
    expect(heard.fault?.relay?.body.toString()).toContain("'temperature' is not supported");
    expect(fake.requests).toHaveLength(1);
  });

  test("does without another account's reasoning", async () => {
    const { fake, upstream } = await serveFake();
    const input = [
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed elsewhere' },
      { type: 'message', role: 'user', content: 'and?' },
    ];
    expect((await ask(upstream, native('thinking', { input }))).fault).toBeUndefined();
    expect(fake.requests.map(({ body }) => (body['input'] as unknown[]).length)).toEqual([2, 1]);
  });

  test('of its headers only the switches of the API go on', async () => {
    const { fake, upstream } = await serveFake();
    const request = native('plain');
    const rawHeaders = [
      'X-OpenAI-Internal-Codex-Responses-Lite',
      'true',
      'Authorization',
      'Bearer mine',
      'X-User',
      'me',
    ];
    await ask(upstream, { ...request, original: { ...request.original, rawHeaders } });
    expect(fake.requests[0]?.headers).toMatchObject({ 'x-openai-internal-codex-responses-lite': 'true' });
    expect(fake.requests[0]?.headers).not.toHaveProperty('x-user');
    expect(fake.requests[0]?.headers).not.toHaveProperty('authorization');
  });
});

describe('faults', () => {
  test.each([
    ['error-401', { blame: 'target', cause: 'auth' }],
    ['error-403', { blame: 'target', cause: 'forbidden' }],
    ['error-404', { blame: 'target', cause: 'not-found' }],
    ['error-429', { blame: 'target', cause: 'http-429', retryAfterMs: 250 }],
    ['error-quota', { blame: 'target', cause: 'credits' }],
    ['error-500', { blame: 'target', cause: 'http-5xx' }],
    ['error-503', { blame: 'target', cause: 'http-5xx', code: 'server_is_overloaded' }],
    ['error-before', { blame: 'target', cause: 'http-5xx' }],
    ['error-context', { blame: 'request', code: 'context_length_exceeded' }],
  ])('%s', async (scenario, fault) => {
    const { upstream } = await serveFake();
    for (const request of [native(scenario), native(scenario, {}, false), translated(scenario)]) {
      const heard = await ask(upstream, request);
      expect(heard.fault).toMatchObject(fault);
      expect(JSON.stringify(heard.fault)).not.toContain('operator');
      expect(heard.parts).toEqual([]);
    }
  });

  test.each([
    ['error-during', { blame: 'target', cause: 'error-in-reply' }],
    ['truncated', { blame: 'target', cause: 'truncated' }],
    ['reset', { blame: 'target', cause: 'reset' }],
  ])('%s, after half of the answer', async (scenario, fault) => {
    const { upstream } = await serveFake();
    for (const request of [native(scenario), translated(scenario)]) {
      const heard = await ask(upstream, request);
      expect(heard.fault).toMatchObject(fault);
      expect(joined(heard.parts)).toEqual([TEXT]);
    }
  });
});

test('any damage to a reply on the wire ends in one end or one fault', async () => {
  let damage = (body: Buffer) => body;
  const { upstream } = await serveFake({ damage: (body) => damage(body) });
  const requests = [
    native('thinking'),
    native('plain', {}, false),
    translated('parallel-tools', { tools: [weather] }),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2),
      fc.nat(1 << 20),
      fc.nat(255),
      fc.boolean(),
      async (which, anywhere, byte, cut) => {
        damage = (body) => {
          const at = anywhere % body.length;
          if (cut) return body.subarray(0, at);
          const changed = Buffer.from(body);
          changed[at] = byte;
          return changed;
        };
        const heard = await ask(upstream, requests[which] ?? native('plain'));
        const finishes = heard.parts.filter(({ type }) => type === 'finish').length;
        expect(finishes).toBe(heard.fault === undefined ? 1 : 0);
        if (heard.fault !== undefined) expect(UPSTREAM_CAUSES).toContain(heard.fault.cause);
      },
    ),
    { numRuns: 150 },
  );
});
