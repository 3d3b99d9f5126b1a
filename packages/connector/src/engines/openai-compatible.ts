import type { Engine, EngineModel } from '../engine.ts';
import { EngineError } from '../engine.ts';
import type { Timers } from '../timers.ts';
import { askEngine, statusOfEngine } from './ask-engine.ts';
import type { EngineEndpoint } from './engine-http.ts';
import type { JsonObject } from './json.ts';
import { countAt, isObject, textAt } from './json.ts';
import type { SettingsByName } from './model-settings.ts';
import { describeModel } from './model-settings.ts';
import type { EngineLook } from './openai-server.ts';
import { createOpenAiServer } from './openai-server.ts';
import { readOllamaVersion, servedByOthers } from './remote-backed.ts';

/** How an engine of another machine or program is reached, and what its owner says about it. */
export type ServerOptions = EngineEndpoint & {
  /** By the engine's own names. Other models of the engine get what the adapter finds out. */
  settings: SettingsByName;
  timers: Timers;
};

export type OpenAiCompatibleOptions = ServerOptions & {
  /** Jobs that the engine takes at once, over all its models. */
  slots: number;
};

const DEFAULT_CONTEXT_TOKENS = 8192;
/** Tools work in every current engine; the rest differs from model to model, so the owner has to say it. */
const DEFAULT_CAPABILITIES = { tools: true, vision: false, thinking: false, jsonSchema: false };
/** The link takes no more models of one node. */
export const MODELS_MAX = 200;

/**
 * Any server with `GET /models` and a streaming `POST /chat/completions`: SGLang, KoboldCpp, LocalAI, TGI, and
 * those with an adapter of their own when the owner prefers this one.
 *
 * The list of models comes from the engine, the rest from the owner's settings. vLLM names the context
 * length in its list (`max_model_len`), which is taken when the owner gives none.
 */
export function createOpenAiCompatibleEngine(options: OpenAiCompatibleOptions): Engine {
  async function look(signal: AbortSignal): Promise<EngineLook> {
    const listed = await listModels(options, signal);
    const ollamaVersion = await readOllamaVersion(options, signal);
    const models: EngineModel[] = [];
    for (const entry of listed) {
      const localName = textAt(entry, 'id');
      if (localName === undefined || models.length >= MODELS_MAX) continue;
      const remoteBacked = await servedByOthers({ endpoint: options, localName, ollamaVersion }, signal);
      models.push(describeEntry({ entry, localName, remoteBacked }, options));
    }
    return {
      version: ollamaVersion ?? 'unknown',
      models,
      notices: ollamaVersion === undefined ? findBetterAdapter(listed[0]) : [OLLAMA_NOTICE],
    };
  }

  return createOpenAiServer({
    kind: 'openai-compatible',
    endpoint: options,
    timers: options.timers,
    look,
    async probe(signal) {
      const status = await statusOfEngine({ endpoint: options, path: '/models' }, signal);
      return status !== undefined && status < 500;
    },
  });
}

const OLLAMA_NOTICE =
  'this is Ollama, and at this address it cuts long prompts without a word; use --engine ollama (kind: ollama)';

/** Servers that say who they are, and for which there is an adapter that knows more and keeps users apart. */
function findBetterAdapter(first: JsonObject | undefined): string[] {
  const owner = first === undefined ? undefined : textAt(first, 'owned_by');
  const kind = owner === 'llamacpp' ? 'llama-cpp' : owner;
  if (kind !== 'llama-cpp' && kind !== 'vllm') return [];
  return [`this is ${kind}: with --engine ${kind} (kind: ${kind}) it tells more, and shares no prompts`];
}

/** The entries of `GET /models`. */
export async function listModels(endpoint: EngineEndpoint, signal: AbortSignal): Promise<JsonObject[]> {
  const answer = await askEngine({ endpoint, path: '/models' }, signal).catch(withHint);
  if (Array.isArray(answer.data)) return answer.data.filter(isObject);
  const message = 'The engine gives no list of models; does base_url end with /v1?';
  throw new EngineError({ code: 'engine_failed', message });
}

/** Nearly every such address ends with `/v1`, and nearly every mistake is that it does not. */
function withHint(error: unknown): never {
  if (!(error instanceof EngineError) || error.fault.code !== 'engine_failed') throw error;
  const fix = 'Most engine addresses end in /v1; otherwise look into the log of the engine.';
  throw new EngineError({ ...error.fault, fix });
}

function describeEntry(
  model: { entry: JsonObject; localName: string; remoteBacked: boolean },
  options: OpenAiCompatibleOptions,
): EngineModel {
  const facts = {
    localName: model.localName,
    contextTokens: countAt(model.entry, 'max_model_len') ?? DEFAULT_CONTEXT_TOKENS,
    slots: options.slots,
    capabilities: DEFAULT_CAPABILITIES,
    remoteBacked: model.remoteBacked,
  };
  return describeModel(facts, options.settings);
}
