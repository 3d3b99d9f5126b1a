import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { cleanUp } from '../support/processes.ts';
import { describeClient } from './support/cases.ts';
import { WEATHER_TOOL, type Ask, type Client, type ClientKind, type Said } from './support/client.ts';
import { readOpenAiError, OPENAI_ERRORS } from './support/openai-errors.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(cleanUp);

const kind: ClientKind = {
  name: 'openai, chat completions',
  surface: 'chat-completions',
  open({ origin, key, retries }) {
    return createClient(
      new OpenAI({
        baseURL: `${origin}/v1`,
        apiKey: key,
        ...(retries === undefined ? {} : { maxRetries: retries }),
      }),
    );
  },
  readError: readOpenAiError,
  finishes: { stop: 'stop', length: 'length' },
  countsCachedInput: true,
  shows: { reasoning: true, refusal: true, requestId: true },
  errors: OPENAI_ERRORS,
};

function createClient(openai: OpenAI): Client {
  const { completions } = openai.chat;
  return {
    async models() {
      const ids: string[] = [];
      for await (const model of openai.models.list()) ids.push(model.id);
      return ids;
    },

    async ask(ask) {
      return say(await completions.create(body(ask), { signal: ask.signal ?? null }));
    },

    async stream(ask) {
      const { signal = null } = ask;
      const stream = completions.stream(
        { ...body(ask), stream_options: { include_usage: true } },
        { signal },
      );
      stream.on('content', (text) => ask.onText?.(text));
      let reasoning = '';
      for await (const chunk of stream) reasoning += reasoningOf(chunk.choices[0]?.delta);
      return { ...say(await stream.finalChatCompletion()), reasoning };
    },

    async useTool(ask, getWeather) {
      const runner = completions.runTools({ ...body(ask), tools: [weatherTool(getWeather)] });
      return (await runner.finalContent()) ?? '';
    },

    async useToolStreaming(ask, getWeather) {
      const runner = completions.runTools({ ...body(ask), stream: true, tools: [weatherTool(getWeather)] });
      return (await runner.finalContent()) ?? '';
    },

    async object(ask) {
      const shape = z.object({ city: z.string(), celsius: z.number() });
      const answer = await completions.parse({
        ...body(ask),
        response_format: zodResponseFormat(shape, 'report'),
      });
      return answer.choices[0]?.message.parsed;
    },
  };
}

function body({ model, prompt, picture }: Ask) {
  const url = `data:image/png;base64,${picture?.toString('base64')}`;
  const content: OpenAI.Chat.ChatCompletionContentPart[] = [{ type: 'text', text: prompt }];
  if (picture !== undefined) content.push({ type: 'image_url', image_url: { url } });
  return { model, temperature: 0, messages: [{ role: 'user' as const, content }] };
}

function weatherTool(getWeather: (city: string) => string) {
  return {
    type: 'function' as const,
    function: {
      ...WEATHER_TOOL,
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      function: ({ city }: { city: string }) => getWeather(city),
      parse: (text: string) => JSON.parse(text) as { city: string },
    },
  };
}

function say(answer: OpenAI.ChatCompletion): Said {
  const [choice] = answer.choices;
  return {
    text: choice?.message.content ?? '',
    reasoning: reasoningOf(choice?.message),
    refusal: choice?.message.refusal ?? '',
    finish: choice?.finish_reason ?? '',
    usage: { input: answer.usage?.prompt_tokens ?? 0, output: answer.usage?.completion_tokens ?? 0 },
  };
}

/** The field is not in the client's types, but it hands it through. */
function reasoningOf(message: object | undefined): string {
  const { reasoning_content: text } = (message ?? {}) as { reasoning_content?: string };
  return text ?? '';
}

describeClient(kind, () => world);
