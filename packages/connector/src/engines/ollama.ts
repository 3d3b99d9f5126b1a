import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Engine, EngineModel } from '../engine.ts';
import { EngineError } from '../engine.ts';
import { askEngine, readVersion, statusOfEngine, tryEngine } from './ask-engine.ts';
import { startChatCall } from './chat-call.ts';
import { findRequestProblem } from './check-request.ts';
import { engineRoot, engineUrl } from './engine-http.ts';
import type { JsonObject } from './json.ts';
import { isObject, textAt } from './json.ts';
import { describeModel } from './model-settings.ts';
import { ollamaAnswer } from './ollama-answer.ts';
import { encodeOllamaBody } from './ollama-chat.ts';
import type { OllamaModel } from './ollama-models.ts';
import { canChat, factsOfOllamaModel, readLoadedModels, readOllamaModel } from './ollama-models.ts';
import type { ServerOptions } from './openai-compatible.ts';
import { MODELS_MAX } from './openai-compatible.ts';
import { refusedRun } from './refused-run.ts';

export type OllamaOptions = ServerOptions & {
  /** Jobs at once. Ollama's own number (`OLLAMA_NUM_PARALLEL`, by default 1) cannot be asked for. */
  slots: number | undefined;
  keepAlive: string | undefined;
  /** Other people's requests run here: what only an owner may do with their own is refused or pointed out. */
  isShared: boolean;
  /** Where Ollama would keep requests for debugging; tests put their own in. */
  requestLogFolder?: string;
};

const DEFAULT_SLOTS = 1;

/** A listed model as it is offered. */
type Known = { model: OllamaModel; described: EngineModel };

/**
 * Ollama by its own API, which knows more than its OpenAI-compatible one: the context length of a request, what
 * each model can do, which are in memory, and which are answered by Ollama's cloud.
 *
 * Source: `docs/api.md` of Ollama 0.17.4, read and tried 2026-11-21.
 */
export function createOllamaEngine(options: OllamaOptions): Engine {
  const endpoint = engineRoot(options);
  const slots = options.slots ?? DEFAULT_SLOTS;
  /** By name and digest: a model is shown once, also when the look at the others was given up. */
  const shown = new Map<string, OllamaModel>();
  /** By name and digest, so that a model keeps its context. */
  let known = new Map<string, Known>();
  let version = 'unknown';
  let notices: string[] = [];

  async function inventory(signal: AbortSignal): Promise<EngineModel[]> {
    const { version: given } = await askEngine({ endpoint, path: '/api/version' }, signal);
    version = readVersion(given);
    const listed = await askEngine({ endpoint, path: '/api/tags' }, signal);
    const loaded = readLoadedModels(await tryEngine({ endpoint, path: '/api/ps' }, signal));
    const next = new Map<string, Known>();
    for (const entry of entriesOf(listed)) {
      const localName = textAt(entry, 'name');
      if (localName === undefined || next.size >= MODELS_MAX) continue;
      const key = `${localName}\n${textAt(entry, 'digest') ?? ''}`;
      const model = shown.get(key) ?? (await show(localName, entry, signal));
      if (model === undefined) continue;
      shown.set(key, model);
      const loadedContextTokens = loaded.get(localName);
      const facts = factsOfOllamaModel(model, { slots, loadedContextTokens });
      const contextTokens = known.get(key)?.described.contextTokens ?? facts.contextTokens;
      next.set(key, {
        model,
        described: describeModel({ ...facts, contextTokens }, options.settings),
      });
    }
    if (signal.aborted) throw TOO_SLOW;
    known = next;
    for (const key of shown.keys()) if (!next.has(key)) shown.delete(key);
    notices = [...contextNotices([...known.values()]), ...(options.isShared ? await privacyNotices() : [])];
    return [...known.values()].filter(({ model }) => canChat(model)).map(({ described }) => described);
  }

  /** Undefined when Ollama does not say: the model is left out until it does. */
  async function show(
    localName: string,
    entry: JsonObject,
    signal: AbortSignal,
  ): Promise<OllamaModel | undefined> {
    const answer = await tryEngine({ endpoint, path: '/api/show', body: { model: localName } }, signal);
    return answer === undefined ? undefined : readOllamaModel(localName, entry, answer);
  }

  async function privacyNotices(): Promise<string[]> {
    const found: string[] = [];
    if (await keepsRequests(options.requestLogFolder ?? tmpdir())) found.push(REQUEST_LOG_NOTICE);
    if (keepsPrompts(version)) found.push(PROMPT_CACHE_NOTICE);
    return found;
  }

  return {
    kind: 'ollama',
    get version() {
      return version;
    },
    inventory,
    async probe(signal) {
      return (await statusOfEngine({ endpoint, path: '/api/version' }, signal)) === 200;
    },
    slots: () => options.slots,
    notices: () => notices,
    run(job, sink) {
      const found = [...known.values()].find(({ model }) => model.localName === job.localName);
      if (found === undefined) return refusedRun(UNKNOWN_MODEL.fault, sink);
      const { model, described } = found;
      const problem = findRequestProblem(job.chat, described.capabilities);
      if (problem !== undefined) return refusedRun(problem, sink);
      const target = {
        localName: job.localName,
        contextTokens: described.contextTokens,
        thinking: described.capabilities.thinking,
        thinksInLevels: model.thinksInLevels,
        keepAlive: options.keepAlive,
      };
      const { parallelToolCalls } = job.chat;
      return startChatCall(
        {
          endpoint,
          url: engineUrl(endpoint, '/api/chat'),
          body: encodeOllamaBody(target, job.chat),
          answer: ollamaAnswer({ parallelToolCalls, allowsRemote: !options.isShared }),
          timers: options.timers,
        },
        sink,
      );
    },
    async close() {
      // Nothing is held open between calls.
    },
  };
}

const TOO_SLOW = new EngineError({
  code: 'timeout',
  message: 'Ollama takes long to describe its models.',
});

const UNKNOWN_MODEL = new EngineError({
  code: 'engine_failed',
  message: 'Ollama does not have this model any more.',
});

function entriesOf(answer: JsonObject): JsonObject[] {
  if (Array.isArray(answer.models)) return answer.models.filter(isObject);
  throw new EngineError({ code: 'engine_failed', message: 'The engine gives no list of models.' });
}

/** Which models have much more context than is offered: their owner may want to give them memory for it. */
function contextNotices(known: Known[]): string[] {
  return known
    .filter(({ model, described }) => {
      const most = model.trainedContextTokens ?? 0;
      return canChat(model) && !model.remoteBacked && most >= 2 * described.contextTokens;
    })
    .map(
      ({ model, described }) =>
        `model ${model.localName} is offered with ${described.contextTokens} of its ` +
        `${model.trainedContextTokens} tokens of context; set context_tokens for another number`,
    );
}

const REQUEST_LOG_NOTICE =
  'Ollama keeps, or kept, whole requests in files for debugging (folders ollama-request-logs-*); start it without ' +
  'OLLAMA_DEBUG_LOG_REQUESTS and delete the folders: they are other people’s prompts';

/** Ollama makes such a folder when it starts with OLLAMA_DEBUG_LOG_REQUESTS (pull request 14106, 2026-02). */
async function keepsRequests(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).some((name) => name.startsWith('ollama-request-logs-'));
  } catch {
    return false;
  }
}

const PROMPT_CACHE_NOTICE =
  'this version of Ollama keeps finished prompts in memory and may mix them up under load (llama.cpp issue 27148); ' +
  'start Ollama with LLAMA_ARG_CACHE_RAM=0';

/**
 * From 0.30 on, Ollama runs llama.cpp's server, whose memory for prompts is on by default; its processes take
 * LLAMA_ARG_CACHE_RAM from Ollama's environment. Whether it is set cannot be asked. Source: issues 18072 and 18264
 * of ollama/ollama, 2026-08 and 2026-09.
 */
function keepsPrompts(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 || minor >= 30;
}
