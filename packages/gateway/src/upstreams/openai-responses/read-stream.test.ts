import type { StreamPart } from '@switchyard/protocol/parts.ts';
import { describe, expect, test } from 'vitest';
import type { UpstreamFault } from '../transport/fault-causes.ts';
import { openStreamReader } from './read-stream.ts';
import { event, joined, readAll, type Read } from './testing-requests.ts';

type Options = { relay?: boolean; replyModel?: 'theirs'; maxBytes?: number };

function read(text: string | readonly Buffer[], options: Options = {}): Read {
  const { relay = false, maxBytes = Number.POSITIVE_INFINITY } = options;
  const replyModel = options.replyModel === 'theirs' ? undefined : 'public';
  const pieces = typeof text === 'string' ? [Buffer.from(text)] : text;
  return readAll(openStreamReader({ relay, replyModel, maxBytes }), pieces);
}

const partsOf = (text: string, options?: Options): StreamPart[] => joined(read(text, options).parts);
const faultOf = (text: string, options?: Options): Partial<UpstreamFault> | undefined => {
  const { state } = read(text, options);
  return typeof state === 'object' ? state : undefined;
};

const response = (fields: Record<string, unknown> = {}) => ({ id: 'resp_1', model: 'remote', ...fields });
const completed = (fields: Record<string, unknown> = {}) =>
  event('response.completed', { response: response({ status: 'completed', output: [], ...fields }) });
const added = (item: unknown, output_index = 0) =>
  event('response.output_item.added', { output_index, item });
const done = (item: unknown, output_index = 0) => event('response.output_item.done', { output_index, item });
const delta = (text: string, place: Record<string, unknown> = {}) =>
  event('response.output_text.delta', { output_index: 0, content_index: 0, delta: text, ...place });
const message = (...texts: string[]) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  content: texts.map((text) => ({ type: 'output_text', text })),
});
const call = (fields: Record<string, unknown> = {}) => ({
  id: 'fc_1',
  type: 'function_call',
  call_id: 'call_1',
  name: 'f',
  arguments: '{"a":1}',
  ...fields,
});
const argumentsDelta = (text: string) =>
  event('response.function_call_arguments.delta', { output_index: 0, item_id: 'fc_1', delta: text });

const FINISH: StreamPart = { type: 'finish', reason: 'stop' };
const text = (value: string): StreamPart => ({ type: 'text-delta', text: value });
const reasoning = (value: string): StreamPart => ({ type: 'reasoning-delta', text: value });
const sealed = (data: string): StreamPart => ({ type: 'reasoning-seal', seal: { kind: 'encrypted', data } });
const start = (index: number, id: string, name: string): StreamPart => ({
  type: 'tool-call-start',
  index,
  id,
  name,
});
const argument = (index: number, argumentsText: string): StreamPart => ({
  type: 'tool-call-delta',
  index,
  argumentsText,
});
const CALLED: StreamPart = { type: 'finish', reason: 'tool-calls' };

describe('each text is given out once', () => {
  const summary = (value: string, summary_index: number) =>
    event('response.reasoning_summary_text.delta', { output_index: 0, summary_index, delta: value });

  test.each<[what: string, stream: string, parts: StreamPart[]]>([
    [
      'deltas that later events repeat',
      added(message()) +
        delta('Hel') +
        delta('lo') +
        event('response.output_text.done', { output_index: 0, content_index: 0, text: 'Hello' }) +
        done(message('Hello')) +
        completed({ output: [message('Hello')] }),
      [text('Hello'), FINISH],
    ],
    ['an item without deltas', done(message('Hello')) + completed(), [text('Hello'), FINISH]],
    ['nothing but the end', completed({ output: [message('Hello')] }), [text('Hello'), FINISH]],
    ['deltas without an item', delta('Hello') + completed(), [text('Hello'), FINISH]],
    [
      'an end that numbers its items otherwise',
      delta('a', { output_index: 1 }) + completed({ output: [{ ...message('a'), id: 'other' }] }),
      [text('a'), FINISH],
    ],
    [
      'a second content part that came without deltas',
      delta('a') + done(message('a', 'b')) + completed(),
      [text('ab'), FINISH],
    ],
    [
      'items whose index is miscounted, known by their id',
      delta('a', { item_id: 'msg_1' }) + done(message('a'), 3) + completed(),
      [text('a'), FINISH],
    ],
    [
      'items whose id changes, known by their index',
      delta('a', { item_id: 'other' }) + done(message('a')) + completed(),
      [text('a'), FINISH],
    ],
    [
      'content indexes that count deltas',
      delta('a', { content_index: 7 }) + delta('b', { content_index: 8 }) + done(message('ab')) + completed(),
      [text('ab'), FINISH],
    ],
    [
      'a refusal',
      event('response.refusal.delta', { output_index: 0, content_index: 0, delta: 'No' }) +
        done({ type: 'message', content: [{ type: 'refusal', refusal: 'No' }] }) +
        completed(),
      [{ type: 'refusal-delta', text: 'No' }, FINISH],
    ],
    [
      'a refusal without deltas',
      done({ type: 'message', content: [{ type: 'refusal', refusal: 'No' }] }) + completed(),
      [{ type: 'refusal-delta', text: 'No' }, FINISH],
    ],
    [
      'summaries, set apart, and the seal of the finished item',
      added({ id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'unfinished' }) +
        summary('a', 0) +
        summary('b', 0) +
        summary('c', 1) +
        done({
          id: 'rs_1',
          type: 'reasoning',
          summary: [{ text: 'ab' }, { text: 'c' }],
          encrypted_content: 'E',
        }) +
        completed(),
      [reasoning('ab\n\nc'), sealed('E'), FINISH],
    ],
    [
      'summaries without deltas',
      done({ type: 'reasoning', summary: [{ text: 'a' }, { text: 'b' }], encrypted_content: 'E' }) +
        completed(),
      [reasoning('a\n\nb'), sealed('E'), FINISH],
    ],
    [
      'a seal alone',
      done({ type: 'reasoning', summary: [], encrypted_content: 'E' }) + completed(),
      [sealed('E'), FINISH],
    ],
    [
      'reasoning itself, as local servers give it',
      event('response.reasoning_text.delta', { output_index: 0, content_index: 0, delta: 'hm' }) +
        done({
          type: 'reasoning',
          content: [{ type: 'reasoning_text', text: 'hm' }],
          encrypted_content: null,
        }) +
        completed(),
      [reasoning('hm'), FINISH],
    ],
    [
      'a call in deltas',
      added(call({ arguments: '' })) +
        argumentsDelta('{"a"') +
        argumentsDelta(':1}') +
        event('response.function_call_arguments.done', { output_index: 0, arguments: '{"a":1}' }) +
        done(call()) +
        completed(),
      [start(0, 'call_1', 'f'), argument(0, '{"a":1}'), CALLED],
    ],
    [
      'a call without deltas',
      done(call()) + completed(),
      [start(0, 'call_1', 'f'), argument(0, '{"a":1}'), CALLED],
    ],
    [
      'a call announced with its arguments',
      added(call()) + done(call()) + completed(),
      [start(0, 'call_1', 'f'), argument(0, '{"a":1}'), CALLED],
    ],
    [
      'deltas of a call that nobody announced: its end tells all',
      argumentsDelta('{"a"') + done(call()) + completed(),
      [start(0, 'call_1', 'f'), argument(0, '{"a":1}'), CALLED],
    ],
    [
      'a call without arguments',
      done(call({ arguments: '' })) + completed(),
      [start(0, 'call_1', 'f'), CALLED],
    ],
    [
      'a call that lacks its call id has that of its item',
      done(call({ call_id: undefined })) + completed(),
      [start(0, 'fc_1', 'f'), argument(0, '{"a":1}'), CALLED],
    ],
    [
      'calls beside each other, and text before them',
      delta('ok') +
        added(call({ arguments: '' }), 1) +
        added(call({ id: 'fc_2', call_id: 'call_2', name: 'g', arguments: '' }), 2) +
        event('response.function_call_arguments.delta', { output_index: 2, item_id: 'fc_2', delta: '2' }) +
        event('response.function_call_arguments.delta', { output_index: 1, item_id: 'fc_1', delta: '1' }) +
        done(call({ arguments: '1' }), 1) +
        done(call({ id: 'fc_2', call_id: 'call_2', name: 'g', arguments: '2' }), 2) +
        completed(),
      [
        text('ok'),
        start(0, 'call_1', 'f'),
        start(1, 'call_2', 'g'),
        argument(1, '2'),
        argument(0, '1'),
        CALLED,
      ],
    ],
  ])('%s', (_what, stream, parts) => {
    expect(partsOf(stream)).toEqual(parts);
  });
});

describe('items that only a client of this dialect can have asked for', () => {
  const custom = {
    id: 'ctc_1',
    type: 'custom_tool_call',
    call_id: 'call_1',
    name: 'apply_patch',
    input: 'patch',
  };
  const stream =
    added({ ...custom, input: '' }) +
    event('response.custom_tool_call_input.delta', { output_index: 0, item_id: 'ctc_1', delta: 'patch' }) +
    done(custom) +
    completed();

  test('are nothing to others', () => {
    expect(partsOf(stream)).toEqual([FINISH]);
  });

  test('count for its meter: no such answer is empty', () => {
    expect(partsOf(stream, { relay: true })).toEqual([
      start(0, 'call_1', 'apply_patch'),
      argument(0, 'patch'),
      CALLED,
    ]);
  });

  test.each(['web_search_call', 'image_generation_call', 'compaction', 'something_new'])(
    'a %s counts, and asks nothing of the client',
    (type) => {
      expect(partsOf(done({ id: 'x_1', type }) + completed(), { relay: true })).toEqual([
        start(0, 'x_1', type),
        FINISH,
      ]);
    },
  );

  test.each(['computer_call', 'local_shell_call', 'shell_call', 'apply_patch_call'])(
    'a %s asks the client to act',
    (type) => {
      expect(partsOf(done({ id: 'x_1', type }) + completed(), { relay: true }).at(-1)).toEqual(CALLED);
    },
  );
});

describe('ends', () => {
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
    output_tokens: 50,
    output_tokens_details: { reasoning_tokens: 30 },
    total_tokens: 150,
  };

  test('usage in its buckets', () => {
    expect(read(completed({ usage })).parts).toEqual([
      {
        ...FINISH,
        usage: {
          inputTokens: 30,
          imageInputTokens: 0,
          cacheReadTokens: 60,
          cacheWriteTokens: 10,
          outputTokens: 20,
          reasoningTokens: 30,
        },
      },
    ]);
  });

  test.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content-filter'],
    ['something_new', 'length'],
    [undefined, 'length'],
  ])('incomplete for %s', (reason, finish) => {
    const incomplete_details = reason === undefined ? null : { reason };
    const stream = event('response.incomplete', {
      response: response({ status: 'incomplete', incomplete_details }),
    });
    expect(read(stream).parts).toEqual([{ type: 'finish', reason: finish }]);
  });

  test('a status that is left out is what the event says', () => {
    expect(read(event('response.incomplete', { response: response() })).parts).toEqual([
      { type: 'finish', reason: 'length' },
    ]);
  });

  test.each<[what: string, stream: string, cause: string]>([
    ['no bytes', '', 'truncated'],
    ['no end', delta('a') + done(message('a')), 'truncated'],
    ['a terminator without an end', `${delta('a')}data: [DONE]\n\n`, 'truncated'],
    ['half an end', delta('a') + completed().slice(0, -20), 'truncated'],
    ['an end without a response', event('response.completed'), 'bad-event'],
    [
      'an end that says it goes on',
      event('response.completed', { response: { status: 'in_progress' } }),
      'error-in-reply',
    ],
    [
      'an end that says it failed',
      event('response.completed', { response: { status: 'failed' } }),
      'error-in-reply',
    ],
    ['a cancel', event('response.cancelled', { response: { status: 'cancelled' } }), 'error-in-reply'],
    ['no JSON', 'data: hello\n\n', 'bad-event'],
    ['a list', 'data: []\n\n', 'bad-event'],
    ['a delta that is no text', delta('a') + event('response.output_text.delta', { delta: 1 }), 'bad-event'],
    ['a summary that is no text', event('response.reasoning_summary_text.delta'), 'bad-event'],
    [
      'arguments that are no text',
      event('response.function_call_arguments.delta', { delta: {} }),
      'bad-event',
    ],
    ['an item that is none', event('response.output_item.done', { item: 'x' }), 'bad-event'],
    ['an output that is none', event('response.completed', { response: { output: [1] } }), 'bad-event'],
    ['an echo without a response', event('response.created'), 'bad-event'],
    ['a broken event that nobody needs', 'event: keepalive\ndata: {"type":"keepalive"\n\n', 'bad-event'],
    [
      'two types in one event',
      'data: {"type":"response.output_text.delta","delta":"a","type":"response.completed","response":{}}\n\n',
      'bad-event',
    ],
    [
      'two types in an event that nobody needs',
      'data: {"type":"a","type":"response.completed"}\n\n',
      'bad-event',
    ],
    ['a type that is no name', 'data: {"type":"a\\n\\ndata: b"}\n\n', 'bad-event'],
  ])('%s is a fault', (_what, stream, cause) => {
    expect(faultOf(stream, { relay: true })).toMatchObject({ cause, blame: 'target' });
    expect(read(stream).parts.filter(({ type }) => type === 'finish')).toEqual([]);
  });

  test('what comes behind the end is not looked at', () => {
    expect(read(`${completed()}data: [DONE]\n\nnonsense\n\n`).parts).toEqual([FINISH]);
  });
});

describe('errors inside a stream', () => {
  test.each<[code: string, fault: Partial<UpstreamFault>]>([
    ['server_error', { blame: 'target', code: 'upstream_failed', cause: 'error-in-reply' }],
    ['rate_limit_exceeded', { blame: 'target', code: 'server_is_overloaded', cause: 'http-429' }],
    ['server_is_overloaded', { blame: 'target', code: 'server_is_overloaded', cause: 'http-5xx' }],
    ['insufficient_quota', { blame: 'target', cause: 'credits' }],
    ['context_length_exceeded', { blame: 'request', code: 'context_length_exceeded' }],
    ['invalid_prompt', { blame: 'request', code: 'content_policy_violation' }],
    ['bio_policy', { blame: 'request', code: 'content_policy_violation' }],
    ['image_content_policy_violation', { blame: 'request', code: 'content_policy_violation' }],
    ['invalid_image_format', { blame: 'request', code: 'invalid_request' }],
    ['invalid_request_error', { blame: 'request', code: 'invalid_request' }],
    ['something_new', { blame: 'target', cause: 'error-in-reply' }],
  ])('%s, in all three forms', (code, fault) => {
    const error = { code, message: 'secret words' };
    const forms = [
      event('error', { ...error, param: null }),
      event('error', { error }),
      event('response.failed', { response: response({ status: 'failed', error }) }),
    ];
    for (const form of forms) {
      const found = faultOf(delta('a') + form, { relay: true });
      expect(found).toMatchObject(fault);
      expect(JSON.stringify(found)).not.toContain('secret');
    }
  });

  test('what a proxy writes in its own way', () => {
    expect(faultOf('data: {"error":{"message":"no","code":"insufficient_quota"}}\n\n')).toMatchObject({
      cause: 'credits',
    });
  });

  test('a failed response without an error', () => {
    const failed = event('response.failed', { response: response({ status: 'failed', error: null }) });
    expect(faultOf(failed)).toMatchObject({ cause: 'error-in-reply' });
  });
});

describe('bytes to hand on', () => {
  const created = event('response.created', { response: response({ store: true, status: 'in_progress' }) });
  const renamed = (bytes: string) => bytes.replace('"model":"remote"', '"model":"public"');
  const kept = (bytes: string) => renamed(bytes).replace('"store":true', '"store":false');
  const relayOf = ({ relay }: Read) => Buffer.concat(relay).toString();

  test('all events as they came but for model and store, the last one apart', () => {
    const middle = delta('a') + event('response.output_text.done', { text: 'a' }) + done(message('a'));
    const found = read(created + middle + completed({ store: true }), { relay: true });
    expect(relayOf(found)).toBe(kept(created) + middle + kept(completed({ store: true })));
    expect(found.last).toEqual({ parts: [FINISH], relay: kept(completed({ store: true })) });
  });

  test('a terminator is left away', () => {
    const found = read(`${delta('a')}${completed()}data: [DONE]\n\n`, { relay: true });
    expect(relayOf(found)).toBe(delta('a') + renamed(completed()));
  });

  test("what the provider says of the operator's account is not handed on", () => {
    const named = completed({ safety_identifier: 'user-operator', user: 'user-operator' });
    const { last } = read(named, { relay: true });
    expect(last?.relay).toContain('"safety_identifier":null,"user":null');
  });

  test('nothing before the first content, and then all of it', () => {
    const reader = openStreamReader({ relay: true, replyModel: 'public', maxBytes: 1e9 });
    reader.push(Buffer.from(created + added(message())));
    expect(reader.take()).toEqual({ parts: [], relay: undefined, state: 'working' });
    expect(reader.take().state).toBe('open');
    reader.push(Buffer.from(delta('a')));
    expect(reader.take().relay?.toString()).toBe(kept(created) + added(message()) + delta('a'));
    const later = event('response.web_search_call.searching', { output_index: 1 });
    reader.push(Buffer.from(later));
    expect(reader.take()).toEqual({ parts: [], relay: Buffer.from(later), state: 'working' });
  });

  test('a seal alone does not commit', () => {
    const reader = openStreamReader({ relay: true, replyModel: undefined, maxBytes: 1e9 });
    reader.push(Buffer.from(done({ type: 'reasoning', summary: [], encrypted_content: 'E' })));
    expect(reader.take()).toMatchObject({ parts: [sealed('E')], relay: undefined });
  });

  test('without a name to give, the name stays', () => {
    expect(relayOf(read(delta('a') + completed(), { relay: true, replyModel: 'theirs' }))).toContain(
      'remote',
    );
  });

  test.each([
    ['without an event line', (stream: string) => stream.replaceAll(/event: .*\n/g, '')],
    ['with CRLF', (stream: string) => stream.replaceAll('\n', '\r\n')],
    [
      'with the name behind the data',
      (stream: string) => stream.replaceAll(/(event: .*\n)(data: .*\n)/g, '$2$1'),
    ],
    ['with another name', (stream: string) => stream.replaceAll(/event: .*\n/g, 'event: message\n')],
    ['over two lines', (stream: string) => stream.replaceAll(',"sequence', ',\ndata:"sequence')],
  ])('events %s are written as they should be', (_what, change) => {
    const stream = delta('a') + completed();
    const clean = relayOf(read(stream, { relay: true }));
    const found = relayOf(read(change(stream), { relay: true }));
    expect(found.replaceAll(' "sequence', '"sequence')).toBe(clean);
  });

  test('keys in another order', () => {
    const data = {
      sequence_number: 1,
      output_index: 0,
      content_index: 0,
      delta: 'a',
      type: 'response.output_text.delta',
    };
    const stream = `event: response.output_text.delta\ndata: ${JSON.stringify(data)}\n\n`;
    expect(relayOf(read(stream + completed(), { relay: true }))).toContain(stream);
  });

  test('unknown events and keepalives go on', () => {
    const others = event('keepalive') + event('response.something.new', { a: [1] });
    expect(relayOf(read(delta('a') + others + completed(), { relay: true }))).toContain(others);
  });
});

describe('bounds', () => {
  test('a whole reply that was streamed against our wish', () => {
    expect(faultOf(delta('x'.repeat(1_000)), { maxBytes: 500 })).toMatchObject({ cause: 'reply-too-large' });
  });

  test('events that say nothing, without end', () => {
    const filler = Buffer.from(event('keepalive', { pad: 'x'.repeat(1 << 20) }));
    const { state } = read(
      Array.from({ length: 40 }, () => filler),
      { relay: true },
    );
    expect(state).toMatchObject({ cause: 'event-too-large' });
  });

  test('more items than any answer has', () => {
    const items = Array.from({ length: 2_001 }, (_, index) => added({ type: 'message' }, index)).join('');
    expect(faultOf(items)).toMatchObject({ cause: 'bad-event' });
  });

  test('an event that never ends', () => {
    const { state } = read(Array.from({ length: 40 }, () => Buffer.alloc(1 << 20, 'x')));
    expect(state).toMatchObject({ cause: 'event-too-large' });
  });
});

test('a stream that works without saying anything yet is told from one that is silent', () => {
  expect(read(event('keepalive') + completed()).hasWorked).toBe(false);
  const pieces = [event('keepalive'), ': comment\n\n', completed()].map((piece) => Buffer.from(piece));
  expect(read(pieces).hasWorked).toBe(true);
  expect(read(pieces.slice(1)).hasWorked).toBe(false);
});
