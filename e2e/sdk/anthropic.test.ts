import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { cleanUp } from '../support/processes.ts';
import { describeClient } from './support/cases.ts';
import { WEATHER_TOOL, type Ask, type Client, type ClientKind, type Said } from './support/client.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(cleanUp);

const kind: ClientKind = {
  name: '@anthropic-ai/sdk',
  surface: 'messages',
  open({ origin, key, retries }) {
    const limit = retries === undefined ? {} : { maxRetries: retries };
    // Without `/v1`: the package appends it. `apiKey: null` keeps a key of the environment out.
    return createClient(new Anthropic({ baseURL: origin, authToken: key, apiKey: null, ...limit }));
  },
  readError(error) {
    if (!(error instanceof Anthropic.AnthropicError)) throw error;
    const className = error.constructor.name;
    const { message } = error;
    if (!(error instanceof Anthropic.APIError)) {
      return { className, status: undefined, code: undefined, requestId: undefined, message };
    }
    return {
      className,
      status: error.status,
      code: error.type ?? undefined,
      requestId: error.requestID ?? undefined,
      message,
    };
  },
  finishes: { stop: 'end_turn', length: 'max_tokens' },
  countsCachedInput: false,
  shows: { reasoning: true, refusal: true, requestId: true },
  errors: {
    'wrong-key': { className: 'AuthenticationError', code: 'authentication_error' },
    'no-money': { className: 'PaymentRequiredError', code: 'billing_error' },
    'unknown-model': { className: 'NotFoundError', code: 'not_found_error' },
    'too-fast': { className: 'RateLimitError', code: 'rate_limit_error' },
    'no-node': { className: 'ServiceUnavailableError', code: 'api_error' },
    'bad-prompt': { className: 'BadRequestError', code: 'invalid_request_error' },
  },
};

function createClient(anthropic: Anthropic): Client {
  return {
    async models() {
      const ids: string[] = [];
      for await (const model of anthropic.models.list()) ids.push(model.id);
      return ids;
    },

    async ask(ask) {
      return say(await anthropic.messages.create(body(ask), options(ask)));
    },

    async stream(ask) {
      const stream = anthropic.messages.stream(body(ask), options(ask));
      stream.on('text', (text) => ask.onText?.(text));
      return say(await stream.finalMessage());
    },

    async useTool(ask, getWeather) {
      const runner = anthropic.beta.messages.toolRunner({ ...body(ask), tools: [weatherTool(getWeather)] });
      return textOf(await runner);
    },

    async useToolStreaming(ask, getWeather) {
      const runner = anthropic.beta.messages.toolRunner({
        ...body(ask),
        stream: true,
        tools: [weatherTool(getWeather)],
      });
      let text = '';
      for await (const stream of runner) text = textOf(await stream.finalMessage());
      return text;
    },

    async object(ask) {
      const format = zodOutputFormat(z.object({ city: z.string(), celsius: z.number() }));
      return (await anthropic.messages.parse({ ...body(ask), output_config: { format } })).parsed_output;
    },
  };
}

const options = ({ signal }: Ask) => (signal === undefined ? {} : { signal });

function body({ model, prompt, picture }: Ask) {
  const content: Anthropic.ContentBlockParam[] = [{ type: 'text', text: prompt }];
  if (picture !== undefined) {
    const data = picture.toString('base64');
    content.push({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } });
  }
  // `temperature` left the package's types; it still sends it, and local models still take it.
  const sampling = { temperature: 0 };
  return { model, max_tokens: 300, ...sampling, messages: [{ role: 'user' as const, content }] };
}

function weatherTool(getWeather: (city: string) => string) {
  return betaZodTool({
    ...WEATHER_TOOL,
    inputSchema: z.object({ city: z.string() }),
    run: ({ city }) => getWeather(city),
  });
}

function textOf({ content }: { content: { type: string; text?: string }[] }): string {
  return content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
}

/** A refusal is an end here, and its words are text. */
function say(answer: Anthropic.Message): Said {
  const { stop_reason: finish, usage } = answer;
  const thinking = answer.content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join('');
  return {
    text: textOf(answer),
    reasoning: thinking,
    refusal: '',
    finish: finish ?? '',
    usage: { input: usage.input_tokens, output: usage.output_tokens },
  };
}

describeClient(kind, () => world);
