import type { StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../core/errors.ts';
import { ERRORS } from '../../core/errors.ts';
import { micros } from '../../core/money.ts';
import type { ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import { openMessageStream } from './encode-stream.ts';
import { openMessage } from './encode.ts';
import { createJsonEnd } from './json-end.ts';
import { messagesSurface } from './surface.ts';
import { answers } from './testing-answers.ts';
import { readMessageStream } from './testing-read-stream.ts';

const OPTIONS: ReplyOptions = {
  requestId: 'req_Abc123',
  model: 'acme/m "1"',
  createdAtMs: 1_795_176_000_999,
  estimatedInputTokens: 9,
};
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
const USAGE =
  '{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":5,"output_tokens":24,' +
  '"output_tokens_details":{"thinking_tokens":4},"server_tool_use":null,"cost":0.0028,"request_id":"req_Abc123"}';

const text = (value: string): StreamPart => ({ type: 'text-delta', text: value });
const reasoning = (value: string): StreamPart => ({ type: 'reasoning-delta', text: value });
const seal = (kind: 'signature' | 'redacted' | 'encrypted', data: string): StreamPart => {
  return { type: 'reasoning-seal', seal: { kind, data } };
};
const call = (index: number, id: string, name: string): StreamPart => {
  return { type: 'tool-call-start', index, id, name };
};
const input = (index: number, argumentsText: string): StreamPart => {
  return { type: 'tool-call-delta', index, argumentsText };
};

type Asked = { outcome?: Partial<ReplyOutcome>; options?: Partial<ReplyOptions> };

function streamed(batches: StreamPart[][], { outcome, options }: Asked = {}): string[] {
  const encoder = openMessageStream({ ...OPTIONS, ...options });
  const pieces = batches.map((parts) => encoder.parts(parts).toString());
  return [...pieces, encoder.end({ ...OUTCOME, ...outcome }).toString()];
}

function whole(parts: StreamPart[], { outcome, options }: Asked = {}): string {
  const encoder = openMessage({ ...OPTIONS, ...options });
  expect(encoder.parts(parts)).toBe('');
  return encoder.end({ ...OUTCOME, ...outcome }).toString();
}

const event = (name: string, rest: string) =>
  `event: ${name}\ndata: {"type":"${name}"${rest === '' ? '' : `,${rest}`}}\n\n`;
const START = event(
  'message_start',
  '"message":{"id":"msg_Abc123","type":"message","role":"assistant","model":"acme/m \\"1\\"","content":[],' +
    '"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,' +
    '"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}',
);
const open = (index: number, block: string) =>
  event('content_block_start', `"index":${index},"content_block":${block}`);
const delta = (index: number, type: string, member: string) =>
  event('content_block_delta', `"index":${index},"delta":{"type":"${type}",${member}}`);
const close = (index: number) => event('content_block_stop', `"index":${index}`);
const last = (reason: string, sequence = 'null') =>
  event(
    'message_delta',
    `"delta":{"stop_reason":"${reason}","stop_sequence":${sequence},"stop_details":null,"container":null},"usage":${USAGE}`,
  ) + event('message_stop', '');

const TEXT_BLOCK = '{"type":"text","text":""}';
const THINKING_BLOCK = '{"type":"thinking","thinking":"","signature":""}';

describe('streamed', () => {
  test('text: each batch leaves at once, texts that come together as one delta', () => {
    expect(streamed([[text('Grüße "x"\n')], [text('a'), text('b')], [], [text('')]])).toEqual([
      START + open(0, TEXT_BLOCK) + delta(0, 'text_delta', '"text":"Grüße \\"x\\"\\n"'),
      delta(0, 'text_delta', '"text":"ab"'),
      '',
      '',
      close(0) + last('end_turn'),
    ]);
  });

  test('reasoning, sealed, foreign, redacted and without a seal', () => {
    const parts = [
      reasoning('one'),
      seal('signature', 'EqQB+/=='),
      reasoning('two'),
      seal('encrypted', 'gAAA'),
      seal('redacted', 'Emw'),
      reasoning('three'),
      text('so'),
    ];
    expect(streamed([parts]).join('')).toBe(
      START +
        open(0, THINKING_BLOCK) +
        delta(0, 'thinking_delta', '"thinking":"one"') +
        delta(0, 'signature_delta', '"signature":"EqQB+/=="') +
        close(0) +
        open(1, THINKING_BLOCK) +
        delta(1, 'thinking_delta', '"thinking":"two"') +
        delta(1, 'signature_delta', '"signature":"swy1:e:gAAA"') +
        close(1) +
        open(2, '{"type":"redacted_thinking","data":"Emw"}') +
        close(2) +
        open(3, THINKING_BLOCK) +
        delta(3, 'thinking_delta', '"thinking":"three"') +
        delta(3, 'signature_delta', '"signature":"swy1:-"') +
        close(3) +
        open(4, TEXT_BLOCK) +
        delta(4, 'text_delta', '"text":"so"') +
        close(4) +
        last('end_turn'),
    );
  });

  test('a seal leaves with the reasoning that it ends, and one without reasoning has a block of its own', () => {
    const pieces = streamed([[reasoning('hm')], [seal('signature', 'S1')], [seal('signature', 'S2')]]);
    expect(pieces[1]).toBe(delta(0, 'signature_delta', '"signature":"S1"') + close(0));
    expect(pieces[2]).toBe(
      open(1, THINKING_BLOCK) + delta(1, 'signature_delta', '"signature":"S2"') + close(1),
    );
  });

  test('calls one after the other are streamed as they come', () => {
    const pieces = streamed(
      [
        [call(0, 'call_a', 'f'), input(0, '{"a":')],
        [input(0, '1}')],
        [call(1, 'call_b', 'g'), input(1, '{}')],
      ],
      { outcome: { finish: 'tool-calls' } },
    );
    expect(pieces).toEqual([
      START +
        open(0, '{"type":"tool_use","id":"call_a","name":"f","input":{}}') +
        delta(0, 'input_json_delta', '"partial_json":"{\\"a\\":"'),
      delta(0, 'input_json_delta', '"partial_json":"1}"'),
      close(0) +
        open(1, '{"type":"tool_use","id":"call_b","name":"g","input":{}}') +
        delta(1, 'input_json_delta', '"partial_json":"{}"'),
      close(1) + last('tool_use'),
    ]);
  });

  test('a call that goes on after another has begun gets all of its input', () => {
    const pieces = streamed([
      [call(0, 'a', 'f'), input(0, '{"x":"}')],
      [call(1, 'b', 'g'), input(1, '{}'), text('and')],
      [input(0, '\\""}')],
    ]);
    expect(pieces[1]).toBe('');
    expect(readMessageStream(pieces.join('')).content).toEqual([
      { type: 'tool_use', id: 'a', name: 'f', input: '{"x":"}\\""}' },
      { type: 'tool_use', id: 'b', name: 'g', input: '{}' },
      { type: 'text', text: 'and' },
    ]);
  });

  test('what waits behind a call that never ends is bounded', () => {
    const encoder = openMessageStream(OPTIONS);
    encoder.parts([call(0, 'a', 'f'), input(0, '{"x":')]);
    const long = 'y'.repeat(100_000);
    let shown = '';
    for (let count = 0; count < 12; count += 1) shown += encoder.parts([text(long)]).toString();
    expect(shown.length).toBeGreaterThan(1_000_000);
    // The call was closed as it is: nothing may be added to it any more.
    expect(encoder.parts([input(0, '1}')])).toBe('');
    const { content } = readMessageStream(
      streamed([[call(0, 'a', 'f'), input(0, '{"x":'), text('t')]]).join(''),
    );
    expect(content).toEqual([
      { type: 'tool_use', id: 'a', name: 'f', input: '{"x":' },
      { type: 'text', text: 't' },
    ]);
  });

  test('an empty answer still begins and ends', () => {
    expect(streamed([]).join('')).toBe(START + last('end_turn'));
  });

  test('a fault has no end, and nothing follows it', () => {
    const encoder = openMessageStream(OPTIONS);
    encoder.parts([text('half')]);
    expect(encoder.fault({ code: 'answer_interrupted', message: 'Lost.' })).toBe(
      event(
        'error',
        '"error":{"type":"api_error","message":"Lost.","code":"answer_interrupted"},"request_id":"req_Abc123"',
      ),
    );
    expect([
      encoder.parts([text('more')]),
      encoder.end(OUTCOME),
      encoder.fault({ code: 'internal_error' }),
      encoder.keepalive(),
    ]).toEqual(['', '', '', '']);
  });

  test('keepalive is a ping, also before the start', () => {
    const encoder = openMessageStream(OPTIONS);
    expect(encoder.contentType).toBe('text/event-stream; charset=utf-8');
    const pieces = [
      encoder.keepalive(),
      encoder.parts([text('a')]),
      encoder.keepalive(),
      encoder.end(OUTCOME),
    ];
    expect(pieces[0]).toBe(event('ping', ''));
    expect(readMessageStream(pieces.join('')).content).toEqual([{ type: 'text', text: 'a' }]);
  });
});

describe('not streamed', () => {
  const body = (content: string, reason: string) =>
    '{"id":"msg_Abc123","type":"message","role":"assistant","model":"acme/m \\"1\\"",' +
    `"content":[${content}],"stop_reason":"${reason}","stop_sequence":null,"stop_details":null,"container":null,` +
    `"usage":${USAGE}}`;

  test('text, reasoning and calls', () => {
    const parts = [
      reasoning('hm'),
      seal('signature', 'S'),
      seal('redacted', 'R'),
      text('a'),
      text('b'),
      call(0, 'call_a', 'f'),
      input(0, '{"a": 12345678901234567890}'),
      call(1, 'call_b', 'g'),
    ];
    expect(whole(parts)).toBe(
      body(
        '{"type":"thinking","thinking":"hm","signature":"S"},{"type":"redacted_thinking","data":"R"},' +
          '{"type":"text","text":"ab"},' +
          '{"type":"tool_use","id":"call_a","name":"f","input":{"a": 12345678901234567890}},' +
          '{"type":"tool_use","id":"call_b","name":"g","input":{}}',
        'tool_use',
      ),
    );
  });

  test.each([
    ['', '{}'],
    [' \n', '{}'],
    ['{"a":', '{"INVALID_JSON":"{\\"a\\":"}'],
    ['{}{}', '{"INVALID_JSON":"{}{}"}'],
    ['[1]', '{"INVALID_JSON":"[1]"}'],
    ['null', '{"INVALID_JSON":"null"}'],
    ['"x"', '{"INVALID_JSON":"\\"x\\""}'],
  ])('arguments %j become the input %s', (argumentsText, json) => {
    expect(whole([call(0, 'c', 'f'), input(0, argumentsText)])).toContain(
      `"content":[{"type":"tool_use","id":"c","name":"f","input":${json}}],`,
    );
  });

  test('nothing', () => {
    expect(whole([])).toBe(body('', 'end_turn'));
  });

  test('a fault is an error body, and there is no keepalive', () => {
    const encoder = openMessage(OPTIONS);
    expect(encoder.contentType).toBe('application/json');
    expect(encoder.keepalive()).toBe('');
    expect(JSON.parse(encoder.fault({ code: 'upstream_timeout' }))).toMatchObject({
      type: 'error',
      error: { type: 'timeout_error', code: 'upstream_timeout' },
      request_id: 'req_Abc123',
    });
    expect(encoder.end(OUTCOME)).toBe('');
  });
});

describe('the reason why it ended', () => {
  const refusal: StreamPart = { type: 'refusal-delta', text: 'no' };
  const calling = [call(0, 'c', 'f'), input(0, '{}')];
  test.each<[string, StreamPart[], Partial<ReplyOutcome>, [string, string | null]]>([
    ['text', [text('a')], { finish: 'stop' }, ['end_turn', null]],
    ['calls, whatever the engine said', calling, { finish: 'stop' }, ['tool_use', null]],
    ['calls', calling, { finish: 'tool-calls' }, ['tool_use', null]],
    ['no calls, whatever the engine said', [text('a')], { finish: 'tool-calls' }, ['end_turn', null]],
    ['the cap', [text('a')], { finish: 'length' }, ['max_tokens', null]],
    ['the cap within a call', calling, { finish: 'length' }, ['max_tokens', null]],
    [
      'a call that breaks off',
      [call(0, 'c', 'f'), input(0, '{"a":"/tm')],
      { finish: 'stop' },
      ['max_tokens', null],
    ],
    [
      'a call without input',
      [call(0, 'c', 'f'), input(0, ' ')],
      { finish: 'tool-calls' },
      ['tool_use', null],
    ],
    ['a filter', [text('a')], { finish: 'content-filter' }, ['refusal', null]],
    ['a refusal of the model', [refusal], { finish: 'stop' }, ['refusal', null]],
    ['a stop string', [text('a')], { finish: 'stop', stopSequence: 'END' }, ['stop_sequence', 'END']],
    ['a stop string behind calls', calling, { finish: 'stop', stopSequence: 'END' }, ['tool_use', null]],
    ['an empty answer', [], { finish: 'stop' }, ['end_turn', null]],
  ])('%s', (_name, parts, outcome, [reason, sequence]) => {
    const expected = { stop_reason: reason, stop_sequence: sequence };
    expect(readMessageStream(streamed([parts], { outcome }).join(''))).toMatchObject(expected);
    expect(JSON.parse(whole(parts, { outcome }))).toMatchObject(expected);
  });

  test("the words of a refusal are text, and go on in the answer's own block", () => {
    const { content } = JSON.parse(whole([text('I '), refusal])) as { content: unknown };
    expect(content).toEqual([{ type: 'text', text: 'I no' }]);
  });
});

test('tokens of pictures count as input', () => {
  const usage = { ...OUTCOME.usage, imageInputTokens: 7 };
  expect(whole([], { outcome: { usage } })).toContain('"usage":{"input_tokens":17,');
});

test.each([
  [0, '0'],
  [1, '0.000001'],
  [9_007_199_254_740_991, '9007199254.740991'],
])('a cost of %d µ$ is written as %s', (amount, written) => {
  expect(whole([], { outcome: { costMicros: micros(amount) } })).toContain(`"cost":${written},"request_id":`);
});

test('every error of the catalogue has its type, its place and the id of the request', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const fault = { code, param: 'a.b', retryAfterMs: 2_000 };
    expect(JSON.parse(messagesSurface.renderFault(fault, 'req_1'))).toEqual({
      type: 'error',
      error: { type: ERRORS[code].anthropicType, message: `a.b: ${ERRORS[code].publicMessage}`, code },
      request_id: 'req_1',
    });
  }
});

test('an overload that no wait will end is no overload for Claude Code, which would go on asking', () => {
  const body = messagesSurface.renderFault({ code: 'server_is_overloaded' }, 'req_1');
  expect(JSON.parse(body)).toMatchObject({ error: { type: 'api_error', code: 'server_is_overloaded' } });
});

test('any answer in any batches is read back by a strict client as it is not streamed', () => {
  fc.assert(
    fc.property(answers, ({ batches, finish }) => {
      const read = readMessageStream(streamed(batches, { outcome: { finish } }).join(''));
      const message = JSON.parse(whole(batches.flat(), { outcome: { finish } })) as { content: unknown[] };
      expect({ ...read, content: read.content.map(withParsedInput) }).toEqual(message);
    }),
    { numRuns: 1000 },
  );
});

test('no text of an answer is lost, whatever the order of its parts', () => {
  fc.assert(
    fc.property(answers, ({ batches }) => {
      const { content } = readMessageStream(streamed(batches).join(''));
      const said = (type: string, member: string) =>
        content.flatMap((block) => (block.type === type ? [block[member]] : [])).join('');
      const parts = batches.flat();
      const joined = (...types: string[]) =>
        parts.flatMap((part) => ('text' in part && types.includes(part.type) ? [part.text] : [])).join('');
      expect(said('text', 'text')).toBe(joined('text-delta', 'refusal-delta'));
      expect(said('thinking', 'thinking')).toBe(joined('reasoning-delta'));
      const calls = parts
        .filter((part) => part.type === 'tool-call-start')
        .map(({ id, name }) => ({ id, name }));
      const uses = content.filter((block) => block.type === 'tool_use');
      expect(uses.map(({ id, name }) => ({ id, name }))).toEqual(calls);
      for (const [index, use] of uses.entries()) {
        const all = parts
          .flatMap((part) =>
            part.type === 'tool-call-delta' && part.index === index ? part.argumentsText : [],
          )
          .join('');
        const got = String(use['input']);
        expect(all.trimStart().startsWith(got)).toBe(true);
        // Only what comes behind a closed object or array may be missing.
        if (got !== all.trimStart()) expect(isClosed(got)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

function isClosed(json: string): boolean {
  const end = createJsonEnd();
  end.push(json);
  return end.state() === 'closed';
}

/** The rule for input that is no object, as the whole reply has it. */
function withParsedInput(block: Record<string, unknown>): unknown {
  if (block['type'] !== 'tool_use') return block;
  const json = String(block['input']) || '{}';
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { ...block, input: value };
  } catch {
    // Falls through.
  }
  return { ...block, input: { INVALID_JSON: json } };
}
