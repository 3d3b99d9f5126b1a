import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { encode, OUTCOME, requestOf, USAGE } from './testing-replies.ts';
import { parseEvents, readStream } from './testing-read-stream.ts';

const RESPONSE = (
  status: string,
  rest = '"completed_at":null,"error":null,"incomplete_details":null,"output":[],"usage":null',
) =>
  `{"id":"resp_Abc123","object":"response","created_at":1795176000,"model":"acme/m \\"1\\"","status":"${status}",${rest},` +
  '"instructions":null,"tools":[],"tool_choice":"auto","parallel_tool_calls":true,' +
  '"text":{"format":{"type":"text"}},"reasoning":{"effort":null,"summary":null},"temperature":1,"top_p":1,' +
  '"presence_penalty":0,"frequency_penalty":0,"top_logprobs":0,"max_output_tokens":null,"max_tool_calls":null,' +
  '"truncation":"disabled","metadata":{},"user":null,"safety_identifier":null,"prompt_cache_key":null,' +
  '"service_tier":"default","previous_response_id":null,"background":false,"store":false}';

const line = (type: string, sequence: number, members: string) =>
  `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequence},${members}}\n\n`;

const OPENING =
  line('response.created', 0, `"response":${RESPONSE('in_progress')}`) +
  line('response.in_progress', 1, `"response":${RESPONSE('in_progress')}`);

/** One line for each event behind the opening, with what matters in it. */
function outline(text: string): string[] {
  readStream(text);
  return parseEvents(text)
    .slice(2)
    .map((event) => {
      const { type, sequence_number: _number, response, item, ...rest } = event;
      const place = [rest['output_index'], rest['content_index'] ?? rest['summary_index']].filter(
        (index) => index !== undefined,
      );
      const told =
        rest['delta'] ??
        rest['text'] ??
        rest['refusal'] ??
        rest['arguments'] ??
        rest['input'] ??
        item ??
        rest['part'];
      const { status } = (response ?? {}) as { status?: string };
      return [type.replace('response.', ''), place.map(String).join('.'), JSON.stringify(told) ?? status]
        .filter((word) => word !== '')
        .join(' ');
    });
}

test('text, byte for byte', () => {
  const batches: StreamPart[][] = [
    [{ type: 'text-delta', text: 'Grüße "x"\n' }],
    [
      { type: 'text-delta', text: 'a' },
      { type: 'text-delta', text: '' },
      { type: 'text-delta', text: 'b' },
    ],
    [{ type: 'finish', reason: 'stop' }],
  ];
  const place = '"item_id":"msg_Abc123_0","output_index":0,"content_index":0';
  const head = '"id":"msg_Abc123_0","type":"message","status"';
  const whole = String.raw`"Grüße \"x\"\nab"`;
  const part = `{"type":"output_text","annotations":[],"logprobs":[],"text":${whole}}`;
  const item = `{${head}:"completed","role":"assistant","content":[${part}]}`;
  expect(encode(batches)).toEqual([
    OPENING +
      line(
        'response.output_item.added',
        2,
        `"output_index":0,"item":{${head}:"in_progress","role":"assistant","content":[]}`,
      ) +
      line(
        'response.content_part.added',
        3,
        `${place},"part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}`,
      ) +
      line('response.output_text.delta', 4, String.raw`${place},"delta":"Grüße \"x\"\n","logprobs":[]`),
    line('response.output_text.delta', 5, `${place},"delta":"ab","logprobs":[]`),
    '',
    line('response.output_text.done', 6, `${place},"text":${whole},"logprobs":[]`) +
      line('response.content_part.done', 7, `${place},"part":${part}`) +
      line('response.output_item.done', 8, `"output_index":0,"item":${item}`) +
      line(
        'response.completed',
        9,
        `"response":${RESPONSE(
          'completed',
          `"completed_at":1795176002,"error":null,"incomplete_details":null,"output":[${item}],"usage":${JSON.stringify(USAGE)}`,
        )}`,
      ) +
      'data: [DONE]\n\n',
  ]);
});

const THINK: StreamPart[] = [
  { type: 'reasoning-delta', text: 'First ' },
  { type: 'reasoning-delta', text: 'this.' },
  { type: 'reasoning-seal', seal: { kind: 'signature', data: 'sig' } },
  { type: 'text-delta', text: 'Yes.' },
];

describe('reasoning', () => {
  const message = [
    'output_item.added 1 {"id":"msg_Abc123_1","type":"message","status":"in_progress","role":"assistant","content":[]}',
    'content_part.added 1.0 {"type":"output_text","annotations":[],"logprobs":[],"text":""}',
    'output_text.delta 1.0 "Yes."',
    'output_text.done 1.0 "Yes."',
    'content_part.done 1.0 {"type":"output_text","annotations":[],"logprobs":[],"text":"Yes."}',
    'output_item.done 1 {"id":"msg_Abc123_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Yes."}]}',
    'completed completed',
  ];

  test('as its own text', () => {
    expect(outline(encode([THINK]).join(''))).toEqual([
      'output_item.added 0 {"id":"rs_Abc123_0","type":"reasoning","status":"in_progress","summary":[],"content":[]}',
      'content_part.added 0.0 {"type":"reasoning_text","text":""}',
      'reasoning_text.delta 0.0 "First this."',
      'reasoning_text.done 0.0 "First this."',
      'content_part.done 0.0 {"type":"reasoning_text","text":"First this."}',
      'output_item.done 0 {"id":"rs_Abc123_0","type":"reasoning","status":"completed","summary":[],"content":[{"type":"reasoning_text","text":"First this."}]}',
      ...message,
    ]);
  });

  test('as the summary that was asked for, with what the client keeps', () => {
    const fields = { reasoning: { summary: 'auto' }, include: ['reasoning.encrypted_content'] };
    expect(outline(encode([THINK], fields).join(''))).toEqual([
      'output_item.added 0 {"id":"rs_Abc123_0","type":"reasoning","status":"in_progress","summary":[],"encrypted_content":null}',
      'reasoning_summary_part.added 0.0 {"type":"summary_text","text":""}',
      'reasoning_summary_text.delta 0.0 "First this."',
      'reasoning_summary_text.done 0.0 "First this."',
      'reasoning_summary_part.done 0.0 {"type":"summary_text","text":"First this."}',
      'output_item.done 0 {"id":"rs_Abc123_0","type":"reasoning","status":"completed","summary":[{"type":"summary_text","text":"First this."}],"encrypted_content":"swy1:s:sig"}',
      ...message,
    ]);
  });

  test('seals without text wait for content, and are shown only to clients that keep them', () => {
    const parts: StreamPart[] = [
      { type: 'reasoning-seal', seal: { kind: 'encrypted', data: 'gAAA' } },
      { type: 'text-delta', text: 'Yes.' },
    ];
    const kept = encode([parts.slice(0, 1), parts.slice(1)], {
      include: ['reasoning.encrypted_content'],
    });
    expect(kept[0]).toBe('');
    expect(readStream(kept.join('')).items).toMatchObject([
      { type: 'reasoning', content: [], encrypted_content: 'gAAA' },
      { type: 'message' },
    ]);
    expect(readStream(encode([parts]).join('')).items).toMatchObject([{ type: 'message' }]);
  });
});

const TOOLS = {
  tools: [
    { type: 'function', name: 'f', parameters: { type: 'object' } },
    { type: 'custom', name: 'apply_patch' },
    { type: 'namespace', name: 'crm', description: 'd', tools: [{ type: 'function', name: 'find' }] },
  ],
};

describe('calls', () => {
  test('one, with arguments in pieces', () => {
    const batches: StreamPart[][] = [
      [{ type: 'tool-call-start', index: 0, id: 'call_a', name: 'f' }],
      [{ type: 'tool-call-delta', index: 0, argumentsText: '{"a":' }],
      [{ type: 'tool-call-delta', index: 0, argumentsText: '1}' }],
    ];
    expect(outline(encode(batches, TOOLS, { finish: 'tool-calls' }).join(''))).toEqual([
      'output_item.added 0 {"id":"fc_Abc123_0","type":"function_call","status":"in_progress","call_id":"call_a","name":"f","arguments":""}',
      String.raw`function_call_arguments.delta 0 "{\"a\":"`,
      'function_call_arguments.delta 0 "1}"',
      String.raw`function_call_arguments.done 0 "{\"a\":1}"`,
      String.raw`output_item.done 0 {"id":"fc_Abc123_0","type":"function_call","status":"completed","call_id":"call_a","name":"f","arguments":"{\"a\":1}"}`,
      'completed completed',
    ]);
  });

  test('several at once, behind a text', () => {
    const parts: StreamPart[] = [
      { type: 'text-delta', text: 'I look.' },
      { type: 'tool-call-start', index: 0, id: 'call_a', name: 'f' },
      { type: 'tool-call-delta', index: 0, argumentsText: '{"a":' },
      { type: 'tool-call-start', index: 1, id: 'call_b', name: 'f' },
      { type: 'tool-call-delta', index: 1, argumentsText: '{}' },
      { type: 'tool-call-delta', index: 0, argumentsText: '1}' },
    ];
    expect(readStream(encode([parts], TOOLS).join('')).items).toMatchObject([
      { type: 'message', content: [{ text: 'I look.' }] },
      { type: 'function_call', call_id: 'call_a', arguments: '{"a":1}' },
      { type: 'function_call', call_id: 'call_b', arguments: '{}' },
    ]);
  });

  test('a custom tool, whose input streams', () => {
    const batches: StreamPart[][] = [
      [{ type: 'tool-call-start', index: 0, id: 'call_a', name: 'apply_patch' }],
      [{ type: 'tool-call-delta', index: 0, argumentsText: '{"input":"*** Begin\\' }],
      [{ type: 'tool-call-delta', index: 0, argumentsText: 'nx"}' }],
    ];
    expect(outline(encode(batches, TOOLS).join(''))).toEqual([
      'output_item.added 0 {"id":"ctc_Abc123_0","type":"custom_tool_call","status":"in_progress","call_id":"call_a","name":"apply_patch","input":""}',
      'custom_tool_call_input.delta 0 "*** Begin"',
      String.raw`custom_tool_call_input.delta 0 "\nx"`,
      String.raw`custom_tool_call_input.done 0 "*** Begin\nx"`,
      String.raw`output_item.done 0 {"id":"ctc_Abc123_0","type":"custom_tool_call","status":"completed","call_id":"call_a","name":"apply_patch","input":"*** Begin\nx"}`,
      'completed completed',
    ]);
  });

  test('a tool in a namespace has its bare name; empty arguments are an empty object', () => {
    const parts: StreamPart[] = [{ type: 'tool-call-start', index: 0, id: 'call_a', name: 'crm__find' }];
    expect(outline(encode([parts], TOOLS).join(''))).toEqual([
      'output_item.added 0 {"id":"fc_Abc123_0","type":"function_call","status":"in_progress","call_id":"call_a","name":"find","namespace":"crm","arguments":""}',
      'function_call_arguments.delta 0 "{}"',
      'function_call_arguments.done 0 "{}"',
      'output_item.done 0 {"id":"fc_Abc123_0","type":"function_call","status":"completed","call_id":"call_a","name":"find","namespace":"crm","arguments":"{}"}',
      'completed completed',
    ]);
  });

  test('calls without an id, or with the same, get one of their own; unknown names stay', () => {
    const parts: StreamPart[] = ['', 'call_a', 'call_a'].map((id, index) => {
      return { type: 'tool-call-start', index, id, name: 'made_up' };
    });
    const { items } = readStream(encode([parts], TOOLS).join(''));
    expect(items.map((item) => [item['call_id'], item['name']])).toEqual([
      ['call_Abc123_0', 'made_up'],
      ['call_a', 'made_up'],
      ['call_Abc123_2', 'made_up'],
    ]);
  });
});

describe('other ends', () => {
  test('a refusal is a part of its own', () => {
    const parts: StreamPart[] = [
      { type: 'text-delta', text: 'Hm.' },
      { type: 'refusal-delta', text: 'No.' },
    ];
    expect(outline(encode([parts]).join('')).slice(4)).toEqual([
      'content_part.done 0.0 {"type":"output_text","annotations":[],"logprobs":[],"text":"Hm."}',
      'content_part.added 0.1 {"type":"refusal","refusal":""}',
      'refusal.delta 0.1 "No."',
      'refusal.done 0.1 "No."',
      'content_part.done 0.1 {"type":"refusal","refusal":"No."}',
      'output_item.done 0 {"id":"msg_Abc123_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hm."},{"type":"refusal","refusal":"No."}]}',
      'completed completed',
    ]);
  });

  test.each([
    ['length', 'max_output_tokens'],
    ['content-filter', 'content_filter'],
  ] as const)('%s cuts the last item', (finish, reason) => {
    const parts: StreamPart[] = [
      { type: 'tool-call-start', index: 0, id: 'a', name: 'f' },
      { type: 'tool-call-delta', index: 0, argumentsText: '{}' },
      { type: 'tool-call-start', index: 1, id: 'b', name: 'f' },
    ];
    const { response, events } = readStream(encode([parts], TOOLS, { finish }).join(''));
    expect(events.at(-1)?.type).toBe('response.incomplete');
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason },
      completed_at: null,
      usage: USAGE,
      output: [
        { status: 'completed', arguments: '{}' },
        { status: 'incomplete', arguments: '' },
      ],
    });
  });

  test('an engine that begins more items than any answer has is cut, and nothing of it is kept', () => {
    const flip: StreamPart[] = [
      { type: 'text-delta', text: 'a' },
      { type: 'reasoning-delta', text: 'b' },
      { type: 'text-delta', text: 'c' },
      { type: 'refusal-delta', text: 'd' },
      { type: 'tool-call-start', index: 0, id: '', name: 'f' },
      { type: 'reasoning-seal', seal: { kind: 'redacted', data: 'x' } },
    ];
    const parts = Array.from({ length: LIMITS.outputItemsMax }, () => flip).flat();
    const { response } = readStream(encode([parts], { include: ['reasoning.encrypted_content'] }).join(''));
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
    expect((response['output'] as unknown[]).length).toBeLessThanOrEqual(LIMITS.outputItemsMax);
  });

  test('a custom call has no word for being cut', () => {
    const parts: StreamPart[] = [
      { type: 'tool-call-start', index: 0, id: 'a', name: 'apply_patch' },
      { type: 'tool-call-delta', index: 0, argumentsText: '{"input":"*** Beg' },
    ];
    const { response } = readStream(encode([parts], TOOLS, { finish: 'length' }).join(''));
    expect(response).toMatchObject({
      status: 'incomplete',
      output: [{ status: 'completed', input: '*** Beg' }],
    });
  });

  test('an answer of nothing is complete', () => {
    const { response } = readStream(encode([[{ type: 'finish', reason: 'stop' }]]).join(''));
    expect(response).toMatchObject({ status: 'completed', output: [], usage: USAGE });
  });

  test('a fault in the middle: an error, then the failed response with what there was, and nothing follows', () => {
    const encoder = requestOf()();
    const start = encoder.parts([{ type: 'text-delta', text: 'half' }]).toString();
    const { events, response } = readStream(
      start + encoder.fault({ code: 'answer_interrupted', message: 'Lost.' }),
    );
    expect(events.at(-2)).toMatchObject({
      type: 'error',
      code: 'answer_interrupted',
      message: 'Lost.',
      param: null,
      error: { type: 'server_error', code: 'answer_interrupted', message: 'Lost.', param: null },
    });
    expect(response).toMatchObject({
      status: 'failed',
      error: { code: 'server_error', message: 'Lost.' },
      usage: null,
      output: [{ type: 'message', status: 'incomplete', content: [{ text: 'half' }] }],
    });
    const parts: StreamPart[] = [{ type: 'text-delta', text: 'more' }];
    expect([
      encoder.parts(parts),
      encoder.end(OUTCOME),
      encoder.fault({ code: 'internal_error' }),
      encoder.keepalive(),
    ]).toEqual(['', '', '', '']);
  });

  test('a fault before any content', () => {
    const { events, response } = readStream(requestOf()().fault({ code: 'server_is_overloaded' }));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'error',
      'response.failed',
    ]);
    expect(response).toMatchObject({ output: [], error: { code: 'server_is_overloaded' } });
  });
});

describe('keepalive', () => {
  test('is the response in progress, with the next number', () => {
    const encoder = requestOf()();
    let text = encoder.parts([{ type: 'text-delta', text: 'a' }]).toString();
    text += encoder.keepalive();
    text += encoder.parts([{ type: 'text-delta', text: 'b' }]).toString();
    text += encoder.keepalive() + encoder.end(OUTCOME).toString();
    const { events, response } = readStream(text);
    expect(events.filter(({ type }) => type === 'response.in_progress')).toHaveLength(3);
    expect(response['output']).toMatchObject([{ content: [{ text: 'ab' }] }]);
  });

  test('before any content it opens the response, and the next try goes on with it', () => {
    const open = requestOf();
    const lost = open();
    const waiting = lost.keepalive();
    expect(waiting).toBe(OPENING);
    expect(lost.keepalive()).toBe(line('response.in_progress', 1, `"response":${RESPONSE('in_progress')}`));
    const next = open();
    const rest = next.parts([{ type: 'text-delta', text: 'a' }]).toString() + next.end(OUTCOME).toString();
    expect(readStream(waiting + rest).response).toMatchObject({ output: [{ content: [{ text: 'a' }] }] });
    expect(rest).not.toContain('response.created');
  });

  test('parts without content say nothing yet, so that another target can take over', () => {
    const encoder = requestOf({ include: ['reasoning.encrypted_content'] })();
    expect(encoder.parts([{ type: 'reasoning-seal', seal: { kind: 'redacted', data: 'x' } }])).toBe('');
    expect(encoder.parts([{ type: 'text-delta', text: '' }])).toBe('');
    expect(encoder.contentType).toBe('text/event-stream; charset=utf-8');
  });
});
