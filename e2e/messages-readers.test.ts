import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { streamText } from 'ai';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { micros } from '../packages/gateway/src/core/money.ts';
import type { ReplyEncoder } from '../packages/gateway/src/core/surface.ts';
import { openMessageStream } from '../packages/gateway/src/surfaces/messages/encode-stream.ts';
import { openMessage } from '../packages/gateway/src/surfaces/messages/encode.ts';
import { answers } from '../packages/gateway/src/surfaces/messages/testing-answers.ts';

/** The real clients of POST /v1/messages, fed with any answer instead of a gateway's. */
const ask = { model: 'm', max_tokens: 64, messages: [{ role: 'user' as const, content: 'hi' }] };

function answerWith(bytes: string): typeof fetch {
  return () => Promise.resolve(new Response(bytes, { headers: { 'content-type': 'text/event-stream' } }));
}

function officialClient(bytes: string): Anthropic {
  const baseURL = 'http://127.0.0.1';
  return new Anthropic({ apiKey: 'x', authToken: null, baseURL, maxRetries: 0, fetch: answerWith(bytes) });
}

// It warns of each model that it does not know.
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

type Answer = typeof answers extends fc.Arbitrary<infer Value> ? Value : never;

function encode(open: typeof openMessage, { batches, finish }: Answer): string {
  const encoder: ReplyEncoder = open({
    requestId: 'req_1',
    model: 'm',
    createdAtMs: 0,
    estimatedInputTokens: 3,
  });
  const pieces = batches.map((parts) => encoder.parts(parts).toString());
  const usage = {
    inputTokens: 7,
    imageInputTokens: 0,
    cacheReadTokens: 5,
    cacheWriteTokens: 2,
    outputTokens: 3,
    reasoningTokens: 1,
  };
  return [...pieces, encoder.end({ finish, usage, costMicros: micros(10) }).toString()].join('');
}

const whole = (answer: Answer) => JSON.parse(encode(openMessage, answer)) as Anthropic.Message;

/** A call whose input is no JSON object is streamed as it is, so that every client notices. */
const hasBrokenCall = ({ content }: Anthropic.Message) => JSON.stringify(content).includes('"INVALID_JSON":');

it("gives the official client's reader every answer as it was meant", async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      const meant = whole(answer);
      const stream = officialClient(encode(openMessageStream, answer)).messages.stream(ask);
      const said: string[] = [];
      stream.on('text', (text) => said.push(text));
      const read = await stream.finalMessage().catch((error: unknown) => error);
      if (hasBrokenCall(meant)) return;
      if (read instanceof Error) throw read;
      expect(read).toMatchObject({ content: meant.content, stop_reason: meant.stop_reason });
      expect(read).toMatchObject({
        usage: {
          input_tokens: 7,
          cache_creation_input_tokens: 2,
          cache_read_input_tokens: 5,
          output_tokens: 4,
        },
      });
      const texts = meant.content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
      expect(said.join('')).toBe(texts.join(''));
    }),
    { numRuns: 500 },
  );
});

it("gives Vercel's AI SDK no answer that it would call broken", async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      const provider = createAnthropic({
        apiKey: 'x',
        baseURL: 'http://127.0.0.1/v1',
        fetch: answerWith(encode(openMessageStream, answer)),
      });
      const stream = streamText({
        model: provider('m'),
        prompt: 'hi',
        maxRetries: 0,
        onError: () => undefined,
      });
      let text = '';
      let reasoning = '';
      const kinds = new Set<string>();
      for await (const part of stream.fullStream) {
        kinds.add(part.type);
        if (part.type === 'text-delta') text += part.text;
        if (part.type === 'reasoning-delta') reasoning += part.text;
        // A call of a tool that it does not know, or with input that is no JSON, is an error of its own making.
        if (part.type === 'error') expect(String(part.error)).toMatch(/NoSuchTool|InvalidToolInput/);
      }
      const { content } = whole(answer);
      expect(text).toBe(content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''));
      expect(reasoning).toBe(
        content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : [])).join(''),
      );
      expect(kinds.has('finish')).toBe(true);
    }),
    { numRuns: 80 },
  );
});

it('makes each of them fail at a failure, early or late', async () => {
  for (const parts of [[], [{ type: 'text-delta' as const, text: 'half' }]]) {
    const encoder = openMessageStream({
      requestId: 'req_1',
      model: 'm',
      createdAtMs: 0,
      estimatedInputTokens: 0,
    });
    const bytes =
      encoder.keepalive() +
      encoder.parts(parts).toString() +
      encoder.fault({ code: 'answer_interrupted', message: 'Lost.' });
    const failed = await officialClient(bytes)
      .messages.stream(ask)
      .finalMessage()
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Anthropic.APIError);
    expect(String(failed)).toContain('Lost.');

    const errors: unknown[] = [];
    const provider = createAnthropic({
      apiKey: 'x',
      baseURL: 'http://127.0.0.1/v1',
      fetch: answerWith(bytes),
    });
    const stream = streamText({
      model: provider('m'),
      prompt: 'hi',
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    });
    await stream.consumeStream({ onError: () => undefined });
    expect(errors.map(String).join('')).toMatch(/Lost|answer_interrupted|api_error/);
  }
});
