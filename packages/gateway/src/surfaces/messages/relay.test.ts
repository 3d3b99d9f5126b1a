import type { StreamPart } from '@switchyard/protocol/parts.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros } from '../../core/money.ts';
import type { ReplyOptions, ReplyOutcome } from '../../core/surface.ts';
import { openMessageStream } from './encode-stream.ts';
import { openMessage } from './encode.ts';
import { readMessageStream } from './testing-read-stream.ts';

const OPTIONS: ReplyOptions = {
  requestId: 'req_1',
  model: 'our-model',
  createdAtMs: 0,
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
const CHARGED =
  '"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":5,"output_tokens":24';
const OURS = '"cost":0.0028,"request_id":"req_1"';
const STOP = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';
const FINISH: StreamPart[] = [{ type: 'finish', reason: 'stop' }];

const event = (name: string, data: string, newline = '\n') =>
  `event: ${name}${newline}data: ${data}${newline}${newline}`;
const START = event(
  'message_start',
  '{"type":"message_start","message":{"id":"msg_theirs","type":"message","role":"assistant","model":"our-model",' +
    '"content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":0}}}',
);
const BLOCK =
  event(
    'content_block_start',
    '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
  ) +
  event(
    'content_block_delta',
    '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"event: message_delta"}}',
  ) +
  event('content_block_stop', '{"type":"content_block_stop","index":0}');
const delta = (usage: string) =>
  `{"type":"message_delta","delta":{"stop_reason":"pause_turn","stop_sequence":null,"stop_details":{"x": 1}},` +
  `"context_management":{"applied_edits":[]},"usage":${usage}}`;
const DELTA = event(
  'message_delta',
  delta('{"output_tokens": 2,"server_tool_use":{"web_search_requests":1}}'),
);
const CHARGED_DELTA = event(
  'message_delta',
  delta(
    '{"output_tokens": 24,"server_tool_use":{"web_search_requests":1},"input_tokens":10,' +
      `"cache_creation_input_tokens":3,"cache_read_input_tokens":5,${OURS}}`,
  ),
);

function relay(pieces: (string | Buffer)[]): string[] {
  const encoder = openMessageStream(OPTIONS);
  const written = pieces.map((piece) => encoder.parts(FINISH, Buffer.from(piece)).toString());
  return [...written, encoder.end(OUTCOME).toString()];
}

describe('streamed', () => {
  test('bytes without the end pass untouched', () => {
    const encoder = openMessageStream(OPTIONS);
    const bytes = Buffer.from(START);
    expect(encoder.parts([], bytes)).toBe(bytes);
    expect(encoder.parts([{ type: 'text-delta', text: 'x' }])).toBe('');
  });

  test("the last delta waits for the end and gets the charged usage, all else of it is the provider's", () => {
    expect(relay([START, BLOCK, DELTA])).toEqual([START, BLOCK, '', CHARGED_DELTA + STOP]);
    expect(relay([START + BLOCK + DELTA])).toEqual([START + BLOCK, CHARGED_DELTA + STOP]);
  });

  test('what stands in one piece with it keeps its order, and what follows it is not held up', () => {
    const ping = event('ping', '{"type":"ping"}');
    expect(relay([BLOCK + DELTA + ping])).toEqual([BLOCK + ping, CHARGED_DELTA + STOP]);
  });

  test('of several deltas the last one is the end', () => {
    const early = event('message_delta', delta('{"output_tokens":1}'));
    expect(relay([early + DELTA])).toEqual([early, CHARGED_DELTA + STOP]);
    expect(relay([early, DELTA])).toEqual(['', early, CHARGED_DELTA + STOP]);
  });

  test('line ends of the other kind, and data over several lines', () => {
    const crlf = [START, BLOCK, DELTA].map((piece) => piece.replaceAll('\n', '\r\n')).join('');
    const [passed, end] = relay([crlf]);
    expect(passed).toBe((START + BLOCK).replaceAll('\n', '\r\n'));
    expect(end).toBe(CHARGED_DELTA + STOP);
    const wide = DELTA.replace(',"usage"', '\ndata: ,"usage"');
    expect(relay([wide])).toEqual(['', CHARGED_DELTA.replace(',"usage"', ' ,"usage"') + STOP]);
  });

  test.each([
    ['no usage', '{"type":"message_delta","delta":{"stop_reason":"end_turn"}}'],
    ['null', '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":null}'],
  ])('a last delta with %s gets one', (_name, data) => {
    const [, end] = relay([event('message_delta', data)]);
    expect(end).toContain(`"usage":{${CHARGED},"output_tokens_details":{"thinking_tokens":4},`);
    expect(end?.endsWith(STOP)).toBe(true);
  });

  test('without a last delta ours takes its place', () => {
    const [, end] = relay([START + BLOCK]);
    const { stop_reason, usage } = readMessageStream(START + BLOCK + end);
    expect({ stop_reason, usage }).toMatchObject({
      stop_reason: 'end_turn',
      usage: { output_tokens: 24, cost: 0.0028 },
    });
  });

  test('a fault has no end', () => {
    const encoder = openMessageStream(OPTIONS);
    encoder.parts([], Buffer.from(BLOCK + DELTA));
    expect(encoder.fault({ code: 'answer_interrupted' })).toMatch(/^event: error\ndata: /);
    expect(encoder.end(OUTCOME)).toBe('');
  });

  test('events in any pieces give the same bytes', () => {
    const events = [START, ...BLOCK.split(/(?<=\n\n)/), event('ping', '{"type":"ping"}'), DELTA];
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (cuts) => {
        const pieces = [''];
        for (const [index, one] of events.entries()) {
          pieces[pieces.length - 1] += one;
          if (cuts[index] === true) pieces.push('');
        }
        expect(relay(pieces).join('')).toBe(events.slice(0, -1).join('') + CHARGED_DELTA + STOP);
      }),
    );
  });
});

describe('not streamed', () => {
  const end = (body: string) => {
    const encoder = openMessage(OPTIONS);
    expect(encoder.parts(FINISH, Buffer.from(body))).toBe('');
    return encoder.end(OUTCOME).toString();
  };

  test('a body keeps its bytes, except for the model and the counts', () => {
    const before =
      '{ "id":"msg_theirs", "model" : "claude-x","content":[{"type":"text","text":"model","usage":1}],\n' +
      '"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2,"service_tier":"standard"},"container":null}';
    expect(end(before)).toBe(
      '{ "id":"msg_theirs", "model" : "our-model","content":[{"type":"text","text":"model","usage":1}],\n' +
        '"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":24,"service_tier":"standard",' +
        `"cache_creation_input_tokens":3,"cache_read_input_tokens":5,${OURS}},"container":null}`,
    );
  });

  test('a body without usage gets one', () => {
    expect(JSON.parse(end('{"model":"m"}'))).toMatchObject({
      model: 'our-model',
      usage: { input_tokens: 10, cost: 0.0028 },
    });
  });

  test('bytes that are no object are not handed on', () => {
    expect(JSON.parse(end('[]'))).toMatchObject({ type: 'message', content: [], stop_reason: 'end_turn' });
  });
});
