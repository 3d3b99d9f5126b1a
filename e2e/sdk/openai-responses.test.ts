import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { cleanUp } from '../support/processes.ts';
import { describeClient } from './support/cases.ts';
import { WEATHER_TOOL, type Ask, type Client, type ClientKind, type Said } from './support/client.ts';
import { OPENAI_ERRORS, readOpenAiError } from './support/openai-errors.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(cleanUp);

const kind: ClientKind = {
  name: 'openai, responses',
  surface: 'responses',
  open({ origin, key, retries }) {
    const limit = retries === undefined ? {} : { maxRetries: retries };
    return createClient(new OpenAI({ baseURL: `${origin}/v1`, apiKey: key, ...limit }));
  },
  readError: readOpenAiError,
  finishes: { stop: 'completed', length: 'incomplete: max_output_tokens' },
  countsCachedInput: true,
  shows: { reasoning: true, refusal: true, requestId: true },
  errors: OPENAI_ERRORS,
};

function createClient({ responses }: OpenAI): Client {
  return {
    async ask(ask) {
      return say(await responses.create(body(ask), options(ask)));
    },

    async stream(ask) {
      const stream = responses.stream(body(ask), options(ask));
      stream.on('response.output_text.delta', ({ delta }) => ask.onText?.(delta));
      return say(await stream.finalResponse());
    },

    async useTool(ask, getWeather) {
      return loop(ask, getWeather, (request) => responses.create(request));
    },

    async useToolStreaming(ask, getWeather) {
      return loop(ask, getWeather, (request) => responses.stream(request).finalResponse());
    },

    async object(ask) {
      const shape = z.object({ city: z.string(), celsius: z.number() });
      const answer = await responses.parse({
        ...body(ask),
        text: { format: zodTextFormat(shape, 'report') },
      });
      return answer.output_parsed;
    },
  };
}

const options = ({ signal }: Ask) => (signal === undefined ? {} : { signal });

type Request = ReturnType<typeof body> & { tools?: OpenAI.Responses.FunctionTool[] };

function body({ model, prompt, picture }: Ask) {
  const content: OpenAI.Responses.ResponseInputContent[] = [{ type: 'input_text', text: prompt }];
  if (picture !== undefined) {
    const url = `data:image/png;base64,${picture.toString('base64')}`;
    content.push({ type: 'input_image', image_url: url, detail: 'auto' });
  }
  const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content }];
  // Reasoning is told as a summary to who asks for one.
  return { model, temperature: 0, reasoning: { summary: 'auto' as const }, input };
}

const TOOLS: OpenAI.Responses.FunctionTool[] = [
  {
    type: 'function',
    ...WEATHER_TOOL,
    strict: true,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
];

/** The loop of OpenAI's guide: everything that came is sent back, with the outputs of its calls. */
async function loop(
  ask: Ask,
  getWeather: (city: string) => string,
  next: (request: Request) => Promise<OpenAI.Responses.Response>,
): Promise<string> {
  const request: Request = { ...body(ask), tools: TOOLS };
  for (;;) {
    const answer = await next(request);
    const calls = answer.output.filter((item) => item.type === 'function_call');
    if (calls.length === 0) return answer.output_text;
    request.input = [
      ...request.input,
      ...(answer.output as OpenAI.Responses.ResponseInputItem[]),
      ...calls.map((call) => {
        const { city } = JSON.parse(call.arguments) as { city: string };
        return { type: 'function_call_output' as const, call_id: call.call_id, output: getWeather(city) };
      }),
    ];
  }
}

function say(answer: OpenAI.Responses.Response): Said {
  const { status = '', incomplete_details: incomplete, output, usage } = answer;
  const parts = output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const thoughts = output.flatMap((item) =>
    item.type === 'reasoning' ? [...item.summary, ...(item.content ?? [])] : [],
  );
  return {
    text: answer.output_text,
    reasoning: thoughts.map(({ text }) => text).join(''),
    refusal: parts.map((part) => (part.type === 'refusal' ? part.refusal : '')).join(''),
    finish: incomplete === null ? status : `${status}: ${incomplete.reason}`,
    usage: { input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0 },
  };
}

describeClient(kind, () => world);
