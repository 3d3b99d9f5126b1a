import type { Engine, EngineModel } from '../engine.ts';
import { EngineError } from '../engine.ts';
import type { Timers } from '../timers.ts';
import { encodeChatBody } from './chat-body.ts';
import { startChatCall } from './chat-call.ts';
import { findRequestProblem } from './check-request.ts';
import { faultOfConnectionError, faultOfHttpStatus } from './engine-errors.ts';
import type { EngineEndpoint } from './engine-http.ts';
import { callEngineJson, engineUrl } from './engine-http.ts';
import type { JsonObject } from './json.ts';
import { countAt, isObject, textAt } from './json.ts';
import { refusedRun } from './refused-run.ts';
import { readOllamaVersion, servedByOthers } from './remote-backed.ts';

/** What the owner says about one model. Absent: as the engine says, else the default. */
export type ModelSettings = {
  contextTokens?: number;
  maxOutputTokens?: number;
  tools?: boolean;
  vision?: boolean;
  thinking?: boolean;
  jsonSchema?: boolean;
};

export type OpenAiCompatibleOptions = EngineEndpoint & {
  /** Jobs that the engine takes at once, over all its models. */
  slots: number;
  /** By the engine's own names. Other models of the engine get the defaults. */
  settings: ReadonlyMap<string, ModelSettings>;
  timers: Timers;
};

const DEFAULT_CONTEXT_TOKENS = 8192;
/** Tools work in every current engine; the rest differs from model to model, so the owner has to say it. */
const DEFAULT_CAPABILITIES = { tools: true, vision: false, thinking: false, jsonSchema: false };
/** The link takes no more models of one node. */
const MODELS_MAX = 200;

/**
 * Any server with `GET /models` and a streaming `POST /chat/completions`: llama.cpp, vLLM, LM Studio,
 * Ollama's `/v1`, SGLang, KoboldCpp, LocalAI.
 *
 * The list of models comes from the engine, the rest from the owner's settings. vLLM names the context
 * length in its list (`max_model_len`), which is taken when the owner gives none.
 */
export function createOpenAiCompatibleEngine(options: OpenAiCompatibleOptions): Engine {
  const models = new Map<string, EngineModel>();
  let version = 'unknown';

  async function inventory(signal: AbortSignal): Promise<EngineModel[]> {
    const listed = await listModels(options, signal);
    const ollamaVersion = await readOllamaVersion(options, signal);
    version = ollamaVersion ?? 'unknown';
    models.clear();
    for (const entry of listed) {
      const localName = textAt(entry, 'id');
      if (localName === undefined || models.size >= MODELS_MAX) continue;
      const remoteBacked = await servedByOthers({ endpoint: options, localName, ollamaVersion }, signal);
      models.set(localName, describeModel({ entry, localName, remoteBacked }, options));
    }
    return [...models.values()];
  }

  return {
    kind: 'openai-compatible',
    get version() {
      return version;
    },
    inventory,
    async probe(signal) {
      try {
        const call = { method: 'GET', url: engineUrl(options, '/models') } as const;
        return (await callEngineJson(options, call, signal)).status < 500;
      } catch {
        return false;
      }
    },
    run(job, sink) {
      const capabilities = models.get(job.localName)?.capabilities ?? DEFAULT_CAPABILITIES;
      const problem = findRequestProblem(job.chat, capabilities);
      if (problem !== undefined) return refusedRun(problem, sink);
      const body = encodeChatBody(job.localName, job.chat);
      return startChatCall({ endpoint: options, body, timers: options.timers }, sink);
    },
    async close() {
      // Nothing is held open between calls.
    },
  };
}

async function listModels(endpoint: EngineEndpoint, signal: AbortSignal): Promise<JsonObject[]> {
  const call = { method: 'GET', url: engineUrl(endpoint, '/models') } as const;
  const answer = await callEngineJson(endpoint, call, signal).catch((error: unknown) => {
    throw new EngineError(faultOfConnectionError(error));
  });
  if (answer.status !== 200) throw new EngineError(faultOfHttpStatus(answer.status, answer.text));
  const list: unknown = isObject(answer.body) ? answer.body.data : undefined;
  if (!Array.isArray(list)) {
    const message = 'The engine gives no list of models; does base_url end with /v1?';
    throw new EngineError({ code: 'engine_failed', message });
  }
  return list.filter(isObject);
}

function describeModel(
  model: { entry: JsonObject; localName: string; remoteBacked: boolean },
  options: OpenAiCompatibleOptions,
): EngineModel {
  const settings = options.settings.get(model.localName) ?? {};
  const contextTokens =
    settings.contextTokens ?? countAt(model.entry, 'max_model_len') ?? DEFAULT_CONTEXT_TOKENS;
  return {
    localName: model.localName,
    contextTokens,
    maxOutputTokens: Math.min(settings.maxOutputTokens ?? contextTokens, contextTokens),
    slots: options.slots,
    capabilities: {
      tools: settings.tools ?? DEFAULT_CAPABILITIES.tools,
      vision: settings.vision ?? DEFAULT_CAPABILITIES.vision,
      thinking: settings.thinking ?? DEFAULT_CAPABILITIES.thinking,
      jsonSchema: settings.jsonSchema ?? DEFAULT_CAPABILITIES.jsonSchema,
    },
    remoteBacked: model.remoteBacked,
  };
}
