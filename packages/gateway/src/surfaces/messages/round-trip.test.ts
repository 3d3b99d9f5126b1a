import type { AssistantPart, ChatMessage, ChatRequest, UserPart } from '@switchyard/protocol/chat.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeBody } from '../../upstreams/anthropic/encode.ts';
import { decodeMessagesBody } from './decode.ts';

/**
 * Both directions of the dialect are there: what the upstream writes of a canonical request, the surface reads back.
 * Left out is what the upstream's own documentation names as lost: texts of spaces only, reasoning of other kinds of
 * providers, calls without results, samplers' settings that a model does not take.
 */
const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,11}$/);
const visible = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== '');
const textPart = visible.map((text) => ({ type: 'text' as const, text }));
const picture = fc.constantFrom('image/png' as const, 'image/webp' as const).map((mime) => {
  return { type: 'image' as const, mime, base64: 'cGljdHVyZQ==' };
});
const userParts: fc.Arbitrary<UserPart[]> = fc.array(fc.oneof(textPart, picture), {
  minLength: 1,
  maxLength: 2,
});

const seal = fc.record({
  kind: fc.constant('signature' as const),
  data: fc.stringMatching(/^[A-Za-z0-9+/]{1,20}$/),
});
const said: fc.Arbitrary<AssistantPart> = fc.oneof(
  textPart,
  fc.record({ type: fc.constant('reasoning' as const), text: visible, seal }),
  fc.record({
    type: fc.constant('reasoning' as const),
    text: fc.constant(''),
    seal: fc.record({
      kind: fc.constant('redacted' as const),
      data: fc.stringMatching(/^[A-Za-z0-9+/]{1,20}$/),
    }),
  }),
);
type Call = { name: string; input: Record<string, unknown>; isError: boolean; result: UserPart[] };
const call: fc.Arbitrary<Call> = fc.record({
  name: word,
  input: fc.dictionary(word, fc.jsonValue()),
  isError: fc.boolean(),
  result: userParts,
});

/** A user's turn, an answer with or without calls, their results. */
const exchange = fc.tuple(
  userParts,
  fc.array(said, { minLength: 1, maxLength: 3 }),
  fc.array(call, { maxLength: 2 }),
);

function conversation(exchanges: [UserPart[], AssistantPart[], Call[]][]): ChatMessage[] {
  let count = 0;
  return exchanges.flatMap(([asked, answered, calls]): ChatMessage[] => {
    const called = calls.map((one) => ({ ...one, id: `toolu_${(count += 1)}` }));
    return [
      { role: 'user', content: asked },
      {
        role: 'assistant',
        content: [
          ...answered,
          ...called.map(({ id, name, input }) => {
            return { type: 'tool-call' as const, id, name, argumentsText: JSON.stringify(input) };
          }),
        ],
      },
      ...called.map(({ id, result, isError }): ChatMessage => {
        return { role: 'tool', callId: id, content: result, ...(isError ? { isError } : {}) };
      }),
    ];
  });
}

const tools = fc.uniqueArray(
  fc.record({
    name: word,
    description: visible,
    parameters: fc.constant({ type: 'object', properties: { a: { type: 'integer' } } }),
  }),
  { selector: ({ name }) => name, maxLength: 3 },
);

const requests: fc.Arbitrary<ChatRequest> = fc
  .record({
    system: fc.array(textPart, { maxLength: 2 }),
    exchanges: fc.array(exchange, { maxLength: 3 }),
    last: userParts,
    tools,
    mode: fc.constantFrom('auto' as const, 'none' as const, 'required' as const, 'named' as const),
    isParallel: fc.boolean(),
    stop: fc.array(visible, { maxLength: 2 }),
    maxOutputTokens: fc.integer({ min: 1, max: 100_000 }),
  })
  .map(({ system, exchanges, last, tools: offered, mode, isParallel, stop, maxOutputTokens }) => {
    const [first] = offered;
    const choice = mode === 'named' ? { name: first?.name ?? '' } : mode;
    const toolChoice = first === undefined ? 'auto' : choice;
    return {
      messages: [
        ...(system.length === 0 ? [] : [{ role: 'system' as const, content: system }]),
        ...conversation(exchanges),
        { role: 'user', content: last },
      ],
      tools: offered,
      toolChoice,
      // A choice that allows no call says nothing of several.
      parallelToolCalls: first === undefined || toolChoice === 'none' || isParallel,
      responseFormat: { type: 'text' },
      sampling: {},
      stop,
      maxOutputTokens,
    };
  });

test('a canonical request is read as it was, from what the upstream of this dialect writes', () => {
  fc.assert(
    fc.property(requests, fc.boolean(), (chat, stream) => {
      const encoded = encodeBody(chat, { model: 'claude-sonnet-4-5', stream });
      if (!encoded.ok) throw new Error('not encoded');
      const decoded = decodeMessagesBody(encoded.value.body);
      if (!decoded.ok) throw new Error(`refused: ${JSON.stringify(decoded.error)}`);
      expect(decoded.value).toMatchObject({ model: 'claude-sonnet-4-5', stream });
      expect(decoded.value.nativeOnly).toBeUndefined();
      expect(decoded.value.chat).toEqual(chat);
    }),
    { numRuns: 500 },
  );
});
