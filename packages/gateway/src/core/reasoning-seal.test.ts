import type { ChatRequest, ReasoningSeal } from '@switchyard/protocol/chat.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasForeignReasoning, readSealText, sealText, withoutSealedReasoning } from './reasoning-seal.ts';

const anySeal = fc.record({
  kind: fc.constantFrom('signature' as const, 'redacted' as const, 'encrypted' as const),
  data: fc.string({ minLength: 1 }).filter((data) => !data.startsWith('swy1:')),
});

test('a seal comes back as it was from a client of either dialect', () => {
  fc.assert(
    fc.property(anySeal, fc.constantFrom('messages' as const, 'responses' as const), (seal, home) => {
      const nativeKind =
        home === 'responses' ? 'encrypted' : seal.kind === 'redacted' ? 'redacted' : 'signature';
      expect(readSealText(sealText(seal, home), nativeKind)).toEqual(seal);
    }),
  );
});

test("a provider's own seal is not touched", () => {
  expect(sealText({ kind: 'signature', data: 'EqQB' }, 'messages')).toBe('EqQB');
  expect(sealText({ kind: 'encrypted', data: 'gAAA' }, 'responses')).toBe('gAAA');
});

test('reasoning without a seal has a tag that reads as none', () => {
  expect(readSealText(sealText(undefined, 'messages'), 'signature')).toBeUndefined();
  expect(readSealText(sealText(undefined, 'responses'), 'encrypted')).toBeUndefined();
});

test.each(['swy1:', 'swy1:x:data', 'swy1:s', 'swy1:s:', 'swy1:sdata', ''])('%j is no seal', (text) => {
  expect(readSealText(text, 'signature')).toBeUndefined();
});

function chatWith(seal: ReasoningSeal | undefined): ChatRequest {
  return {
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm', ...(seal === undefined ? {} : { seal }) },
          { type: 'text', text: 'Hello' },
        ],
      },
    ],
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    responseFormat: { type: 'text' },
    sampling: {},
    stop: [],
  };
}

test.each([
  [undefined, 'messages', true],
  [{ kind: 'signature', data: 'a' }, 'messages', false],
  [{ kind: 'redacted', data: 'a' }, 'messages', false],
  [{ kind: 'encrypted', data: 'a' }, 'messages', true],
  [{ kind: 'encrypted', data: 'a' }, 'responses', false],
  [{ kind: 'signature', data: 'a' }, 'responses', true],
] as const)('reasoning sealed with %j is foreign to %s: %s', (seal, home, foreign) => {
  expect(hasForeignReasoning(chatWith(seal), home)).toBe(foreign);
});

test('sealed reasoning is left out for targets that sealed none, other reasoning stays', () => {
  const sealed = withoutSealedReasoning(chatWith({ kind: 'signature', data: 'a' }));
  expect(sealed.messages[1]?.content).toEqual([{ type: 'text', text: 'Hello' }]);
  const open = chatWith(undefined);
  expect(withoutSealedReasoning(open)).toBe(open);
});
