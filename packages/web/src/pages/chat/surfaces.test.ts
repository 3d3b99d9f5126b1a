import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventParser } from '../../studio/event-stream.ts';
import { emptyAnswer, SURFACE_IDS, type Answer, type SurfaceId, type Turn } from './conversation.ts';
import type { Ask } from './surface.ts';
import { SURFACES } from './surfaces.ts';

const lines = (events: readonly (object | string)[]) =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
type NamedEvent = Readonly<Record<string, unknown>> & { type: string };
const named = (events: readonly NamedEvent[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

/** Reads a stream in pieces of one size. */
function read(surface: SurfaceId, stream: string, size = stream.length): Answer {
  const draft = emptyAnswer();
  const parse = createEventParser();
  const reader = SURFACES[surface].createReader(draft);
  for (let at = 0; at < stream.length; at += size) parse(stream.slice(at, at + size)).forEach(reader);
  return draft;
}

const delta = (fields: object, reason: string | null = null) => ({
  choices: [{ index: 0, delta: fields, finish_reason: reason }],
  usage: null,
});
const piece = (index: number, fields: object) => delta({ tool_calls: [{ index, ...fields }] });

/** The same answer on each surface: thinking, text, one call, usage. */
const STREAMS: Readonly<Record<SurfaceId, string>> = {
  chat: `: keepalive\n\n${lines([
    delta({ role: 'assistant', content: '' }),
    delta({ reasoning_content: 'Let me ' }),
    delta({ reasoning_content: 'look. 🦊' }),
    delta({ content: 'I will ' }),
    delta({ content: 'look.' }),
    piece(0, { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '' } }),
    piece(0, { function: { arguments: '{"city":' } }),
    piece(0, { function: { arguments: '"Lisbon"}' } }),
    delta({}, 'tool_calls'),
    {
      choices: [],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 23,
        prompt_tokens_details: { cached_tokens: 9 },
        completion_tokens_details: { reasoning_tokens: 4 },
        cost: 0.000678,
        request_id: 'req_1',
      },
    },
    '[DONE]',
  ])}`,
  messages: named([
    { type: 'message_start', message: { usage: { input_tokens: 6, output_tokens: 0 } } },
    { type: 'ping' },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
    { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'Let me ' } },
    { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'look. 🦊' } },
    { type: 'content_block_delta', delta: { type: 'signature_delta', signature: 'swy1:x' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', delta: { type: 'text_delta', text: 'I will ' } },
    { type: 'content_block_delta', delta: { type: 'text_delta', text: 'look.' } },
    {
      type: 'content_block_start',
      content_block: { type: 'tool_use', id: 'call_1', name: 'get_weather', input: {} },
    },
    { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{"city":' } },
    { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '"Lisbon"}' } },
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use' },
      usage: {
        input_tokens: 1,
        cache_read_input_tokens: 9,
        output_tokens: 23,
        output_tokens_details: { thinking_tokens: 4 },
        cost: 0.000678,
        request_id: 'req_1',
      },
    },
    { type: 'message_stop' },
  ]),
  responses: `${named([
    { type: 'response.created' },
    { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning' } },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, delta: 'Let me ' },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, delta: 'look. 🦊' },
    {
      type: 'response.output_item.done',
      output_index: 0,
      item: { type: 'reasoning', encrypted_content: 'swy1:x' },
    },
    { type: 'response.output_item.added', output_index: 1, item: { type: 'message' } },
    { type: 'response.output_text.delta', output_index: 1, delta: 'I will ' },
    { type: 'response.output_text.delta', output_index: 1, delta: 'look.' },
    {
      type: 'response.output_item.added',
      output_index: 2,
      item: { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'get_weather', arguments: '' },
    },
    { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"city":' },
    { type: 'response.function_call_arguments.delta', output_index: 2, delta: '"Lisbon"}' },
    {
      type: 'response.completed',
      response: {
        usage: {
          input_tokens: 10,
          input_tokens_details: { cached_tokens: 9 },
          output_tokens: 23,
          output_tokens_details: { reasoning_tokens: 4 },
          cost: 0.000678,
          request_id: 'req_1',
        },
      },
    },
  ])}data: [DONE]\n\n`,
};

const ANSWER: Answer = {
  text: 'I will look.',
  thinking: [{ text: 'Let me look. 🦊', proof: 'swy1:x', isHidden: false }],
  calls: [{ id: 'call_1', name: 'get_weather', input: '{"city":"Lisbon"}', result: undefined }],
  end: 'whole',
  failure: undefined,
  usage: { inputTokens: 10, cachedTokens: 9, outputTokens: 23, reasoningTokens: 4, costMicros: 678 },
  requestId: 'req_1',
};

describe.each(SURFACE_IDS)('the stream of %s', (surface) => {
  const expected =
    surface === 'chat' ? { ...ANSWER, thinking: [{ ...ANSWER.thinking[0], proof: '' }] } : ANSWER;

  it('is read alike wherever it is split', () => {
    for (const size of [1, 2, 3, 7, 64, 10_000])
      expect(read(surface, STREAMS[surface], size)).toEqual(expected);
  });

  it('that breaks off is not taken for whole', () => {
    for (let length = 0; length < STREAMS[surface].length - 40; length += 17) {
      expect(read(surface, STREAMS[surface].slice(0, length)).end).toBe('running');
    }
  });

  it('may hold anything', () => {
    const name = fc.constantFrom('error', 'message', 'content_block_start', 'response.failed');
    fc.assert(
      fc.property(name, fc.oneof(fc.json(), fc.string()), (type, data) => {
        SURFACES[surface].createReader(emptyAnswer())({ type, data });
      }),
    );
  });
});

describe('other ends', () => {
  it.each<[SurfaceId, string, Answer['end']]>([
    ['chat', lines([delta({}, 'length'), '[DONE]']), 'length'],
    ['chat', lines([delta({}, 'content_filter'), '[DONE]']), 'refused'],
    [
      'messages',
      named([{ type: 'message_delta', delta: { stop_reason: 'max_tokens' } }, { type: 'message_stop' }]),
      'length',
    ],
    [
      'responses',
      named([
        {
          type: 'response.incomplete',
          response: { incomplete_details: { reason: 'max_output_tokens' } },
        },
      ]),
      'length',
    ],
  ])('of %s', (surface, stream, end) => {
    expect(read(surface, stream).end).toBe(end);
  });

  const error = { code: 'answer_interrupted', message: 'It broke off.' };
  it.each<[SurfaceId, string]>([
    ['chat', lines([delta({ content: 'a' }), { error }])],
    ['messages', named([{ type: 'error', error }])],
    [
      'responses',
      named([
        { type: 'error', ...error },
        { type: 'response.failed', response: {} },
      ]),
    ],
    ['responses', named([{ type: 'response.failed', response: { error } }])],
  ])('a failure in the middle, of %s', (surface, stream) => {
    expect(read(surface, stream)).toMatchObject({ end: 'failed', failure: error });
  });
});

describe('requests', () => {
  const call = { id: 'call_1', name: 'f', input: '{"a":1}', result: 'ok' };
  const turnsOn = (surface: SurfaceId): Turn[] => [
    { id: '1', role: 'user', text: 'Hi', pictures: ['data:image/png;base64,AQID'] },
    {
      id: '2',
      role: 'assistant',
      surface,
      model: 'm',
      answer: { ...ANSWER, text: 'T', calls: [call], thinking: [{ text: 'H', proof: 'P', isHidden: false }] },
    },
    { id: '3', role: 'user', text: 'On', pictures: [] },
  ];
  const ask = (surface: SurfaceId): Ask => ({
    model: 'm',
    system: 'S',
    turns: turnsOn(surface),
    temperature: 0.5,
    topP: undefined,
    maxTokens: undefined,
    effort: 'low',
    modelMaxTokens: 100,
    thinks: true,
    tools: [{ name: 'f', description: 'd', parameters: { type: 'object' } }],
  });

  it('of chat completions', () => {
    expect(SURFACES.chat.body(ask('chat'))).toEqual({
      model: 'm',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      reasoning_effort: 'low',
      tools: [
        { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } },
      ],
      messages: [
        { role: 'system', content: 'S' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hi' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } },
          ],
        },
        {
          role: 'assistant',
          content: 'T',
          reasoning_content: 'H',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
        { role: 'user', content: 'On' },
      ],
    });
  });

  it('of messages', () => {
    expect(SURFACES.messages.body(ask('messages'))).toEqual({
      model: 'm',
      max_tokens: 100,
      system: 'S',
      stream: true,
      temperature: 0.5,
      output_config: { effort: 'low' },
      tools: [{ name: 'f', description: 'd', input_schema: { type: 'object' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AQID' } },
            { type: 'text', text: 'Hi' },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'H', signature: 'P' },
            { type: 'text', text: 'T' },
            { type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'ok' }] },
        { role: 'user', content: 'On' },
      ],
    });
  });

  it('of responses', () => {
    expect(SURFACES.responses.body(ask('responses'))).toMatchObject({
      model: 'm',
      instructions: 'S',
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { summary: 'auto', effort: 'low' },
      tools: [{ type: 'function', name: 'f' }],
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'Hi' },
            { type: 'input_image', image_url: 'data:image/png;base64,AQID' },
          ],
        },
        { type: 'reasoning', encrypted_content: 'P', summary: [{ type: 'summary_text', text: 'H' }] },
        { role: 'assistant', content: 'T' },
        { type: 'function_call', call_id: 'call_1', arguments: '{"a":1}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'ok' },
        { role: 'user', content: [{ type: 'input_text', text: 'On' }] },
      ],
    });
  });

  it.each<[SurfaceId, SurfaceId]>([
    ['messages', 'responses'],
    ['responses', 'messages'],
  ])('take no proof from %s to %s', (from, to) => {
    expect(JSON.stringify(SURFACES[to].body(ask(from)))).not.toContain('"P"');
  });
});
