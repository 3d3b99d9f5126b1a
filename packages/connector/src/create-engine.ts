import type { EngineConfig, ServerConfig, TextEngineConfig } from './config/engine-config.ts';
import { DEFAULT_SLOTS } from './config/engine-config.ts';
import type { Engine } from './engine.ts';
import { createDemoAdapter } from './engines/demo.ts';
import { createGgufEngine, modelNameOf } from './engines/gguf.ts';
import { createLlamaCppEngine } from './engines/llama-cpp.ts';
import { createLmStudioEngine } from './engines/lm-studio.ts';
import { createOllamaEngine } from './engines/ollama.ts';
import { createOpenAiCompatibleEngine } from './engines/openai-compatible.ts';
import { createVllmEngine } from './engines/vllm.ts';
import type { Timers } from './timers.ts';

/** What an adapter needs besides the configuration of its engine. */
export type EngineContext = {
  timers: Timers;
  /** Other people's requests run on this node. */
  isShared: boolean;
};

/** The adapter for an engine of the configuration. Nothing is contacted, loaded or started yet. */
export function createEngine(config: TextEngineConfig, context: EngineContext): Engine {
  if (config.kind === 'demo') return createDemoAdapter({ slots: config.slots, timers: context.timers });
  if (config.kind === 'gguf') return createGgufEngine({ ...config, ...context });
  return createServerEngine({ ...config, ...context });
}

function createServerEngine(options: ServerConfig & EngineContext): Engine {
  switch (options.kind) {
    case 'openai-compatible':
      return createOpenAiCompatibleEngine({ ...options, slots: options.slots ?? DEFAULT_SLOTS });
    case 'ollama':
      return createOllamaEngine(options);
    case 'llama-cpp':
      return createLlamaCppEngine(options);
    case 'vllm':
      return createVllmEngine(options);
    case 'lm-studio': {
      const chosen = new Set((options.choices ?? []).map(({ localName }) => localName));
      return createLmStudioEngine({ ...options, chosen });
    }
  }
  return options.kind;
}

/** How status lines call an engine: by its model file, its address, or its kind. */
export function engineName(config: EngineConfig): string {
  if (config.kind === 'demo' || config.kind === 'demo-image') return config.kind;
  return config.kind === 'gguf' ? modelNameOf(config.file) : new URL(config.baseUrl).host;
}
