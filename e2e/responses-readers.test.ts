import { createOpenAI } from '@ai-sdk/openai';
import { streamText } from 'ai';
import fc from 'fast-check';
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { answers, asked, reasons } from '../packages/gateway/src/surfaces/responses/testing-answers.ts';
import { encode, requestOf } from '../packages/gateway/src/surfaces/responses/testing-replies.ts';

/** The real clients of POST /v1/responses, fed with any answer instead of a gateway's. */
const ask = { model: 'm', input: 'hi' };

function answerWith(bytes: string): typeof fetch {
  return () => Promise.resolve(new Response(bytes, { headers: { 'content-type': 'text/event-stream' } }));
}

function officialClient(bytes: string): OpenAI {
  return new OpenAI({ apiKey: 'x', baseURL: 'http://127.0.0.1/v1', maxRetries: 0, fetch: answerWith(bytes) });
}

function whole(
  batches: Parameters<typeof encode>[0],
  fields: object,
  finish: 'stop' | 'length' | 'tool-calls' | 'content-filter',
) {
  const text = encode([batches.flat()], { ...fields, stream: false }, { finish }).join('');
  return JSON.parse(text) as {
    status: string;
    output: { type: string; content?: { text?: string; refusal?: string }[] }[];
  };
}

it("gives the official client's strict reader every answer as it was meant", async () => {
  await fc.assert(
    fc.asyncProperty(answers, asked, reasons, async (batches, fields, finish) => {
      const bytes = encode(batches, fields, { finish }).join('');
      const { output, status } = await officialClient(bytes).responses.stream(ask).finalResponse();
      const meant = whole(batches, fields, finish);
      expect(status).toBe(meant.status);
      expect(output).toMatchObject(meant.output);
    }),
    { numRuns: 200 },
  );
});

it("gives Vercel's AI SDK no answer that it would call broken", async () => {
  await fc.assert(
    fc.asyncProperty(answers, asked, reasons, async (batches, fields, finish) => {
      const bytes = encode(batches, fields, { finish }).join('');
      const provider = createOpenAI({
        apiKey: 'x',
        baseURL: 'http://127.0.0.1/v1',
        fetch: answerWith(bytes),
      });
      const stream = streamText({
        model: provider('m'),
        prompt: 'hi',
        maxRetries: 0,
        onError: () => undefined,
      });
      let text = '';
      const kinds = new Set<string>();
      for await (const part of stream.fullStream) {
        kinds.add(part.type);
        if (part.type === 'text-delta') text += part.text;
        // A call of a tool that it does not know is an error of its own making.
        if (part.type === 'error') expect(String(part.error)).toMatch(/NoSuchTool|InvalidToolInput/);
      }
      const said = whole(batches, fields, finish)
        .output.filter(({ type }) => type === 'message')
        .flatMap(({ content }) => content ?? [])
        // It shows a refusal as text.
        .map((part) => part.text ?? part.refusal ?? '');
      expect(text).toBe(said.join(''));
      expect(kinds.has('finish')).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('makes each of them fail at a failure, early or late', async () => {
  const early = requestOf()().fault({ code: 'upstream_failed' });
  const encoder = requestOf()();
  const start = encoder.parts([{ type: 'text-delta', text: 'half' }]).toString();
  const late = start + encoder.fault({ code: 'answer_interrupted' });
  for (const [bytes, code] of [
    [early, 'upstream_failed'],
    [late, 'answer_interrupted'],
  ] as const) {
    await expect(officialClient(bytes).responses.stream(ask).finalResponse()).rejects.toMatchObject({ code });
    const provider = createOpenAI({ apiKey: 'x', baseURL: 'http://127.0.0.1/v1', fetch: answerWith(bytes) });
    const errors: unknown[] = [];
    const stream = streamText({
      model: provider('m'),
      prompt: 'hi',
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    });
    await stream.consumeStream();
    expect(errors).toHaveLength(1);
  }
});
