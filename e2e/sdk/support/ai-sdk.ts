import { APICallError, generateText, isStepCount, Output, streamText, tool, type LanguageModel } from 'ai';
import { z } from 'zod';
import { WEATHER_TOOL, type Ask, type Client, type ClientKind, type Said, type SeenError } from './client.ts';

// By itself it writes a line for every setting that a model may not know.
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

/** Classes and codes of the `ai` package. It shows the HTTP status, and the dialect's words in the message. */
export const AI_SDK_ERRORS: ClientKind['errors'] = {
  'wrong-key': { className: 'AI_APICallError', code: undefined },
  'no-money': { className: 'AI_APICallError', code: undefined },
  'unknown-model': { className: 'AI_APICallError', code: undefined },
  'too-fast': { className: 'AI_APICallError', code: undefined },
  'no-node': { className: 'AI_APICallError', code: undefined },
  'bad-prompt': { className: 'AI_APICallError', code: undefined },
};

export function readAiSdkError(error: unknown): SeenError {
  if (!(error instanceof Error)) throw error;
  const { name: className, message } = error;
  if (!APICallError.isInstance(error)) {
    return { className, status: undefined, code: undefined, requestId: undefined, message };
  }
  const requestId = error.responseHeaders?.['x-request-id'];
  return { className, status: error.statusCode, code: undefined, requestId, message };
}

type ProviderOptions = Record<string, Record<string, string | boolean>>;

/** The `ai` package with the model of one of its provider packages. */
export function createAiSdkClient(
  modelOf: (id: string) => LanguageModel,
  { retries, providerOptions = {} }: { retries: number | undefined; providerOptions?: ProviderOptions },
): Client {
  const call = (ask: Ask) => {
    return {
      model: modelOf(ask.model),
      messages: messages(ask),
      temperature: 0,
      providerOptions,
      ...(retries === undefined ? {} : { maxRetries: retries }),
      ...(ask.signal === undefined ? {} : { abortSignal: ask.signal }),
    };
  };
  const streamed = async (ask: Ask, tools: ReturnType<typeof weatherTools> | undefined): Promise<Said> => {
    const result = streamText({
      ...call(ask),
      ...(tools === undefined ? {} : { tools, stopWhen: isStepCount(4) }),
      // Errors are thrown below; by itself the package prints them.
      onError: () => undefined,
    });
    for await (const part of result.stream) {
      if (part.type === 'error') throw part.error;
      if (part.type === 'text-delta') ask.onText?.(part.text);
    }
    return {
      text: await result.text,
      reasoning: (await result.reasoningText) ?? '',
      refusal: '',
      finish: await result.finishReason,
      usage: counts(await result.usage),
    };
  };
  return {
    async ask(ask) {
      const result = await generateText(call(ask));
      const { text, reasoningText: reasoning = '', finishReason: finish } = result;
      return { text, reasoning, refusal: '', finish, usage: counts(result.usage) };
    },

    stream: (ask) => streamed(ask, undefined),

    async useTool(ask, getWeather) {
      const tools = weatherTools(getWeather);
      return (await generateText({ ...call(ask), tools, stopWhen: isStepCount(4) })).text;
    },

    async useToolStreaming(ask, getWeather) {
      return (await streamed(ask, weatherTools(getWeather))).text;
    },

    async object(ask) {
      const schema = z.object({ city: z.string(), celsius: z.number() });
      return (await generateText({ ...call(ask), output: Output.object({ schema }) })).output;
    },
  };
}

function messages({ prompt, picture }: Ask) {
  const text = { type: 'text' as const, text: prompt };
  if (picture === undefined) return [{ role: 'user' as const, content: [text] }];
  const image = { type: 'file' as const, data: picture, mediaType: 'image/png' };
  return [{ role: 'user' as const, content: [text, image] }];
}

function weatherTools(getWeather: (city: string) => string) {
  return {
    [WEATHER_TOOL.name]: tool({
      description: WEATHER_TOOL.description,
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => getWeather(city),
    }),
  };
}

function counts(usage: { inputTokens: number | undefined; outputTokens: number | undefined }): Said['usage'] {
  return { input: usage.inputTokens ?? 0, output: usage.outputTokens ?? 0 };
}
