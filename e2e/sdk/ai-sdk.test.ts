import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, beforeAll } from 'vitest';
import { cleanUp } from '../support/processes.ts';
import { AI_SDK_ERRORS, createAiSdkClient, readAiSdkError } from './support/ai-sdk.ts';
import { describeClient } from './support/cases.ts';
import type { ClientKind } from './support/client.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(cleanUp);

const common = {
  readError: readAiSdkError,
  finishes: { stop: 'stop', length: 'length' },
  countsCachedInput: true,
  errors: AI_SDK_ERRORS,
} as const;

/** Vercel's AI SDK by each of its packages that can speak to a gateway. */
const kinds: readonly ClientKind[] = [
  {
    ...common,
    name: '@ai-sdk/openai-compatible',
    surface: 'chat-completions',
    shows: { reasoning: true, refusal: false, requestId: true },
    open({ origin, key, retries }) {
      const provider = createOpenAICompatible({
        name: 'switchyard',
        baseURL: `${origin}/v1`,
        apiKey: key,
        // Without these two a stream has no usage, and a schema becomes a plea in the prompt.
        includeUsage: true,
        supportsStructuredOutputs: true,
      });
      return createAiSdkClient((id) => provider.chatModel(id), { retries });
    },
  },
  {
    ...common,
    name: '@ai-sdk/openai, chat',
    surface: 'chat-completions',
    shows: { reasoning: false, refusal: false, requestId: true },
    open({ origin, key, retries }) {
      const provider = createOpenAI({ baseURL: `${origin}/v1`, apiKey: key });
      return createAiSdkClient((id) => provider.chat(id), { retries });
    },
  },
  {
    ...common,
    // What `provider(id)` means without a word: not chat completions.
    name: '@ai-sdk/openai',
    surface: 'responses',
    shows: { reasoning: true, refusal: false, requestId: true },
    open({ origin, key, retries }) {
      const provider = createOpenAI({ baseURL: `${origin}/v1`, apiKey: key });
      // It shows reasoning only as a summary, which it asks for only of models that it knows to reason.
      const openai = { reasoningSummary: 'auto', forceReasoning: true };
      return createAiSdkClient((id) => provider(id), { retries, providerOptions: { openai } });
    },
  },
  {
    ...common,
    name: '@ai-sdk/anthropic',
    surface: 'messages',
    shows: { reasoning: true, refusal: false, requestId: true },
    open({ origin, key, retries }) {
      // With `/v1`, unlike Anthropic's own package.
      const provider = createAnthropic({ baseURL: `${origin}/v1`, authToken: key });
      return createAiSdkClient((id) => provider(id), { retries });
    },
  },
];

for (const kind of kinds) describeClient(kind, () => world);
