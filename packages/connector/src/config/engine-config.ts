import { isAllowedHost } from '../engines/address-guard.ts';
import type { ModelSettings } from '../engines/model-settings.ts';
import type { ModelChoice } from '../engine-host.ts';

/** One engine as the owner wants it driven, checked and with every default filled in. */
export type EngineConfig = TextEngineConfig | ImageEngineConfig;

export type TextEngineConfig = DemoConfig | ServerConfig | GgufConfig;

export type ImageEngineConfig = DemoImageConfig | ImageServerConfig;

/** The built-in demo model that makes pictures. Its recipe has the only name that it is offered under. */
export type DemoImageConfig = { kind: 'demo-image'; slots: number; choices: undefined };

/** A server that makes pictures and runs already. */
export type ImageServerConfig = {
  kind: ImageServerKind;
  baseUrl: string;
  apiKey: string | undefined;
  allowLan: boolean;
  slots: number;
  /** Recipes by the engine's models that they are made with. Absent: as the names of the models say. */
  choices: ModelChoice[] | undefined;
};

export type ImageServerKind = 'openai-images' | 'sd-cpp' | 'a1111' | 'comfyui';

export type DemoConfig = { kind: 'demo'; slots: number; choices: ModelChoice[] | undefined };

export type ServerKind = 'openai-compatible' | 'ollama' | 'llama-cpp' | 'vllm' | 'lm-studio';

/** A server that runs already. */
export type ServerConfig = {
  kind: ServerKind;
  baseUrl: string;
  apiKey: string | undefined;
  allowLan: boolean;
  /** Absent: as the engine says. */
  slots: number | undefined;
  choices: ModelChoice[] | undefined;
  /** By the engine's own names. */
  settings: Map<string, ModelSettings>;
  /** Ollama only: how long a model stays loaded after a request. */
  keepAlive: string | undefined;
  /** llama.cpp and vLLM only. */
  sharesPromptCache: boolean;
};

/** A model file that the connector starts a server for. */
export type GgufConfig = {
  kind: 'gguf';
  file: string;
  /** Absent: `llama-server` of the search path. */
  program: string | undefined;
  slots: number | undefined;
  /** For each job. */
  contextTokens: number | undefined;
  choices: ModelChoice[] | undefined;
  settings: Map<string, ModelSettings>;
  /** What the server is started with. */
  environment: Readonly<Record<string, string | undefined>>;
};

export const DEFAULT_SLOTS = 4;
export const DEMO_SLOTS_MAX = 64;
/** A picture keeps a processor core or the graphics card at work. */
export const IMAGE_SLOTS = 1;
export const IMAGE_SLOTS_MAX = 8;
export const SLOTS_MAX = 4096;

/** Where each kind listens when nobody changed it. A server of any other kind has no usual address. */
export const USUAL_URLS: Readonly<Record<Exclude<ServerKind, 'openai-compatible'>, string>> = {
  ollama: 'http://127.0.0.1:11434',
  'llama-cpp': 'http://127.0.0.1:8080',
  vllm: 'http://127.0.0.1:8000',
  'lm-studio': 'http://127.0.0.1:1234',
};

/** The same for image engines: what each listens on by its own documents (2026-11). */
export const USUAL_IMAGE_URLS: Readonly<Record<Exclude<ImageServerKind, 'openai-images'>, string>> = {
  'sd-cpp': 'http://127.0.0.1:1234',
  a1111: 'http://127.0.0.1:7860',
  comfyui: 'http://127.0.0.1:8188',
};

const IMAGE_KIND_WORDS: ReadonlyMap<string, ImageServerKind> = new Map<string, ImageServerKind>([
  ['openai-images', 'openai-images'],
  ['sd-cpp', 'sd-cpp'],
  ['sd.cpp', 'sd-cpp'],
  ['stable-diffusion.cpp', 'sd-cpp'],
  ['a1111', 'a1111'],
  ['automatic1111', 'a1111'],
  ['forge', 'a1111'],
  ['comfyui', 'comfyui'],
  ['comfy', 'comfyui'],
]);

const KIND_WORDS: ReadonlyMap<string, ServerKind> = new Map<string, ServerKind>([
  ['openai', 'openai-compatible'],
  ['openai-compatible', 'openai-compatible'],
  ['ollama', 'ollama'],
  ['llama-cpp', 'llama-cpp'],
  ['llama.cpp', 'llama-cpp'],
  ['llamacpp', 'llama-cpp'],
  ['vllm', 'vllm'],
  ['lm-studio', 'lm-studio'],
  ['lmstudio', 'lm-studio'],
]);

/** For messages. */
export const KIND_LIST =
  'ollama, llama-cpp, vllm, lm-studio, openai, gguf, demo, demo-image, comfyui, a1111, openai-images or sd-cpp';

/** The kind that a word of the owner means. */
export function serverKindOf(word: string): ServerKind | undefined {
  return KIND_WORDS.get(word.toLowerCase());
}

export function imageServerKindOf(word: string): ImageServerKind | undefined {
  return IMAGE_KIND_WORDS.get(word.toLowerCase());
}

export function usualImageUrl(kind: ImageServerKind): string | undefined {
  return kind === 'openai-images' ? undefined : USUAL_IMAGE_URLS[kind];
}

export function isImageEngine(engine: EngineConfig): engine is ImageEngineConfig {
  return engine.kind === 'demo-image' || isImageServer(engine);
}

export function isImageServer(engine: EngineConfig): engine is ImageServerConfig {
  return isImageServerKind(engine.kind);
}

export function isImageServerKind(kind: string): kind is ImageServerKind {
  return kind === 'openai-images' || Object.hasOwn(USUAL_IMAGE_URLS, kind);
}

export function usualUrl(kind: ServerKind): string | undefined {
  return kind === 'openai-compatible' ? undefined : USUAL_URLS[kind];
}

/** A server of which nothing but its kind and address is known. Only a kind that cannot say has a number of slots. */
export function serverConfig(kind: ServerKind, baseUrl: string): ServerConfig {
  return {
    kind,
    baseUrl,
    apiKey: undefined,
    allowLan: false,
    slots: kind === 'openai-compatible' ? DEFAULT_SLOTS : undefined,
    choices: undefined,
    settings: new Map(),
    keepAlive: undefined,
    sharesPromptCache: false,
  };
}

/** What is wrong with an engine's base URL; undefined when it can be used. A name is checked when it is resolved. */
export function findBaseUrlProblem(baseUrl: string, allowLan: boolean): string | undefined {
  if (!URL.canParse(baseUrl)) return 'must be a URL such as http://127.0.0.1:8080/v1';
  const url = new URL(baseUrl);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with http:// or https://';
  if (url.username !== '' || url.password !== '') return 'must hold no user or password; use api_key_env';
  if (url.search !== '' || url.hash !== '') return 'must end with the path, without ? or #';
  if (isAllowedHost(url.hostname, allowLan)) return undefined;
  if (isAllowedHost(url.hostname, true))
    return 'is not on this machine; set allow_lan (--allow-lan) to use it';
  return 'must be on this machine (127.0.0.1) or, with allow_lan, in a private network';
}
