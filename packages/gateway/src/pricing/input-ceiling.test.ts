import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IMAGE_TOKENS_MAX, measureInput } from './input-ceiling.ts';

const EMPTY: ChatRequest = {
  messages: [],
  tools: [],
  toolChoice: 'auto',
  parallelToolCalls: true,
  responseFormat: { type: 'text' },
  sampling: {},
  stop: [],
};

/** What a change of the empty request adds to the ceiling. */
function added(change: Partial<ChatRequest>): number {
  return measureInput({ ...EMPTY, ...change }).ceilingTokens - measureInput(EMPTY).ceilingTokens;
}

describe('measureInput', () => {
  it('counts a message with no less than a token for each byte', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }), (texts) => {
        const messages: ChatRequest['messages'] = texts.map((text) => ({
          role: 'user',
          content: [{ type: 'text', text }],
        }));
        const { ceilingTokens, estimatedTokens } = measureInput({ ...EMPTY, messages });
        const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
        expect(ceilingTokens).toBeGreaterThanOrEqual(bytes + 4 * texts.length);
        expect(estimatedTokens).toBeLessThanOrEqual(ceilingTokens);
      }),
    );
  });

  const long = 'x'.repeat(10_000);
  const places: [name: string, change: Partial<ChatRequest>][] = [
    ['system text', { messages: [{ role: 'system', content: [{ type: 'text', text: long }] }] }],
    ['user text', { messages: [{ role: 'user', content: [{ type: 'text', text: long }] }] }],
    [
      'assistant reasoning',
      { messages: [{ role: 'assistant', content: [{ type: 'reasoning', text: long }] }] },
    ],
    [
      'a reasoning signature',
      {
        messages: [
          {
            role: 'assistant',
            content: [{ type: 'reasoning', text: '', seal: { kind: 'signature', data: long } }],
          },
        ],
      },
    ],
    ['a refusal', { messages: [{ role: 'assistant', content: [{ type: 'refusal', text: long }] }] }],
    [
      'the arguments of a tool call',
      {
        messages: [
          { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', argumentsText: long }] },
        ],
      },
    ],
    ['a tool result', { messages: [{ role: 'tool', callId: 'c', content: [{ type: 'text', text: long }] }] }],
    ['the description of a tool', { tools: [{ name: 'f', description: long }] }],
    ['the schema of a tool', { tools: [{ name: 'f', parameters: { description: long } }] }],
    [
      'the schema of the answer',
      { responseFormat: { type: 'json-schema', name: 's', schema: { title: long } } },
    ],
  ];
  it.each(places)('leaves out no byte of %s', (_name, change) => {
    expect(added(change)).toBeGreaterThanOrEqual(long.length);
  });

  it('takes the most tokens for each picture, whatever its bytes', () => {
    const picture = { type: 'image', mime: 'image/png', base64: 'AAAA' } as const;
    const messages: ChatRequest['messages'] = [{ role: 'user', content: [picture, picture] }];
    expect(added({ messages })).toBeGreaterThanOrEqual(2 * IMAGE_TOKENS_MAX);
    expect(measureInput({ ...EMPTY, messages }).imageCeilingTokens).toBe(2 * IMAGE_TOKENS_MAX);
    expect(measureInput(EMPTY).imageCeilingTokens).toBe(0);
    expect(measureInput({ ...EMPTY, messages }, 100).ceilingTokens).toBeLessThan(IMAGE_TOKENS_MAX);
  });
});
