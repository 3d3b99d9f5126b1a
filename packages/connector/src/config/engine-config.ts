import { isAllowedHost } from '../engines/address-guard.ts';
import type { ModelSettings } from '../engines/model-settings.ts';
import type { ModelChoice } from '../engine-host.ts';

/** One engine as the owner wants it driven, checked and with every default filled in. */
export type EngineConfig = TextEngineConfig | ImageEngineConfig;

export type TextEngineConfig = DemoConfig | ServerConfig | GgufConfig;

/** The built-in demo model that makes pictures. Its recipe has the only name that it is offered under. */
export type ImageEngineConfig = { kind: 'demo-image'; slots: number; choices: undefined };

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
/** A picture keeps a processor core at work. */
export const DEMO_IMAGE_SLOTS = 1;
export const DEMO_IMAGE_SLOTS_MAX = 8;
export const SLOTS_MAX = 4096;

/** Where each kind listens when nobody changed it. A server of any other kind has no usual address. */
export const USUAL_URLS: Readonly<Record<Exclude<ServerKind, 'openai-compatible'>, string>> = {
  ollama: 'http://127.0.0.1:11434',
  'llama-cpp': 'http://127.0.0.1:8080',
  vllm: 'http://127.0.0.1:8000',
  'lm-studio': 'http://127.0.0.1:1234',
};

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
export const KIND_LIST = 'ollama, llama-cpp, vllm, lm-studio, openai, gguf, demo or demo-image';

/** The kind that a word of the owner means. */
export function serverKindOf(word: string): ServerKind | undefined {
  return KIND_WORDS.get(word.toLowerCase());
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
