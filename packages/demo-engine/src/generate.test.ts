import { expect, test } from 'vitest';
import { createSession } from './session.ts';
import {
  demoJob,
  demoModel,
  resultOf,
  runGeneration,
  textOf,
  user,
  weatherTool,
} from './testing/demo-fixtures.ts';
import type { DemoJob } from './types.ts';

test('an answer with its counts', () => {
  const { events, end, prefill } = runGeneration(demoJob());
  expect(textOf(events)).toBe('Hello! I am Mote, a very small demo model. What would you like to try?');
  expect(end).toEqual({
    result: {
      finish: 'stop',
      usage: { inputTokens: 10, cachedTokens: 0, outputTokens: 29, reasoningTokens: 0 },
    },
  });
  expect(prefill).toEqual([10]);
});

test('reasoning comes apart from the answer', () => {
  const { events, end } = runGeneration(demoJob({ messages: user('What is 7 + 8?'), thinking: true }));
  expect(events.map((event) => event.type)).toEqual(['reasoning', 'text']);
  const { finish, usage } = resultOf(end);
  expect(finish).toBe('stop');
  expect(usage.reasoningTokens).toBeGreaterThan(5);
  expect(usage.reasoningTokens).toBeLessThan(usage.outputTokens);
});

test('calls of tools', () => {
  const { events, end } = runGeneration(
    demoJob({ messages: user("What's the weather in Lisbon and Tokyo?"), tools: [weatherTool] }),
  );
  expect(events).toEqual([
    { type: 'tool-call', index: 0, name: 'get_weather', argumentsText: '{"city":"Lisbon"}' },
    { type: 'tool-call', index: 1, name: 'get_weather', argumentsText: '{"city":"Tokyo"}' },
  ]);
  expect(resultOf(end).finish).toBe('tool-calls');
});

test('tools that may not be used are not called', () => {
  const { events } = runGeneration(
    demoJob({ messages: user("What's the weather in Lisbon?"), tools: [weatherTool], toolChoice: 'none' }),
  );
  expect(events.map((event) => event.type)).toEqual(['text']);
});

test.each<DemoJob['toolChoice']>(['required', { name: 'get_weather' }])('a forced call: %j', (toolChoice) => {
  const { events, end } = runGeneration(
    demoJob({ messages: user('How warm is it in Oslo?'), tools: [weatherTool], toolChoice }),
  );
  expect(events).toEqual([
    { type: 'tool-call', index: 0, name: 'get_weather', argumentsText: '{"city":"Oslo"}' },
  ]);
  expect(resultOf(end).finish).toBe('tool-calls');
});

test('a forced call keeps to the schema even where the model knows nothing to say', () => {
  const tool = {
    name: 'book_trip',
    parameters: {
      properties: { seats: { type: 'integer' }, refundable: { type: 'boolean' }, note: { type: 'string' } },
      required: ['seats', 'refundable'],
    },
  };
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const { events } = runGeneration(
      demoJob({
        tools: [weatherTool, tool],
        toolChoice: { name: 'book_trip' },
        temperature: 1.5,
        seed,
        maxOutputTokens: 300,
      }),
    );
    const [first] = events;
    if (first?.type !== 'tool-call') throw new Error('no call');
    expect(first.name).toBe('book_trip');
    expect(JSON.parse(first.argumentsText)).toMatchObject({
      seats: expect.any(Number),
      refundable: expect.any(Boolean),
    });
  }
});

test('characters of several tokens arrive whole', () => {
  const tokens = demoModel().tokenizer.encode('日本 🙂 née');
  expect(tokens.length).toBeGreaterThan(8);
  const { events } = runGeneration(demoJob({ messages: user('Say exactly: 🙂 née') }));
  expect(textOf(events)).toContain('née');
  expect(textOf(events)).not.toContain('\ufffd');
});

test('a stop string ends the answer, across tokens and not included', () => {
  const { events, end } = runGeneration(demoJob({ stop: ['never', 'small demo mo'] }));
  expect(textOf(events)).toBe('Hello! I am Mote, a very ');
  expect(resultOf(end).finish).toBe('stop');
  expect(resultOf(end).usage.outputTokens).toBeLessThan(29);
});

test('what only could have become a stop string is not lost', () => {
  const { events } = runGeneration(demoJob({ stop: ['try?!'] }));
  expect(textOf(events)).toMatch(/ to try\?$/);
});

test('the output limit and the context end an answer with "length"', () => {
  const limited = runGeneration(demoJob({ maxOutputTokens: 5 }));
  expect(resultOf(limited.end)).toMatchObject({ finish: 'length', usage: { outputTokens: 5 } });
  const { contextTokens } = demoModel().shape;
  const full = runGeneration(demoJob({ messages: user(' word'.repeat(contextTokens - 20)) }));
  const { finish, usage } = resultOf(full.end);
  expect(finish).toBe('length');
  expect(usage.outputTokens).toBeGreaterThan(0);
  expect(usage.inputTokens + usage.outputTokens).toBe(contextTokens);
});

test('a prompt may leave room for one token, not for none', () => {
  const { contextTokens } = demoModel().shape;
  const bare = resultOf(runGeneration(demoJob({ messages: user('a') })).end).usage.inputTokens - 1;
  const run = (promptTokens: number) =>
    runGeneration(demoJob({ messages: user('a'.repeat(promptTokens - bare)) })).end;
  expect(run(contextTokens - 1)).toMatchObject({
    result: { finish: 'length', usage: { inputTokens: contextTokens - 1, outputTokens: 1 } },
  });
  expect(run(contextTokens)).toMatchObject({ fault: { code: 'context_length_exceeded' } });
});

test('a prompt longer than the context is refused', () => {
  const { end, events } = runGeneration(demoJob({ messages: user('a '.repeat(600)) }));
  expect(events).toEqual([]);
  expect(end).toMatchObject({ fault: { code: 'context_length_exceeded' } });
});

test.each<[string, Partial<DemoJob>]>([
  ['messages', { messages: [] }],
  ['maxOutputTokens', { maxOutputTokens: 0 }],
  ['temperature', { temperature: NaN }],
  ['topP', { topP: 1.1 }],
  ['topK', { topK: 0.5 }],
  ['minP', { minP: -1 }],
  ['seed', { seed: 1.5 }],
  ['frequencyPenalty', { frequencyPenalty: 3 }],
  ['presencePenalty', { presencePenalty: -3 }],
  ['repetitionPenalty', { repetitionPenalty: 0 }],
  ['stop', { stop: Array.from({ length: 17 }, () => 'x') }],
  ['stop', { stop: [''] }],
  ['toolChoice', { toolChoice: 'required' }],
  ['toolChoice', { toolChoice: { name: 'secret' }, tools: [weatherTool] }],
])('settings out of range are refused: %s', (field, changes) => {
  const { end } = runGeneration(demoJob(changes));
  expect(end).toMatchObject({
    fault: { code: 'invalid_request', message: expect.stringMatching(`^${field}: `) },
  });
  expect(JSON.stringify(end)).not.toContain('secret');
});

test('the seed decides', () => {
  const story = (seed: number) =>
    textOf(
      runGeneration(
        demoJob({ messages: user('Stream a story.'), temperature: 0.9, seed, maxOutputTokens: 40 }),
      ).events,
    );
  expect(story(7)).toBe(story(7));
  expect(story(7)).not.toBe(story(8));
});

test('a longer conversation only pays for its new part, and answers the same', () => {
  const session = createSession(demoModel());
  const first = runGeneration(demoJob(), { session });
  const next = demoJob({
    messages: [
      ...user('Hello!'),
      { role: 'assistant', content: textOf(first.events) },
      ...user('What is 2 + 2?'),
    ],
  });
  const warm = runGeneration(next, { session });
  const cold = runGeneration(next);
  expect(warm.events).toEqual(cold.events);
  expect(resultOf(cold.end).usage.cachedTokens).toBe(0);
  expect(resultOf(warm.end).usage.cachedTokens).toBeGreaterThanOrEqual(38);
  const other = runGeneration(demoJob({ messages: user('What is 2 + 2?') }), { session });
  expect(textOf(other.events)).toBe('2 + 2 equals 4.');
  expect(resultOf(other.end).usage.cachedTokens).toBe(3);
  // The prompt and all of the answer but its last token, which was never needed.
  const { inputTokens, outputTokens } = resultOf(other.end).usage;
  expect(session.tokens.length).toBe(inputTokens + outputTokens);
});

test('cancelling keeps what was done so far', () => {
  const { events, end } = runGeneration(demoJob(), { cancelAfter: 6 });
  expect(resultOf(end)).toEqual({
    finish: 'cancelled',
    usage: { inputTokens: 10, cachedTokens: 0, outputTokens: 6, reasoningTokens: 0 },
  });
  expect('Hello! I am Mote'.startsWith(textOf(events))).toBe(true);
});
