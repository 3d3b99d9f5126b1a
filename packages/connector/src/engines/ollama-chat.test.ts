import type { ChatRequest, ReasoningEffort, ToolChoice } from '@switchyard/protocol/chat.ts';
import { describe, expect, it } from 'vitest';
import { chatOf, emptyChat } from '../testing/chat.ts';
import type { OllamaTarget } from './ollama-chat.ts';
import { encodeOllamaBody } from './ollama-chat.ts';

const TARGET: OllamaTarget = {
  localName: 'm',
  contextTokens: 8192,
  thinking: true,
  thinksInLevels: false,
  keepAlive: undefined,
};

const encode = (chat: Partial<ChatRequest>, target: Partial<OllamaTarget> = {}) =>
  encodeOllamaBody({ ...TARGET, ...target }, { ...emptyChat(), ...chat });

describe('messages', () => {
  it('become what Ollama takes', () => {
    const body = encode({
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Look' }, picture('QUJD')] },
        { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'I call.' },
            { type: 'reasoning', text: 'sealed', seal: { kind: 'signature', data: 's' } },
            { type: 'tool-call', id: 'c1', name: 'f', argumentsText: '{"a":1}' },
            { type: 'tool-call', id: 'c2', name: 'g', argumentsText: '' },
            { type: 'tool-call', id: 'c3', name: 'h', argumentsText: '{broken' },
          ],
        },
        { role: 'tool', callId: 'c1', content: [{ type: 'text', text: '5' }, picture('REVG')] },
        { role: 'tool', callId: 'c2', content: [{ type: 'text', text: 'no' }], isError: true },
        { role: 'tool', callId: 'unknown', content: [] },
        { role: 'user', content: [{ type: 'text', text: 'And?' }] },
      ],
    });
    expect(body['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Look', images: ['QUJD'] },
      {
        role: 'assistant',
        content: '',
        thinking: 'I call.',
        tool_calls: [
          { id: 'c1', function: { name: 'f', arguments: { a: 1 } } },
          { id: 'c2', function: { name: 'g', arguments: {} } },
          { id: 'c3', function: { name: 'h', arguments: { arguments: '{broken' } } },
        ],
      },
      { role: 'tool', content: '5', tool_call_id: 'c1', tool_name: 'f' },
      { role: 'tool', content: 'Error: no', tool_call_id: 'c2', tool_name: 'g' },
      { role: 'tool', content: '', tool_call_id: 'unknown' },
      { role: 'user', content: 'Pictures returned by the tools:', images: ['REVG'] },
      { role: 'user', content: 'And?' },
    ]);
  });
});

function picture(base64: string) {
  return { type: 'image', mime: 'image/png', base64 } as const;
}

describe('tools', () => {
  const tools = [{ name: 'f', description: 'does', parameters: { type: 'object' } }, { name: 'g' }];

  it.each<[ToolChoice, string[] | undefined]>([
    ['auto', ['f', 'g']],
    ['required', ['f', 'g']],
    [{ name: 'g' }, ['g']],
    ['none', undefined],
  ])('with the choice %j are shown as %j', (toolChoice, names) => {
    const { tools: shown } = encode({ ...chatOf('x'), tools, toolChoice });
    const list = shown as { function: { name: string } }[] | undefined;
    expect(list?.map((tool) => tool.function.name)).toEqual(names);
  });

  it('always have parameters', () => {
    expect(encode({ tools })['tools']).toMatchObject([
      { type: 'function', function: { name: 'f', description: 'does', parameters: { type: 'object' } } },
      { function: { name: 'g', parameters: { type: 'object', properties: {} } } },
    ]);
  });
});

describe('thinking', () => {
  it.each<[ReasoningEffort | undefined, Partial<OllamaTarget>, unknown]>([
    [undefined, {}, undefined],
    ['none', {}, false],
    ['low', {}, true],
    ['max', {}, true],
    ['minimal', { thinksInLevels: true }, 'low'],
    ['medium', { thinksInLevels: true }, 'medium'],
    ['max', { thinksInLevels: true }, 'high'],
    ['high', { thinking: false }, undefined],
  ])('of effort %s on %j is %s', (reasoningEffort, target, expected) => {
    const chat = reasoningEffort === undefined ? {} : { reasoningEffort };
    expect(encode(chat, target)['think']).toBe(expected);
  });
});

describe('the form of the answer', () => {
  const schema = { type: 'object', properties: {} };
  it.each<[ChatRequest['responseFormat'], unknown]>([
    [{ type: 'text' }, undefined],
    [{ type: 'json-object' }, 'json'],
    [{ type: 'json-schema', name: 'n', schema }, schema],
  ])('%j is %j', (responseFormat, expected) => {
    expect(encode({ responseFormat })['format']).toEqual(expected);
  });
});
