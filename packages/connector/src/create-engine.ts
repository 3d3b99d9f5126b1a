import type { EngineConfig } from './config/engine-config.ts';
import type { Engine } from './engine.ts';
import { createDemoAdapter } from './engines/demo.ts';
import { createOpenAiCompatibleEngine } from './engines/openai-compatible.ts';
import type { Timers } from './timers.ts';

/** The adapter for an engine of the configuration. Nothing is contacted or loaded yet. */
export function createEngine(config: EngineConfig, timers: Timers): Engine {
  switch (config.kind) {
    case 'demo':
      return createDemoAdapter({ slots: config.slots, timers });
    case 'openai-compatible': {
      const { baseUrl, apiKey, allowLan, slots, settings } = config;
      return createOpenAiCompatibleEngine({ baseUrl, apiKey, allowLan, slots, settings, timers });
    }
  }
  return config;
}

/** How status lines call an engine: by its kind, and by its address when it has one. */
export function engineName(config: EngineConfig): string {
  return config.kind === 'demo' ? 'demo' : new URL(config.baseUrl).host;
}
