import type {
  AssistantPart,
  ChatMessage,
  ChatRequest,
  ReasoningPart,
  ResponseFormat,
  Sampling,
  ToolDefinition,
  UserPart,
} from '@switchyard/protocol/chat.ts';
import fc from 'fast-check';

/**
 * Any canonical request that a surface can produce: system messages, turns with texts, pictures, reasoning with every
 * kind of seal, refusals, calls and their results, tools and every setting. A test of a dialect says which of it the
 * dialect has no words for, and expects all else to come back as it was.
 */
const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,11}$/);
const visible = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== '');
const sealData = fc.stringMatching(/^[A-Za-z0-9+/]{1,20}$/);

const textPart = visible.map((text) => ({ type: 'text' as const, text }));
const picture = fc
  .tuple(
    fc.constantFrom('image/png' as const, 'image/webp' as const),
    fc.constantFrom(undefined, 'low' as const, 'high' as const),
  )
  .map(([mime, detail]): UserPart => {
    return { type: 'image', mime, base64: 'cGljdHVyZQ==', ...(detail === undefined ? {} : { detail }) };
  });
const userParts: fc.Arbitrary<UserPart[]> = fc.array(fc.oneof(textPart, picture), {
  minLength: 1,
  maxLength: 3,
});

const reasoning: fc.Arbitrary<ReasoningPart> = fc.oneof(
  visible.map((text): ReasoningPart => ({ type: 'reasoning', text })),
  fc
    .tuple(visible, fc.constantFrom('signature' as const, 'encrypted' as const), sealData)
    .map(([text, kind, data]): ReasoningPart => ({ type: 'reasoning', text, seal: { kind, data } })),
  fc
    .tuple(fc.constantFrom('redacted' as const, 'encrypted' as const), sealData)
    .map(([kind, data]): ReasoningPart => ({ type: 'reasoning', text: '', seal: { kind, data } })),
);
const said: fc.Arbitrary<AssistantPart> = fc.oneof(
  textPart,
  reasoning,
  visible.map((text): AssistantPart => ({ type: 'refusal', text })),
);

type Call = { name: string; argumentsText: string; isError: boolean; result: UserPart[] };
const call: fc.Arbitrary<Call> = fc.record({
  name: word,
  // A model's text is kept as it wrote it, valid or not.
  argumentsText: fc.oneof(
    fc.dictionary(word, fc.jsonValue()).map((value) => JSON.stringify(value)),
    visible,
  ),
  isError: fc.boolean(),
  result: userParts,
});
type Turn = { asked: UserPart[]; noted: { text: string }[]; answered: AssistantPart[]; calls: Call[] };
const turn: fc.Arbitrary<Turn> = fc.record({
  asked: userParts,
  /** A system message in the middle of a conversation. */
  noted: fc.array(textPart, { maxLength: 1 }),
  answered: fc.array(said, { minLength: 1, maxLength: 3 }),
  calls: fc.array(call, { maxLength: 2 }),
});

function messagesOf(turns: readonly Turn[]): ChatMessage[] {
  let count = 0;
  return turns.flatMap(({ asked, noted, answered, calls }): ChatMessage[] => {
    const called = calls.map((one) => ({ ...one, id: `call_${(count += 1)}` }));
    return [
      ...noted.map(({ text }): ChatMessage => ({ role: 'system', content: [{ type: 'text', text }] })),
      { role: 'user', content: asked },
      {
        role: 'assistant',
        content: [
          ...answered,
          ...called.map(({ id, name, argumentsText }) => {
            return { type: 'tool-call' as const, id, name, argumentsText };
          }),
        ],
      },
      ...called.map(({ id, result, isError }): ChatMessage => {
        return { role: 'tool', callId: id, content: result, ...(isError ? { isError } : {}) };
      }),
    ];
  });
}

const tools: fc.Arbitrary<ToolDefinition[]> = fc.uniqueArray(
  fc.record(
    {
      name: word,
      description: visible,
      parameters: fc.constant({ type: 'object', properties: { a: { type: 'integer' } } }),
      strict: fc.boolean(),
    },
    { requiredKeys: ['name'] },
  ),
  { selector: ({ name }) => name, maxLength: 3 },
);

const responseFormat: fc.Arbitrary<ResponseFormat> = fc.oneof(
  fc.constant({ type: 'text' as const }),
  fc.constant({ type: 'json-object' as const }),
  fc.tuple(word, fc.constantFrom(undefined, true, false)).map(([name, strict]): ResponseFormat => {
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    return { type: 'json-schema', name, schema, ...(strict === undefined ? {} : { strict }) };
  }),
);

const fraction = fc.integer({ min: 0, max: 100 }).map((value) => value / 100);
const penalty = fc.integer({ min: -20, max: 20 }).map((value) => value / 10);
const sampling: fc.Arbitrary<Sampling> = fc.record(
  {
    temperature: fraction,
    topP: fraction,
    topK: fc.integer({ min: 1, max: 500 }),
    minP: fraction,
    frequencyPenalty: penalty,
    presencePenalty: penalty,
    seed: fc.integer(),
    logitBias: fc.dictionary(fc.stringMatching(/^[1-9][0-9]{0,4}$/), fc.integer({ min: -100, max: 100 }), {
      minKeys: 1,
      maxKeys: 3,
    }),
  },
  { requiredKeys: [] },
);

export const chatRequests: fc.Arbitrary<ChatRequest> = fc
  .record({
    system: fc.array(fc.array(textPart, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
    turns: fc.array(turn, { maxLength: 3 }),
    last: userParts,
    offered: tools,
    mode: fc.constantFrom('auto' as const, 'none' as const, 'required' as const, 'named' as const),
    isParallel: fc.boolean(),
    format: responseFormat,
    sampling,
    stop: fc.array(visible, { maxLength: 3 }),
    cap: fc.option(fc.integer({ min: 16, max: 100_000 }), { nil: undefined }),
    effort: fc.constantFrom(undefined, 'none' as const, 'minimal' as const, 'low' as const, 'high' as const),
  })
  .map((made): ChatRequest => {
    const [first] = made.offered;
    const choice = made.mode === 'named' ? { name: first?.name ?? '' } : made.mode;
    return {
      messages: [
        ...made.system.map((content): ChatMessage => ({ role: 'system', content })),
        ...messagesOf(made.turns),
        { role: 'user', content: made.last },
      ],
      tools: made.offered,
      // Without tools neither of the two says anything.
      toolChoice: first === undefined ? 'auto' : choice,
      parallelToolCalls: first === undefined || made.isParallel,
      responseFormat: made.format,
      sampling: made.sampling,
      stop: made.stop,
      ...(made.cap === undefined ? {} : { maxOutputTokens: made.cap }),
      ...(made.effort === undefined ? {} : { reasoningEffort: made.effort }),
    };
  });
