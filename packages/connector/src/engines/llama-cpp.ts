import type { Engine, EngineModel } from '../engine.ts';
import { EngineError } from '../engine.ts';
import { askEngine, readVersion, statusOfEngine, tryEngine } from './ask-engine.ts';
import type { EngineEndpoint } from './engine-http.ts';
import { callEngineJson, engineRoot, engineUrl } from './engine-http.ts';
import type { JsonObject } from './json.ts';
import { countAt, isObject, objectAt, textAt } from './json.ts';
import type { ModelFacts } from './model-settings.ts';
import { describeModel } from './model-settings.ts';
import type { ServerOptions } from './openai-compatible.ts';
import { listModels, MODELS_MAX } from './openai-compatible.ts';
import type { EngineLook } from './openai-server.ts';
import { createOpenAiServer } from './openai-server.ts';

export type LlamaCppOptions = ServerOptions & {
  /** Other people's requests run here: no prompt may be found again in another one's cache. */
  isShared: boolean;
  /** The owner lets requests of all users share one prompt cache. */
  sharesPromptCache: boolean;
};

const LOADING = new EngineError({
  code: 'engine_unreachable',
  message: 'llama.cpp loads its model.',
  isStarting: true,
});

/**
 * llama.cpp's own server. Slots, the context of each, pictures, tools and thinking are facts that it tells.
 *
 * Its prompt cache belongs to all who use the server: a slot keeps the last prompt, and finished prompts wait in
 * memory (`--cache-ram`, on by default), which under load has put one conversation into another (issue 27148).
 * On shared nodes every request therefore says `cache_prompt: false`: nothing of an earlier prompt is used then,
 * wherever it lies.
 *
 * Source: `tools/server/README.md` and the server's code of build 11434 (2026-10), read and tried 2026-11-21.
 */
export function createLlamaCppEngine(options: LlamaCppOptions): Engine {
  const root = engineRoot(options);
  const endpoint: EngineEndpoint = { ...root, baseUrl: `${root.baseUrl}/v1` };
  const isIsolated = options.isShared && !options.sharesPromptCache;
  let privacyNotices: string[] | undefined;

  async function look(signal: AbortSignal): Promise<EngineLook> {
    if ((await statusOfEngine({ endpoint: root, path: '/health' }, signal)) === 503) throw LOADING;
    const props = await askEngine({ endpoint: root, path: '/props' }, signal);
    const listed = (await listModels(endpoint, signal)).slice(0, MODELS_MAX);
    const isRouter = textAt(props, 'role') === 'router';
    const models: EngineModel[] = [];
    for (const entry of listed) {
      const facts = isRouter ? await askRouter(root, entry, signal) : readFacts(entry, props);
      if (facts !== undefined) models.push(describeModel(facts, options.settings));
    }
    if (options.isShared && !isRouter) privacyNotices ??= await findPrivacyNotices(root, signal);
    const slots = isRouter ? slotsOfAll(models) : countAt(props, 'total_slots');
    return {
      version: readVersion(props.build_info),
      models,
      ...(slots === undefined ? {} : { slots }),
      notices: [...(privacyNotices ?? []), ...(options.isShared && !isIsolated ? [SHARED_CACHE_NOTICE] : [])],
    };
  }

  return createOpenAiServer({
    kind: 'llama-cpp',
    endpoint,
    timers: options.timers,
    look,
    async probe(signal) {
      return (await statusOfEngine({ endpoint: root, path: '/health' }, signal)) === 200;
    },
    countRequests: (signal) => countRequests(root, signal),
    extraBody: () => (isIsolated ? { cache_prompt: false } : {}),
  });
}

/** One model of `/v1/models` with what `/props` says about it; undefined when it is not for chats. */
function readFacts(entry: JsonObject, props: JsonObject): ModelFacts | undefined {
  const localName = textAt(entry, 'id');
  if (localName === undefined || !givesText(entry)) return undefined;
  const contextTokens = countAt(objectAt(props, 'default_generation_settings'), 'n_ctx');
  if (contextTokens === undefined || contextTokens === 0) return undefined;
  const quant = textAt(props, 'model_ftype');
  const templateCan = objectAt(props, 'chat_template_caps');
  return {
    localName,
    ...namesOfFile(localName),
    contextTokens,
    contextMaxTokens: contextTokens,
    slots: countAt(props, 'total_slots') ?? 1,
    capabilities: {
      // Older builds do not say what the template can.
      tools: templateCan.supports_tools !== false,
      vision: objectAt(props, 'modalities').vision === true,
      thinking: canThink(props),
      // Any model is held to a schema, by a grammar.
      jsonSchema: true,
    },
    remoteBacked: false,
    isLoaded: props.is_sleeping !== true,
    ...(quant === undefined ? {} : { quant }),
  };
}

/** A router has several servers below it: one that is loaded tells about itself, the others are left alone. */
async function askRouter(
  root: EngineEndpoint,
  entry: JsonObject,
  signal: AbortSignal,
): Promise<ModelFacts | undefined> {
  if (textAt(objectAt(entry, 'status'), 'value') !== 'loaded') return undefined;
  const path = `/props?model=${encodeURIComponent(textAt(entry, 'id') ?? '')}&autoload=false`;
  const props = await tryEngine({ endpoint: root, path }, signal);
  return props === undefined ? undefined : readFacts(entry, props);
}

/** The servers below a router have slots of their own each. Undefined: none is loaded. */
function slotsOfAll(models: readonly EngineModel[]): number | undefined {
  return models.length === 0 ? undefined : models.reduce((sum, model) => sum + model.slots, 0);
}

function givesText(entry: JsonObject): boolean {
  const outputs = objectAt(entry, 'architecture').output_modalities;
  return !Array.isArray(outputs) || outputs.includes('text');
}

/** Templates of models that think have a switch for it, or write its mark themselves. */
function canThink(props: JsonObject): boolean {
  const template = textAt(props, 'chat_template') ?? '';
  const hasEffort = objectAt(props, 'chat_template_caps').supports_reasoning_effort === true;
  return hasEffort || /enable_thinking|reasoning_effort|<think>|<\|channel\|>/u.test(template);
}

/** Without `--alias` a model is called by the path of its file, which is nobody else's business. */
function namesOfFile(localName: string): Pick<ModelFacts, 'defaultAlias' | 'otherNames'> {
  const file = localName.split(/[/\\]/u).at(-1) ?? '';
  const name = file.replace(/\.gguf$/iu, '');
  return name === '' || name === localName ? {} : { defaultAlias: name, otherNames: [name, file] };
}

/** Busy slots. `/slots` may be switched off; waiting requests are not in it. Rejects when the server is gone. */
async function countRequests(root: EngineEndpoint, signal: AbortSignal): Promise<number | undefined> {
  const { status, body } = await callEngineJson(
    root,
    { method: 'GET', url: engineUrl(root, '/slots') },
    signal,
  );
  if (status === 503) throw LOADING;
  if (!Array.isArray(body)) return undefined;
  return body.filter((slot) => isObject(slot) && slot.is_processing === true).length;
}

const SHARED_CACHE_NOTICE =
  'share_prompt_cache is on: requests of different people use one prompt cache, so one can find out what another ' +
  'one sent, and llama.cpp issue 27148 can put one conversation into another';
const SAVED_SLOTS_NOTICE =
  'llama.cpp may write what is in its slots to files (--slot-save-path): those are other people’s prompts; start ' +
  'it without';
const TOOLS_NOTICE =
  'llama.cpp offers tools that read files and run programs to everybody who reaches it (--tools, --agent): start ' +
  'it without';

/**
 * What can be seen from outside. Saving of slots is asked for with an action that does not exist: a server that
 * could save refuses the action (400), the others the whole call (501). Neither changes anything.
 */
async function findPrivacyNotices(root: EngineEndpoint, signal: AbortSignal): Promise<string[]> {
  const savePath = '/slots/0?action=none';
  const saves = await statusOfEngine({ endpoint: root, path: savePath, body: {} }, signal);
  const tools = await statusOfEngine({ endpoint: root, path: '/tools' }, signal);
  return [...(saves === 400 ? [SAVED_SLOTS_NOTICE] : []), ...(tools === 200 ? [TOOLS_NOTICE] : [])];
}
