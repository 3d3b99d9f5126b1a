import type { JsonObject } from '../engines/json.ts';
import { isObject } from '../engines/json.ts';
import type { FakeEngineHandler } from './fake-engine-server.ts';
import { eventsOf, sendJson, sendStream } from './fake-engine-server.ts';

/** What can differ between servers. Changed while it runs, it answers differently at once. */
export type FakeLlamaCpp = {
  id: string;
  slots: number;
  contextTokens: number;
  busySlots: number;
  isLoading: boolean;
  /** Joined into the answer of `/props`. */
  props: JsonObject;
  /** Joined into the model's entry of `/v1/models`. */
  entry: JsonObject;
  hasSlotsEndpoint: boolean;
  savesSlots: boolean;
  hasTools: boolean;
  /** An API error in place of a chat. */
  chatError: { status: number; body: unknown } | undefined;
  handle: FakeEngineHandler;
};

const LOADING = { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } };

/**
 * Answers as llama.cpp's server of build 11434 did when it was tried (2026-11-21). It remembers the last prompt, as
 * a slot does: a chat with the same one counts it as cached, unless it says `cache_prompt: false`.
 */
export function createFakeLlamaCpp(change: Partial<FakeLlamaCpp> = {}): FakeLlamaCpp {
  let lastPrompt = '';
  const fake: FakeLlamaCpp = {
    id: 'models/Qwen3-8B-Q4_K_M.gguf',
    slots: 4,
    contextTokens: 16_384,
    busySlots: 0,
    isLoading: false,
    props: {},
    entry: {},
    hasSlotsEndpoint: true,
    savesSlots: false,
    hasTools: false,
    chatError: undefined,
    ...change,
    handle(request, response) {
      const [path = ''] = request.path.split('?');
      if (fake.isLoading) return sendJson(response, 503, LOADING);
      switch (path) {
        case '/health':
          return sendJson(response, 200, { status: 'ok' });
        case '/props':
          return sendJson(response, 200, propsOf(fake));
        case '/v1/models':
          return sendJson(response, 200, { object: 'list', data: [entryOf(fake)] });
        case '/slots':
          if (!fake.hasSlotsEndpoint) return sendJson(response, 501, { error: { code: 501 } });
          return sendJson(response, 200, slotsOf(fake));
        case '/slots/0':
          return sendJson(response, fake.savesSlots ? 400 : 501, { error: { message: 'Invalid action' } });
        case '/tools':
          return sendJson(response, fake.hasTools ? 200 : 403, fake.hasTools ? [] : { error: {} });
        case '/v1/chat/completions': {
          if (fake.chatError !== undefined)
            return sendJson(response, fake.chatError.status, fake.chatError.body);
          const body = isObject(request.body) ? request.body : {};
          const prompt = JSON.stringify(body['messages']);
          const isCached = body['cache_prompt'] !== false && prompt === lastPrompt;
          lastPrompt = prompt;
          return sendStream(response, answerWith(isCached ? 18 : 0));
        }
        default:
          return sendJson(response, 404, { error: { code: 404, message: 'File Not Found' } });
      }
    },
  };
  return fake;
}

function propsOf({ slots, contextTokens, props, id }: FakeLlamaCpp): JsonObject {
  return {
    default_generation_settings: { n_ctx: contextTokens, params: {} },
    total_slots: slots,
    model_alias: id,
    model_ftype: 'Q4_K - Medium',
    modalities: { vision: false, audio: false },
    chat_template: '{% if enable_thinking %}<think>{% endif %}',
    chat_template_caps: { supports_tools: true, supports_reasoning_effort: false },
    build_info: 'b11434-0123abc',
    is_sleeping: false,
    ...props,
  };
}

function entryOf({ id, contextTokens, entry }: FakeLlamaCpp): JsonObject {
  return {
    id,
    object: 'model',
    owned_by: 'llamacpp',
    architecture: { input_modalities: ['text'], output_modalities: ['text'] },
    meta: { n_ctx: contextTokens, n_ctx_train: 40_960 },
    ...entry,
  };
}

function slotsOf({ slots, busySlots, contextTokens }: FakeLlamaCpp): JsonObject[] {
  return Array.from({ length: slots }, (_, id) => ({
    id,
    n_ctx: contextTokens,
    is_processing: id < busySlots,
  }));
}

function answerWith(cachedTokens: number): string {
  const usage = {
    prompt_tokens: 19,
    completion_tokens: 2,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
  const events = eventsOf(
    { choices: [{ index: 0, delta: { role: 'assistant', content: null } }] },
    { choices: [{ index: 0, delta: { content: 'Hello' } }] },
    { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { choices: [], usage, timings: { cache_n: cachedTokens, prompt_n: 19 - cachedTokens } },
  );
  return `${events}data: [DONE]\n\n`;
}
