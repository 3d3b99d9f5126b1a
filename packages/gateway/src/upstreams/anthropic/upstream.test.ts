import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { describe, expect, test } from 'vitest';
import { FAKE_USAGE } from '../../testing/fake-anthropic/answer.ts';
import { streamEvents } from '../../testing/fake-anthropic/events.ts';
import { signatureOf } from '../../testing/fake-anthropic/signature.ts';
import { ask, attempt, connect, relayOf, serve, textOf, WEATHER_TOOL } from './testing-ask.ts';
import { listen } from '../testing-upstream.ts';

const USAGE = {
  inputTokens: FAKE_USAGE.input,
  imageInputTokens: 0,
  cacheReadTokens: FAKE_USAGE.cacheRead,
  cacheWriteTokens: FAKE_USAGE.cacheWrite,
  outputTokens: FAKE_USAGE.output - FAKE_USAGE.thinking,
  reasoningTokens: FAKE_USAGE.thinking,
};

/** Deltas of one kind joined. */
function joined(parts: readonly StreamPart[]): StreamPart[] {
  const whole: StreamPart[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (last !== undefined && 'text' in last && 'text' in part && last.type === part.type)
      last.text += part.text;
    else if (last?.type === 'tool-call-delta' && part.type === 'tool-call-delta' && last.index === part.index)
      last.argumentsText += part.argumentsText;
    else whole.push({ ...part });
  }
  return whole;
}

describe.each([true, false])('answers, streamed: %s', (stream) => {
  const cases: [scenario: string, model: string, parts: StreamPart[]][] = [
    [
      '',
      'claude-haiku-4-5',
      [
        { type: 'text-delta', text: 'You said: Good morning' },
        { type: 'finish', reason: 'stop', usage: USAGE },
      ],
    ],
    [
      '#thinking',
      'claude-haiku-4-5',
      [
        { type: 'reasoning-delta', text: 'Let me think. ' },
        { type: 'reasoning-seal', seal: { kind: 'signature', data: signatureOf('Let me think. ') } },
        { type: 'text-delta', text: 'You said: Good morning' },
        { type: 'finish', reason: 'stop', usage: USAGE },
      ],
    ],
    [
      '#redacted',
      'claude-haiku-4-5',
      [
        { type: 'reasoning-seal', seal: { kind: 'redacted', data: signatureOf('redacted') } },
        { type: 'text-delta', text: 'You said: Good morning' },
        { type: 'finish', reason: 'stop', usage: USAGE },
      ],
    ],
    [
      '#refusal',
      'claude-haiku-4-5',
      [
        { type: 'refusal-delta', text: 'This was declined.' },
        { type: 'finish', reason: 'content-filter', usage: USAGE },
      ],
    ],
    [
      '#max-tokens',
      'claude-haiku-4-5',
      [
        { type: 'text-delta', text: 'Once upon a' },
        { type: 'finish', reason: 'length', usage: USAGE },
      ],
    ],
    [
      '#context-window',
      'claude-haiku-4-5',
      [
        { type: 'text-delta', text: 'Once upon a' },
        { type: 'finish', reason: 'length', usage: USAGE },
      ],
    ],
    [
      '#stop-sequence',
      'claude-haiku-4-5',
      [
        { type: 'text-delta', text: 'Up to here' },
        { type: 'finish', reason: 'stop', stopSequence: 'END', usage: USAGE },
      ],
    ],
    ['#empty', 'claude-haiku-4-5', [{ type: 'finish', reason: 'stop', usage: USAGE }]],
  ];

  test.each(cases)('%s', async (scenario, model, parts) => {
    const heard = await ask(await serve(), { model: model + scenario, stream });
    expect(heard.fault).toBeUndefined();
    expect(joined(heard.parts)).toEqual(parts);
    expect(heard.relay).toEqual([]);
  });

  test('calls, by one and by two, with the arguments as the model wrote them', async () => {
    const served = await serve();
    for (const [scenario, count] of [
      ['#tools', 1],
      ['#parallel-tools', 2],
    ] as const) {
      const model = `claude-haiku-4-5${scenario}`;
      const { parts } = await ask(served, { model, stream, chat: { tools: [WEATHER_TOOL] } });
      const ids = parts.flatMap((part) => (part.type === 'tool-call-start' ? [part.id] : []));
      expect(new Set(ids).size).toBe(count);
      expect(joined(parts)).toEqual([
        ...ids.flatMap((id, index) => [
          { type: 'tool-call-start', index, id, name: 'get_weather' },
          { type: 'tool-call-delta', index, argumentsText: '{"city":"Lisbon"}' },
        ]),
        { type: 'finish', reason: 'tool-calls', usage: USAGE },
      ]);
    }
  });
});

describe('a client of the same dialect', () => {
  test('gets the events of the stream as they came, with our name of the model', async () => {
    const served = await serve();
    const model = 'claude-haiku-4-5#thinking';
    const heard = await ask(served, { model, body: { metadata: { user_id: 'u' } } });
    const events = streamEvents('public', {
      blocks: [
        { type: 'thinking', thinking: 'Let me think. ', signature: signatureOf('Let me think. ') },
        { type: 'text', text: 'You said: Good morning', citations: null },
      ],
      stop: { stop_reason: 'end_turn' },
    });
    const expected = events.filter((one) => !/^event: (?:ping|message_stop)\n/.test(one));
    expect(relayOf(heard)).toBe(expected.join(''));
    expect(heard.parts.at(-1)).toEqual({ type: 'finish', reason: 'stop', usage: USAGE });
  });

  test('gets the last event together with the finish, and nothing before the first content', async () => {
    const calls: [StreamPart['type'][], string][] = [];
    const heard = listen();
    const { upstream } = await serve({ gapMs: 1 });
    const { sink } = heard;
    const inner = sink.onParts.bind(sink);
    sink.onParts = (parts, relay) => {
      calls.push([parts.map(({ type }) => type), relay?.toString() ?? '']);
      inner(parts, relay);
    };
    upstream.start(attempt({ model: 'claude-haiku-4-5#slow', body: {} }), sink);
    await heard.ended;
    const [first] = calls;
    expect(first?.[0]).toContain('text-delta');
    expect(first?.[1]).toMatch(/^event: message_start\n/);
    const last = calls.at(-1);
    expect(last?.[0]).toContain('finish');
    expect(last?.[1]).toMatch(/event: message_delta\ndata: [^\n]*\n\n$/);
    expect(calls.slice(0, -1).some(([, bytes]) => bytes.includes('message_delta'))).toBe(false);
  });

  test('gets a whole body as it came', async () => {
    const heard = await ask(await serve(), { stream: false, body: {} });
    const body = JSON.parse(relayOf(heard)) as Record<string, unknown>;
    expect(body).toMatchObject({ type: 'message', stop_reason: 'end_turn', content: [{ type: 'text' }] });
    expect(heard.relay).toHaveLength(1);
  });

  test('gets the blocks of tools that run at the provider, where the operator allows them', async () => {
    const served = await serve({}, { allowPaidExtras: true });
    const tools = [{ type: 'web_search_20260318', name: 'web_search' }];
    const heard = await ask(served, { model: 'claude-haiku-4-5#web-search', body: { tools } });
    expect(relayOf(heard)).toContain('web_search_tool_result');
    // They count as output, but are no calls for the client.
    expect(heard.parts.map(({ type }) => type)).toContain('tool-call-start');
    expect(heard.parts.at(-1)).toMatchObject({ type: 'finish', reason: 'stop' });
    const whole = await ask(served, {
      model: 'claude-haiku-4-5#web-search',
      stream: false,
      body: { tools },
    });
    expect(relayOf(whole)).toContain('web_search_tool_result');
  });

  test('that cannot know the model behind our name is understood all the same', async () => {
    const served = await serve();
    const messages = [
      { role: 'user', content: 'Good morning' },
      { role: 'system', content: [{ type: 'text', text: 'Be kind.', cache_control: { type: 'ephemeral' } }] },
    ];
    const body = { messages, thinking: { type: 'adaptive' }, output_config: { effort: 'high' } };
    const chat = { reasoningEffort: 'high' as const };
    for (const model of ['claude-haiku-4-5', 'claude-sonnet-4-6', 'claude-opus-5-5']) {
      const heard = await ask(served, { model, body, chat });
      expect(heard.fault).toBeUndefined();
      expect(relayOf(heard)).toContain('signature_delta');
    }
    const named = await ask(served, { body, chat, more: { replyModel: 'claude-haiku-4-5' } });
    expect(named.fault?.relay?.body.toString()).toContain('messages.1.role');
  });

  test('with reasoning of another kind of model is translated, so that the provider takes it', async () => {
    const served = await serve();
    const messages = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 'swy1:-' },
          { type: 'text', text: 'Hello' },
        ],
      },
      { role: 'user', content: 'Bye' },
    ];
    const chat = {
      messages: [
        { role: 'user' as const, content: [{ type: 'text' as const, text: 'Hi' }] },
        {
          role: 'assistant' as const,
          content: [
            { type: 'reasoning' as const, text: 'Hm' },
            { type: 'text' as const, text: 'Hello' },
          ],
        },
        { role: 'user' as const, content: [{ type: 'text' as const, text: 'Bye' }] },
      ],
    };
    const heard = await ask(served, { body: { messages }, chat });
    expect(heard.fault).toBeUndefined();
    expect(textOf(heard)).toBe('You said: Bye');
    expect(heard.relay).toEqual([]);
    expect(JSON.stringify(served.fake.requests[0]?.body)).not.toContain('Hm');

    const nativeOnly = { code: 'unsupported_parameter', param: 'messages[0].content[1]' } as const;
    const refused = await ask(served, { body: { messages }, chat, more: { nativeOnly } });
    expect(refused.fault).toMatchObject({
      code: 'unsupported_parameter',
      blame: 'request',
      message: expect.stringMatching(/^messages\[0\]\.content\[1\]:/) as string,
    });
    expect(served.fake.requests).toHaveLength(1);
  });
});

describe('what the provider is sent', () => {
  test('the key, the version and nothing of the client that is not of the dialect', async () => {
    const served = await serve({}, { headers: { 'x-team': 'a', 'anthropic-beta': 'operator-1' } });
    const rawHeaders = [
      'Authorization',
      'Bearer sk-switchyard-client',
      'x-api-key',
      'sk-switchyard-client',
      'X-Claude-Code-Session-Id',
      'session',
      'Anthropic-Version',
      '2024-10-22',
      'anthropic-beta',
      'one,two',
      'anthropic-beta',
      'three',
    ];
    await ask(served, { body: {}, rawHeaders });
    const [request] = served.fake.requests;
    expect(request?.headers).toMatchObject({
      'x-api-key': 'sk-ant-operator',
      'anthropic-version': '2024-10-22',
      'anthropic-beta': 'operator-1,one,two,three',
      'x-team': 'a',
    });
    expect(request?.headers['authorization']).toBeUndefined();
    expect(JSON.stringify(request?.headers)).not.toMatch(/session|client/);
  });

  test('a client of another dialect gives no headers', async () => {
    const served = await serve();
    await ask(served, { rawHeaders: ['anthropic-beta', 'x', 'anthropic-version', 'y'] });
    expect(served.fake.requests[0]?.headers).toMatchObject({ 'anthropic-version': '2023-06-01' });
    expect(served.fake.requests[0]?.headers['anthropic-beta']).toBeUndefined();
  });

  test.each(['', '/v1', '/v1/', '/'])(
    'the path is the same with a base address that ends in "%s"',
    async (end) => {
      const { fake } = await serve();
      const heard = await ask({ upstream: connect(fake.url + end) });
      expect(heard.fault).toBeUndefined();
    },
  );
});

test('names of tools that the API refuses come back as the client wrote them', async () => {
  const served = await serve();
  const tools = [
    { ...WEATHER_TOOL, name: 'weather.get' },
    { ...WEATHER_TOOL, name: 'weather_get' },
  ];
  const toolChoice = { name: 'weather.get' };
  const { parts, fault } = await ask(served, { chat: { tools, toolChoice } });
  expect(fault).toBeUndefined();
  expect(parts[0]).toMatchObject({ type: 'tool-call-start', name: 'weather.get' });
  expect(served.fake.requests[0]?.body).toMatchObject({
    tools: [{ name: 'weather_get_2' }, { name: 'weather_get' }],
    tool_choice: { type: 'tool', name: 'weather_get_2' },
  });
});
