import { ContextOverflowError } from '@langchain/core/errors';
import { HumanMessage, ToolMessage, type AIMessage, type BaseMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai';
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
  type SeenError,
} from './support/client.ts';
import { OPENAI_ERRORS, readOpenAiError } from './support/openai-errors.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(cleanUp);

/** LangChain's package on both of its surfaces. */
const common = {
  readError,
  countsCachedInput: true,
  errors: {
    ...OPENAI_ERRORS,
    'bad-prompt': { className: 'ContextOverflowError', code: 'context_length_exceeded' },
  },
} as const;

const kinds: readonly ClientKind[] = [
  {
    ...common,
    name: '@langchain/openai, chat completions',
    surface: 'chat-completions',
    open: (connection) => createClient(modelsAt(connection, {})),
    finishes: { stop: 'stop', length: 'length' },
    shows: { reasoning: true, refusal: false, requestId: true },
  },
  {
    ...common,
    name: '@langchain/openai, responses',
    surface: 'responses',
    open: (connection) => createClient(modelsAt(connection, { useResponsesApi: true })),
    finishes: { stop: 'completed', length: 'incomplete: max_output_tokens' },
    // It asks for a summary of the reasoning only of models whose names it knows.
    shows: { reasoning: false, refusal: false, requestId: true },
  },
];

function modelsAt({ origin, key, retries }: Connection, more: ChatOpenAIFields): (id: string) => ChatOpenAI {
  const limit = retries === undefined ? {} : { maxRetries: retries };
  return (model) =>
    new ChatOpenAI({
      model,
      temperature: 0,
      apiKey: key,
      configuration: { baseURL: `${origin}/v1` },
      ...limit,
      ...more,
    });
}

/** It has a class of its own for prompts that do not fit, around the one of the `openai` package. */
function readError(error: unknown): SeenError {
  if (!ContextOverflowError.isInstance(error)) return readOpenAiError(error);
  return { ...readOpenAiError(error.cause), className: error.name };
}

function createClient(modelOf: (id: string) => ChatOpenAI): Client {
  return {
    async ask(ask) {
      return say(await modelOf(ask.model).invoke([question(ask)], options(ask)));
    },

    async stream(ask) {
      return say(await streamed(modelOf(ask.model), [question(ask)], ask));
    },

    async useTool(ask, getWeather) {
      return loop(ask, getWeather, (messages, tools) =>
        modelOf(ask.model).bindTools(tools).invoke(messages, options(ask)),
      );
    },

    async useToolStreaming(ask, getWeather) {
      return loop(ask, getWeather, (messages, tools) =>
        streamed(modelOf(ask.model).bindTools(tools), messages, ask),
      );
    },

    async object(ask) {
      const shape = z.object({ city: z.string(), celsius: z.number() });
      return modelOf(ask.model)
        .withStructuredOutput(shape, { name: 'report' })
        .invoke([question(ask)], options(ask));
    },
  };
}

const options = ({ signal }: Ask) => (signal === undefined ? {} : { signal });

function question({ prompt, picture }: Ask): HumanMessage {
  if (picture === undefined) return new HumanMessage(prompt);
  const url = `data:image/png;base64,${picture.toString('base64')}`;
  return new HumanMessage({
    content: [
      { type: 'text', text: prompt },
      { type: 'image_url', image_url: { url } },
    ],
  });
}

type Streaming = Pick<ReturnType<ChatOpenAI['bindTools']>, 'stream'>;

/** Adds the pieces of a stream up, as its documentation shows. */
async function streamed(model: Streaming, messages: BaseMessage[], ask: Ask): Promise<AIMessage> {
  let whole;
  for await (const chunk of await model.stream(messages, options(ask))) {
    if (chunk.text !== '') ask.onText?.(chunk.text);
    whole = whole === undefined ? chunk : whole.concat(chunk);
  }
  if (whole === undefined) throw new Error('an empty stream');
  return whole;
}

type Weather = ReturnType<typeof weatherTool>;

/** The package has no loop of its own: this is the one of its documentation. */
async function loop(
  ask: Ask,
  getWeather: (city: string) => string,
  next: (messages: BaseMessage[], tools: Weather[]) => Promise<AIMessage>,
): Promise<string> {
  const weather = weatherTool(getWeather);
  const messages: BaseMessage[] = [question(ask)];
  for (;;) {
    const answer = await next(messages, [weather]);
    messages.push(answer);
    if (answer.tool_calls === undefined || answer.tool_calls.length === 0) return answer.text;
    for (const call of answer.tool_calls) {
      const result: unknown = await weather.invoke({ ...call, type: 'tool_call' });
      if (result instanceof ToolMessage) messages.push(result);
    }
  }
}

function weatherTool(getWeather: (city: string) => string) {
  return tool(({ city }) => getWeather(city), { ...WEATHER_TOOL, schema: z.object({ city: z.string() }) });
}

type Metadata = {
  finish_reason?: string;
  status?: string;
  incomplete_details?: { reason: string } | null;
};

function say(answer: AIMessage): Said {
  const { finish_reason, status = '', incomplete_details: why } = answer.response_metadata as Metadata;
  const { reasoning_content: thought, reasoning } = answer.additional_kwargs as {
    reasoning_content?: string;
    reasoning?: { summary: { text: string }[] };
  };
  const { input_tokens: input = 0, output_tokens: output = 0 } = answer.usage_metadata ?? {};
  return {
    text: answer.text,
    reasoning: thought ?? reasoning?.summary.map(({ text }) => text).join('') ?? '',
    refusal: '',
    finish: finish_reason ?? (why ? `${status}: ${why.reason}` : status),
    usage: { input, output },
  };
}

for (const kind of kinds) describeClient(kind, () => world);
