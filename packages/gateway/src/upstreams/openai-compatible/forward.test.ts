import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { describe, expect, test } from 'vitest';
import type { AttemptRequest } from '../../core/attempt.ts';
import { NO_ADAPTATION } from '../shared/refused-settings.ts';
import { attemptRequest } from '../testing-upstream.ts';
import type { MaxTokensField } from './forward.ts';
import { forwardBody, forwardedFields, LOCAL_ENGINE_FIELDS } from './forward.ts';

type Ask = { text: string; stream?: boolean; chat?: Partial<ChatRequest>; maxTokensField?: MaxTokensField };

function forward({
  text,
  stream = false,
  chat = {},
  maxTokensField = 'max_tokens',
}: Ask): string | undefined {
  const base = attemptRequest(stream);
  const request: AttemptRequest = {
    ...base,
    chat: { ...base.chat, ...chat },
    original: { dialect: 'chat-completions', body: Buffer.from(text), rawHeaders: [] },
  };
  const fields = forwardedFields(LOCAL_ENGINE_FIELDS);
  return forwardBody(request, {
    fields,
    maxTokensField,
    keepsAnswers: false,
    adaptation: NO_ADAPTATION,
  })?.toString();
}

const tool = { name: 'f' };

test('every byte that has no reason to change stays', () => {
  const text =
    '{ "model" : "public", "messages":[ {"role":"user","content":"a\\u0041\\/ 1.0e0","x":1.50} ],\n "temperature":1.0, "stream":true }';
  expect(forward({ text, stream: true })).toBe(
    '{ "model" : "remote", "messages":[ {"role":"user","content":"a\\u0041\\/ 1.0e0","x":1.50} ],\n "temperature":1.0, "stream":true,"stream_options":{"include_usage":true},"max_tokens":100 }',
  );
});

describe('the output cap', () => {
  test.each([
    ['absent', '{"model":"a"}', 'max_tokens', '"max_tokens":100'],
    ['above', '{"model":"a","max_tokens":5000}', 'max_tokens', '"max_tokens":100'],
    [
      'under the other name',
      '{"model":"a","max_tokens":100}',
      'max_completion_tokens',
      '"max_completion_tokens":100',
    ],
    [
      'under both names',
      '{"max_completion_tokens":9,"model":"a","max_tokens":7}',
      'max_tokens',
      '"max_tokens":100',
    ],
  ] as [string, string, MaxTokensField, string][])('%s', (_what, text, maxTokensField, cap) => {
    expect(forward({ text, maxTokensField })).toBe(
      `{"model":"remote",${cap},"stream":false}`.replace(
        `${cap},"stream":false`,
        // Where the field was there already its place stays; otherwise it comes behind the others.
        text.includes(maxTokensField) ? `${cap},"stream":false` : `"stream":false,${cap}`,
      ),
    );
  });
});

test('usage is asked for in streams, and not where there is no stream', () => {
  const text = '{"model":"a","stream_options":{"include_usage":false,"include_obfuscation":true}}';
  expect(forward({ text, stream: true })).toContain('"stream_options":{"include_usage":true}');
  expect(forward({ text: text.replace('}}', '},"stream":false}') })).not.toContain('stream_options');
});

test('what names the client, costs the operator or is unknown stays here', () => {
  const kept = {
    model: 'a',
    top_k: 5,
    logprobs: true,
    prompt_cache_key: 'k',
    chat_template_kwargs: { enable_thinking: false },
  };
  const gone = {
    user: 'u',
    metadata: { a: 1 },
    store: true,
    safety_identifier: 's',
    service_tier: 'priority',
    web_search_options: {},
    prediction: {},
    models: ['dear'],
    provider: {},
    api_base: 'http://internal',
    x: 1,
    __proto__x: 2,
  };
  const forwarded: unknown = JSON.parse(forward({ text: JSON.stringify({ ...gone, ...kept }) }) ?? '');
  expect(forwarded).toEqual({ ...kept, model: 'remote', stream: false, max_tokens: 100 });
});

test('of duplicate members only the one that was decoded goes on', () => {
  expect(forward({ text: '{"model":"a","n":9,"messages":[1],"messages":[2],"model":"b","n":1}' })).toBe(
    '{"messages":[2],"model":"remote","n":1,"stream":false,"max_tokens":100}',
  );
});

test('settings of tools go when there are none', () => {
  const text = '{"model":"a","tools":[],"tool_choice":"auto","parallel_tool_calls":true}';
  expect(forward({ text })).toBe('{"model":"remote","stream":false,"max_tokens":100}');
  expect(forward({ text, chat: { tools: [tool] } })).toContain('"tool_choice":"auto"');
});

describe('effort', () => {
  test.each([
    ['stays as the client wrote it', '"reasoning_effort":"xhigh"', 'max', '"reasoning_effort":"xhigh"'],
    ['stays inside reasoning', '"reasoning":{"effort":"low"}', 'low', '"reasoning":{"effort":"low"}'],
    [
      'is overridden by a setting of the model',
      '"reasoning_effort":"low"',
      'high',
      '"reasoning_effort":"high"',
    ],
    ['is set by a setting of the model', '"n":1', 'high', '"reasoning_effort":"high"'],
  ] as const)('%s', (_what, member, reasoningEffort, expected) => {
    expect(forward({ text: `{"model":"a",${member}}`, chat: { reasoningEffort } })).toContain(expected);
  });

  test('goes where the model does not think', () => {
    expect(forward({ text: '{"model":"a","reasoning_effort":"low"}' })).not.toContain('effort');
  });
});

test('bytes that are no object are not forwarded', () => {
  expect(forward({ text: '[]' })).toBeUndefined();
});
