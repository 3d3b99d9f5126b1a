import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import { jsonBody } from '../testing/raw-gateway.ts';
import { parseChat } from './parse-chat.ts';

const CHAT: ChatRequest = {
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'be kind' }] },
    { role: 'user', content: [{ type: 'image', mime: 'image/png', base64: 'AA==' }] },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'hm' },
        { type: 'refusal', text: 'no' },
        { type: 'tool-call', id: 'c', name: 'find', argumentsText: '{}' },
      ],
    },
    { role: 'tool', callId: 'c', content: [{ type: 'text', text: 'found' }] },
  ],
  tools: [{ name: 'find', parameters: {} }],
  toolChoice: { name: 'find' },
  parallelToolCalls: false,
  responseFormat: { type: 'json-schema', name: 'x', schema: {} },
  sampling: { temperature: 0 },
  stop: ['END'],
  maxOutputTokens: 10,
  reasoningEffort: 'low',
};

test('a request comes through as it is', () => {
  expect(parseChat(jsonBody(CHAT))).toEqual(CHAT);
});

test.each<[string, object]>([
  ['messages as text', { messages: 'hi' }],
  ['a message that is null', { messages: [null] }],
  ['an unknown role', { messages: [{ role: 'god', content: [] }] }],
  ['content as text', { messages: [{ role: 'user', content: 'hi' }] }],
  ['a part without text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
  ['an unknown part', { messages: [{ role: 'user', content: [{ type: 'video' }] }] }],
  [
    'a picture without bytes',
    { messages: [{ role: 'user', content: [{ type: 'image', mime: 'image/png' }] }] },
  ],
  ['a tool result of no call', { messages: [{ role: 'tool', content: [] }] }],
  [
    'a call without arguments',
    { messages: [{ role: 'assistant', content: [{ type: 'tool-call', id: '', name: '' }] }] },
  ],
  ['tools as object', { tools: {} }],
  ['a tool without name', { tools: [{}] }],
  ['no tool choice', { toolChoice: null }],
  ['parallel as text', { parallelToolCalls: 'no' }],
  ['no format', { responseFormat: undefined }],
  ['a schema format without schema', { responseFormat: { type: 'json-schema', name: 'x' } }],
  ['sampling as list', { sampling: [] }],
  ['stop as text', { stop: 'END' }],
  ['a cap that is no number', { maxOutputTokens: 'many' }],
])('%s is refused', (_name, fields) => {
  expect(parseChat(jsonBody({ ...CHAT, ...fields }))).toBeUndefined();
});

test('any bytes and any damage give a request or nothing, never a throw', () => {
  const damaged = fc
    .dictionary(fc.constantFrom(...Object.keys(CHAT)), fc.jsonValue())
    .map((fields) => jsonBody({ ...CHAT, ...fields }));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), damaged), (body) => {
      const chat = parseChat(body);
      if (chat !== undefined)
        expect(chat.messages.every((message) => Array.isArray(message.content))).toBe(true);
    }),
  );
});
