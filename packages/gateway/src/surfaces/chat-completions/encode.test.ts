import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { micros } from '../../core/money.ts';
import type { ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import { openCompletionStream } from './encode-stream.ts';
import { openCompletion } from './encode.ts';
import { chatCompletionsSurface } from './surface.ts';

const OPTIONS: ReplyOptions = {
  requestId: 'req_Abc123',
  model: 'acme/m "1"',
  createdAtMs: 1_795_176_000_999,
  estimatedInputTokens: 9,
};

type Asked = { stream?: boolean; includeUsage?: boolean };

function openReply({ stream = true, includeUsage = true }: Asked = {}) {
  return stream ? openCompletionStream(OPTIONS, includeUsage) : openCompletion(OPTIONS);
}
const OUTCOME: ReplyOutcome = {
  finish: 'stop',
  usage: {
    inputTokens: 10,
    imageInputTokens: 0,
    cacheReadTokens: 5,
    cacheWriteTokens: 3,
    outputTokens: 20,
    reasoningTokens: 4,
  },
  costMicros: micros(2_800),
};
const USAGE_JSON =
  '{"prompt_tokens":18,"completion_tokens":24,"total_tokens":42,"prompt_tokens_details":{"cached_tokens":5},' +
  '"completion_tokens_details":{"reasoning_tokens":4},"cost":0.0028,"request_id":"req_Abc123"}';
const HEAD =
  '{"id":"chatcmpl-Abc123","object":"chat.completion.chunk","created":1795176000,"model":"acme/m \\"1\\"",';

function encode(batches: StreamPart[][], asked: Asked = {}, outcome: Partial<ReplyOutcome> = {}) {
  const encoder = openReply(asked);
  const pieces = batches.map((parts) => encoder.parts(parts).toString());
  return [...pieces, encoder.end({ ...OUTCOME, ...outcome }).toString()];
}

const delta = (inner: string, reason = 'null', usage = ',"usage":null') =>
  `data: ${HEAD}"choices":[{"index":0,"delta":{${inner}},"logprobs":null,"finish_reason":${reason}}]${usage}}\n\n`;
const ROLE = delta('"role":"assistant","content":""');
const LAST = `data: ${HEAD}"choices":[],"usage":${USAGE_JSON}}\n\ndata: [DONE]\n\n`;

const CALLS: StreamPart[] = [
  { type: 'reasoning-delta', text: 'hm' },
  { type: 'text-delta', text: 'I look.' },
  { type: 'tool-call-start', index: 0, id: 'call_a', name: 'f' },
  { type: 'tool-call-delta', index: 0, argumentsText: '{"a":' },
  { type: 'tool-call-start', index: 1, id: 'call_b', name: 'g' },
  { type: 'tool-call-delta', index: 1, argumentsText: '{}' },
  { type: 'tool-call-delta', index: 0, argumentsText: '1}' },
  { type: 'finish', reason: 'stop' },
];

test('tokens of pictures are named where there are any', () => {
  const usage = { ...OUTCOME.usage, imageInputTokens: 7 };
  const text = encode([[{ type: 'finish', reason: 'stop' }]], {}, { usage }).join('');
  expect(text).toContain(
    '{"prompt_tokens":25,"completion_tokens":24,"total_tokens":49,"prompt_tokens_details":{"cached_tokens":5,"image_tokens":7},',
  );
});

describe('streamed', () => {
  test('text', () => {
    const batches: StreamPart[][] = [
      [{ type: 'text-delta', text: 'Grüße "x"\n' }],
      [
        { type: 'text-delta', text: 'a' },
        { type: 'text-delta', text: 'b' },
      ],
      [{ type: 'finish', reason: 'stop' }],
    ];
    expect(encode(batches)).toEqual([
      ROLE + delta('"content":"Grüße \\"x\\"\\n"'),
      delta('"content":"ab"'),
      '',
      delta('', '"stop"') + LAST,
    ]);
  });

  test('reasoning and parallel calls; an answer with calls ends with tool_calls whatever the engine said', () => {
    expect(encode([CALLS]).join('')).toBe(
      ROLE +
        delta('"reasoning_content":"hm"') +
        delta('"content":"I look."') +
        delta(
          '"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"f","arguments":""}}]',
        ) +
        delta('"tool_calls":[{"index":0,"function":{"arguments":"{\\"a\\":"}}]') +
        delta(
          '"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"g","arguments":""}}]',
        ) +
        delta('"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]') +
        delta('"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]') +
        delta('', '"tool_calls"') +
        LAST,
    );
  });

  test('refusal, without usage because nobody asked', () => {
    const options = { includeUsage: false };
    expect(encode([[{ type: 'refusal-delta', text: 'no' }]], options).join('')).toBe(
      delta('"role":"assistant","content":""', 'null', '') +
        delta('"refusal":"no"', 'null', '') +
        delta('', '"stop"', '') +
        'data: [DONE]\n\n',
    );
  });

  test('an empty answer still has role and finish', () => {
    expect(encode([]).join('')).toBe(ROLE + delta('', '"stop"') + LAST);
  });

  test('a fault has neither finish nor [DONE], and nothing follows it', () => {
    const encoder = openReply();
    encoder.parts([{ type: 'text-delta', text: 'half' }]);
    expect(encoder.fault({ code: 'answer_interrupted', message: 'Lost.' })).toBe(
      'data: {"error":{"message":"Lost.","type":"server_error","param":null,"code":"answer_interrupted"}}\n\n',
    );
    expect([
      encoder.parts(CALLS),
      encoder.end(OUTCOME),
      encoder.fault({ code: 'internal_error' }),
      encoder.keepalive(),
    ]).toEqual(['', '', '', '']);
  });

  test('keepalive is a comment', () => {
    const encoder = openReply();
    expect(encoder.keepalive()).toBe(': keepalive\n\n');
    expect(encoder.contentType).toBe('text/event-stream; charset=utf-8');
  });

  test('bytes of a target of this dialect pass, and only usage and terminator are ours', () => {
    const encoder = openReply();
    const relay = Buffer.from('data: {"choices":[]}\n\n');
    expect(encoder.parts([{ type: 'text-delta', text: 'x' }], relay)).toBe(relay);
    expect(encoder.parts([{ type: 'finish', reason: 'stop' }])).toBe('');
    expect(encoder.end(OUTCOME)).toBe(LAST);
  });
});

describe('not streamed', () => {
  const whole = (parts: StreamPart[], outcome: Partial<ReplyOutcome> = {}) =>
    encode([parts], { stream: false, includeUsage: false }, outcome).join('');
  const body = (message: string, reason: string) =>
    `{"id":"chatcmpl-Abc123","object":"chat.completion","created":1795176000,"model":"acme/m \\"1\\"",` +
    `"choices":[{"index":0,"message":${message},"logprobs":null,"finish_reason":"${reason}"}],"usage":${USAGE_JSON}}`;

  test('text', () => {
    const parts: StreamPart[] = [
      { type: 'text-delta', text: 'a' },
      { type: 'text-delta', text: 'b' },
    ];
    const message = '{"role":"assistant","content":"ab","refusal":null}';
    expect(whole(parts)).toBe(body(message, 'stop'));
    expect(whole(parts, { finish: 'length' })).toBe(body(message, 'length'));
    expect(whole(parts, { finish: 'content-filter' })).toBe(body(message, 'content_filter'));
    expect(whole(parts, { finish: 'tool-calls' })).toBe(body(message, 'stop'));
  });

  test('calls, with text and reasoning', () => {
    const calls =
      '[{"id":"call_a","type":"function","function":{"name":"f","arguments":"{\\"a\\":1}"}},' +
      '{"id":"call_b","type":"function","function":{"name":"g","arguments":"{}"}}]';
    expect(whole(CALLS)).toBe(
      body(
        `{"role":"assistant","content":"I look.","reasoning_content":"hm","refusal":null,"tool_calls":${calls}}`,
        'tool_calls',
      ),
    );
    expect(whole(CALLS.slice(2))).toBe(
      body(`{"role":"assistant","content":null,"refusal":null,"tool_calls":${calls}}`, 'tool_calls'),
    );
  });

  test('refusal and nothing', () => {
    expect(whole([{ type: 'refusal-delta', text: 'no' }])).toBe(
      body('{"role":"assistant","content":null,"refusal":"no"}', 'stop'),
    );
    expect(whole([])).toBe(body('{"role":"assistant","content":"","refusal":null}', 'stop'));
  });

  test('a body of this dialect keeps its bytes, except for model and usage', () => {
    const encoder = openReply({ stream: false });
    const relay = Buffer.from(
      '{ "id":"theirs", "model" : "remote","choices":[{"index":0,"message":{"model":"x","usage":1}}],\n"usage":{"prompt_tokens":1},"timings":{}}',
    );
    expect(encoder.parts([{ type: 'finish', reason: 'stop' }], relay)).toBe('');
    expect(encoder.end(OUTCOME).toString()).toBe(
      `{ "id":"theirs", "model" : "acme/m \\"1\\"","choices":[{"index":0,"message":{"model":"x","usage":1}}],\n"usage":${USAGE_JSON},"timings":{}}`,
    );
    expect(encoder.end(OUTCOME)).toBe('');
  });

  test('a fault is an error body, and there is no keepalive', () => {
    const encoder = openReply({ stream: false });
    expect(encoder.keepalive()).toBe('');
    expect(encoder.fault({ code: 'upstream_timeout' })).toContain('"code":"upstream_timeout"');
    expect(encoder.contentType).toBe('application/json');
  });
});

test.each([
  [0, '0'],
  [1, '0.000001'],
  [2_800, '0.0028'],
  [1_000_000, '1'],
  [9_007_199_254_740_991, '9007199254.740991'],
])('a cost of %d µ$ is written as %s', (amount, text) => {
  const [last] = encode([], { stream: false }, { costMicros: micros(amount) });
  expect(last).toContain(`"cost":${text},"request_id":`);
  JSON.parse(last ?? '');
});

test('every error of the catalogue has all four keys', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const body = JSON.parse(chatCompletionsSurface.renderFault({ code, param: 'a.b' }, 'req_1')) as {
      error: object;
    };
    expect(body).toEqual({
      error: { message: ERRORS[code].publicMessage, type: ERRORS[code].openaiType, param: 'a.b', code },
    });
  }
});

/** What a strict client makes of a stream: it throws where the official one does. */
function readStream(text: string) {
  const events = text.split('\n\n');
  expect(events.pop()).toBe('');
  expect(events.pop()).toBe('data: [DONE]');
  const seen = {
    content: '',
    reasoning: '',
    refusal: '',
    calls: [] as { id: string; name: string; arguments: string }[],
  };
  const reasons: string[] = [];
  type Delta = {
    role?: string;
    content?: string;
    reasoning_content?: string;
    refusal?: string;
    tool_calls?: {
      index: number;
      id?: string;
      type?: string;
      function: { name?: string; arguments: string };
    }[];
  };
  for (const [index, event] of events.entries()) {
    const chunk = JSON.parse(event.slice('data: '.length)) as {
      choices: { delta: Delta; finish_reason: string | null }[];
    };
    const choice = chunk.choices[0];
    if (choice === undefined) continue;
    expect(choice.delta.role).toBe(index === 0 ? 'assistant' : undefined);
    expect(reasons).toEqual([]);
    seen.content += choice.delta.content ?? '';
    seen.reasoning += choice.delta.reasoning_content ?? '';
    seen.refusal += choice.delta.refusal ?? '';
    for (const call of choice.delta.tool_calls ?? []) {
      if (call.id !== undefined) {
        expect(call).toMatchObject({ index: seen.calls.length, type: 'function' });
        seen.calls.push({ id: call.id, name: call.function.name ?? '', arguments: '' });
      }
      const known = seen.calls[call.index];
      if (known === undefined) throw new Error('a delta without its call');
      known.arguments += call.function.arguments;
    }
    if (choice.finish_reason !== null) reasons.push(choice.finish_reason);
  }
  return { ...seen, reasons };
}

test('any parts in any batches give one role, one finish, one [DONE], and the same content as not streamed', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });
  const step = fc.oneof(
    fc.record({
      type: fc.constantFrom('text-delta' as const, 'reasoning-delta' as const, 'refusal-delta' as const),
      text,
    }),
    fc.record({ type: fc.constant('call' as const), text }),
    fc.record({ type: fc.constant('arguments' as const), text, of: fc.nat(9) }),
  );
  const reason = fc.constantFrom<FinishReason>('stop', 'length', 'tool-calls', 'content-filter');
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.boolean())), reason, (steps, finish) => {
      const batches: StreamPart[][] = [[]];
      let calls = 0;
      for (const [one, isNewBatch] of steps) {
        if (isNewBatch) batches.push([]);
        const batch = batches.at(-1);
        if (one.type === 'call')
          batch?.push({ type: 'tool-call-start', index: calls++, id: `id${calls}`, name: one.text });
        else if (one.type === 'arguments') {
          if (calls > 0)
            batch?.push({ type: 'tool-call-delta', index: one.of % calls, argumentsText: one.text });
        } else batch?.push(one);
      }
      batches.push([{ type: 'finish', reason: finish }]);
      const read = readStream(encode(batches, {}, { finish }).join(''));
      const whole = JSON.parse(encode([batches.flat()], { stream: false }, { finish }).join('')) as {
        choices: [{ message: Record<string, unknown>; finish_reason: string }];
      };
      const { message, finish_reason } = whole.choices[0];
      expect(read.reasons).toEqual([finish_reason]);
      expect(read.content).toBe(message['content'] ?? '');
      expect(read.reasoning).toBe(message['reasoning_content'] ?? '');
      expect(read.refusal).toBe(message['refusal'] ?? '');
      const called = (message['tool_calls'] ?? []) as {
        id: string;
        function: { name: string; arguments: string };
      }[];
      expect(read.calls).toEqual(called.map((call) => ({ id: call.id, ...call.function })));
    }),
    { numRuns: 1000 },
  );
});
