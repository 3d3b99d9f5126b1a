import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { describe, expect, test } from 'vitest';
import { OUTCOME, requestOf, USAGE } from './testing-replies.ts';
import { parseEvents, type Json } from './testing-read-stream.ts';

const FINISH: StreamPart = { type: 'finish', reason: 'stop' };
const TEXT: StreamPart = { type: 'text-delta', text: 'Hi' };

const RESPONSE = { id: 'resp_theirs', object: 'response', model: 'acme/m "1"', store: true, extra: [1] };

const event = (type: string, sequence: number, members: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...members })}\n\n`;

const CREATED =
  event('response.created', 0, { response: { ...RESPONSE, status: 'in_progress' } }) +
  event('response.in_progress', 1, { response: { ...RESPONSE, status: 'in_progress' } });
const ITEM = event('response.output_item.added', 2, {
  output_index: 0,
  item: { type: 'web_search_call', id: 'ws_1' },
});
const LAST =
  'event: response.completed\n' +
  'data: { "type":"response.completed","sequence_number":3, "response":{"id":"resp_theirs","model":"remote","store":true,' +
  '"output":[{"type":"web_search_call","usage":1}],\ndata: "usage":{"input_tokens":1,"output_tokens":1,"their":[2]},"extra":[1]}}\n\n';

const USAGE_EDITED = JSON.stringify({
  input_tokens: 18,
  output_tokens: 24,
  their: [2],
  input_tokens_details: USAGE.input_tokens_details,
  output_tokens_details: USAGE.output_tokens_details,
  total_tokens: 42,
  cost: 0.0028,
  request_id: 'req_Abc123',
});

describe('streamed', () => {
  test("a target's events pass as they are, and the charge stands in the last", () => {
    const encoder = requestOf()();
    const first = Buffer.from(CREATED + ITEM);
    expect(encoder.parts([TEXT], first)).toBe(first);
    expect(encoder.parts([FINISH], Buffer.from(LAST))).toBe('');
    expect(encoder.end(OUTCOME).toString()).toBe(
      'event: response.completed\n' +
        'data: { "type":"response.completed","sequence_number":3, "response":{"id":"resp_theirs","model":"acme/m \\"1\\"",' +
        '"store":false,"output":[{"type":"web_search_call","usage":1}], ' +
        `"usage":${USAGE_EDITED},"extra":[1]}}\n\ndata: [DONE]\n\n`,
    );
    expect(encoder.end(OUTCOME)).toBe('');
  });

  test('a last event without usage gets one, and what came with it passes before it', () => {
    const encoder = requestOf()();
    const last = event('response.incomplete', 4, {
      response: { ...RESPONSE, status: 'incomplete', usage: null },
    });
    encoder.parts([TEXT], Buffer.from(CREATED));
    encoder.parts([TEXT, FINISH], Buffer.from(ITEM + last));
    const [item, end] = parseEvents(encoder.end({ ...OUTCOME, finish: 'length' }).toString());
    expect(item?.type).toBe('response.output_item.added');
    expect(end).toMatchObject({ type: 'response.incomplete', response: { usage: USAGE, store: false } });
  });

  test('a fault in the middle fails the response that the target began, with higher numbers', () => {
    const encoder = requestOf()();
    encoder.parts([TEXT], Buffer.from(CREATED + ITEM));
    const [error, failed] = parseEvents(encoder.fault({ code: 'answer_interrupted' }));
    expect(error).toMatchObject({ type: 'error', code: 'answer_interrupted' });
    expect(error?.['sequence_number']).toBeGreaterThan(2);
    expect(failed).toMatchObject({
      type: 'response.failed',
      sequence_number: Number(error?.['sequence_number']) + 1,
      response: { ...RESPONSE, status: 'failed', store: false, error: { code: 'server_error' } },
    });
    expect(encoder.keepalive()).toBe('');
  });

  test('an end without a last event is a failure: an open end would look like a whole answer', () => {
    const encoder = requestOf()();
    encoder.parts([TEXT], Buffer.from(CREATED));
    encoder.parts([FINISH]);
    const events = parseEvents(encoder.end(OUTCOME).toString());
    expect(events.map(({ type }) => type)).toEqual(['error', 'response.failed']);
  });

  test('a keepalive is an event of its own kind, since only the target knows the next number', () => {
    const encoder = requestOf()();
    encoder.parts([TEXT], Buffer.from(CREATED));
    expect(encoder.keepalive()).toBe('event: keepalive\ndata: {"type":"keepalive"}\n\n');
  });

  test('parts without bytes among bytes are for the meter only', () => {
    const encoder = requestOf()();
    encoder.parts([TEXT], Buffer.from(CREATED));
    expect(encoder.parts([TEXT])).toBe('');
  });
});

describe('streamed, to a client that was told of our response while it waited', () => {
  const waited = () => {
    const encoder = requestOf()();
    encoder.keepalive();
    return encoder;
  };

  test('there is one response with one id', () => {
    const encoder = waited();
    expect(encoder.parts([TEXT], Buffer.from(CREATED)).toString()).toBe('');
    expect(encoder.parts([TEXT], Buffer.from(ITEM)).toString()).toBe(ITEM);
    const later = Buffer.from(event('response.in_progress', 3, { response: RESPONSE }));
    expect(encoder.parts([TEXT], later)).toBe(later);
    encoder.parts([FINISH], Buffer.from(LAST));
    const [last] = parseEvents(encoder.end(OUTCOME).toString());
    expect(last).toMatchObject({ type: 'response.completed', response: { id: 'resp_Abc123', extra: [1] } });
  });

  test('also when all of the answer comes at once', () => {
    const encoder = waited();
    expect(encoder.parts([TEXT, FINISH], Buffer.from(CREATED + ITEM + LAST))).toBe('');
    const events = parseEvents(encoder.end(OUTCOME).toString());
    expect(events.map(({ type }) => type)).toEqual(['response.output_item.added', 'response.completed']);
    expect(events[1]).toMatchObject({ response: { id: 'resp_Abc123' } });
  });

  test('and it is that response that fails', () => {
    const encoder = waited();
    encoder.parts([TEXT], Buffer.from(CREATED + ITEM));
    const failed = parseEvents(encoder.fault({ code: 'answer_interrupted' })).at(-1);
    expect(failed).toMatchObject({ response: { id: 'resp_Abc123', status: 'failed' } });
  });
});

describe('not streamed', () => {
  const theirs =
    '{ "id":"theirs", "model" : "remote","store":true,"output":[{"model":"x","usage":1}],\n' +
    '"usage":{"input_tokens":1,"output_tokens":1,"their":[2]},"extra":{}}';

  test('a body of this dialect keeps its bytes, except for model, store and usage', () => {
    const encoder = requestOf({ stream: false })();
    expect(encoder.parts([TEXT, FINISH], Buffer.from(theirs))).toBe('');
    expect(encoder.end(OUTCOME).toString()).toBe(
      '{ "id":"theirs", "model" : "acme/m \\"1\\"","store":false,"output":[{"model":"x","usage":1}],\n' +
        `"usage":${USAGE_EDITED},"extra":{}}`,
    );
  });

  test('a body that is no object is written anew from its parts', () => {
    const encoder = requestOf({ stream: false })();
    encoder.parts([TEXT, FINISH], Buffer.from('[]'));
    const response = JSON.parse(encoder.end(OUTCOME).toString()) as Json;
    expect(response).toMatchObject({ id: 'resp_Abc123', status: 'completed' });
  });
});
