import {
  Agent,
  ModelRefusalError,
  OpenAIProvider,
  Runner,
  tool,
  type AgentInputItem,
  type RunItem,
} from '@openai/agents';
import OpenAI from 'openai';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { cleanUp } from '../support/processes.ts';
import { describeClient } from './support/cases.ts';
import {
  WEATHER_TOOL,
  type Ask,
  type Client,
  type ClientKind,
  type Connection,
  type Said,
} from './support/client.ts';
import { OPENAI_ERRORS, readOpenAiError } from './support/openai-errors.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(cleanUp);

/** It shows no reason of an end. */
const common = {
  readError: readOpenAiError,
  finishes: { stop: '', length: '' },
  countsCachedInput: true,
  errors: OPENAI_ERRORS,
} as const;

const kinds: readonly ClientKind[] = [
  {
    ...common,
    name: '@openai/agents, chat completions',
    surface: 'chat-completions',
    open: (connection) => createClient(providerAt(connection, false)),
    // Here it knows only reasoning that is named `reasoning`.
    shows: { reasoning: false, refusal: true, requestId: true },
  },
  {
    ...common,
    name: '@openai/agents, responses',
    surface: 'responses',
    // An answer that was cut is an error here.
    finishes: { stop: '', length: undefined },
    open: (connection) => createClient(providerAt(connection, true)),
    shows: { reasoning: true, refusal: true, requestId: true },
  },
];

function providerAt({ origin, key, retries }: Connection, useResponses: boolean): OpenAIProvider {
  const limit = retries === undefined ? {} : { maxRetries: retries };
  const openAIClient = new OpenAI({ baseURL: `${origin}/v1`, apiKey: key, ...limit });
  return new OpenAIProvider({ openAIClient, useResponses });
}

function createClient(modelProvider: OpenAIProvider): Client {
  // Traces would go to OpenAI.
  const runner = new Runner({ modelProvider, tracingDisabled: true });
  const streamed = async (ask: Ask, tools: ReturnType<typeof weatherTool>[]): Promise<Said> => {
    const result = await runner.run(agent(ask, tools), input(ask), { stream: true, ...options(ask) });
    for await (const text of result.toTextStream()) ask.onText?.(text);
    await result.completed;
    ask.signal?.throwIfAborted();
    return say(result);
  };
  return {
    ask: (ask) => refusable(async () => say(await runner.run(agent(ask, []), input(ask), options(ask)))),

    stream: (ask) => refusable(() => streamed(ask, [])),

    async useTool(ask, getWeather) {
      const result = await runner.run(agent(ask, [weatherTool(getWeather)]), input(ask));
      return result.finalOutput ?? '';
    },

    async useToolStreaming(ask, getWeather) {
      return (await streamed(ask, [weatherTool(getWeather)])).text;
    },

    async object(ask) {
      const outputType = z.object({ city: z.string(), celsius: z.number() });
      const reporter = new Agent({ name: 'Reporter', model: ask.model, outputType });
      return (await runner.run(reporter, input(ask))).finalOutput;
    },
  };
}

const options = ({ signal }: Ask) => (signal === undefined ? {} : { signal });

function agent({ model }: Ask, tools: ReturnType<typeof weatherTool>[]) {
  // Reasoning is sent as a summary to who asks for it.
  const modelSettings = { temperature: 0, reasoning: { summary: 'auto' as const } };
  return new Agent({ name: 'Helper', model, tools, modelSettings });
}

function input({ prompt, picture }: Ask): AgentInputItem[] {
  const image = `data:image/png;base64,${picture?.toString('base64')}`;
  const pictures = picture === undefined ? [] : [{ type: 'input_image' as const, image }];
  return [{ role: 'user', content: [{ type: 'input_text', text: prompt }, ...pictures] }];
}

function weatherTool(getWeather: (city: string) => string) {
  return tool({
    ...WEATHER_TOOL,
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => getWeather(city),
  });
}

type Run = {
  finalOutput?: string | undefined;
  newItems: RunItem[];
  state: { usage: { inputTokens: number; outputTokens: number } };
};

function say({ finalOutput, newItems, state }: Run): Said {
  const { inputTokens, outputTokens } = state.usage;
  const thoughts = newItems.flatMap((item) =>
    item.type === 'reasoning_item' ? [...item.rawItem.content, ...(item.rawItem.rawContent ?? [])] : [],
  );
  return {
    text: finalOutput ?? '',
    reasoning: thoughts.map(({ text }) => text).join(''),
    refusal: '',
    finish: '',
    usage: { input: inputTokens, output: outputTokens },
  };
}

/** A refusal is an error of its own here. */
async function refusable(run: () => Promise<Said>): Promise<Said> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ModelRefusalError)) throw error;
    return { text: '', reasoning: '', refusal: error.refusal, finish: '', usage: { input: 0, output: 0 } };
  }
}

for (const kind of kinds) describeClient(kind, () => world);
