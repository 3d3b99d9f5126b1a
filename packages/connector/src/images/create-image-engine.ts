import type { ImageEngineConfig } from '../config/engine-config.ts';
import type { Timers } from '../timers.ts';
import { createA1111Engine } from './a1111.ts';
import { createComfyEngine } from './comfy.ts';
import { createDemoImageEngine } from './demo-image.ts';
import type { ImageEngine } from './image-engine.ts';
import { createOpenAiImagesEngine } from './openai-images.ts';
import { createSdCppEngine } from './sd-cpp.ts';

/** The adapter for an image engine of the configuration. Nothing is contacted or loaded yet. */
export function createImageEngine(config: ImageEngineConfig, { timers }: { timers: Timers }): ImageEngine {
  if (config.kind === 'demo-image') return createDemoImageEngine(config.slots);
  const { kind, slots, choices } = config;
  const server = { endpoint: config, slots, choices, timers };
  switch (kind) {
    case 'openai-images':
      return createOpenAiImagesEngine(server);
    case 'sd-cpp':
      return createSdCppEngine(server);
    case 'a1111':
      return createA1111Engine(server);
    case 'comfyui':
      return createComfyEngine(server);
  }
  return kind;
}
