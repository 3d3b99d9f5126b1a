import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Engine } from '../engine.ts';
import type { Timers } from '../timers.ts';
import { createDemoAdapter } from './demo.ts';
import { findProgram } from './find-program.ts';
import { createLlamaServerEngine } from './llama-server.ts';
import type { ModelSettings } from './model-settings.ts';

export type GgufOptions = {
  file: string;
  /** Absent: `llama-server` of the search path. */
  program: string | undefined;
  slots: number | undefined;
  contextTokens: number | undefined;
  isShared: boolean;
  environment: Readonly<Record<string, string | undefined>>;
  settings: ReadonlyMap<string, ModelSettings>;
  timers: Timers;
};

const DEFAULT_SLOTS = 2;
/** The built-in engine computes in plain JavaScript: beyond this nobody would wait for it. */
const BUILT_IN_MAX_BYTES = 64 * 1024 * 1024;

/**
 * A GGUF file, on `llama-server` where that is installed. Without it a file of the demo model's kind runs on the
 * built-in engine, and for any other the owner is told what to install.
 */
export function createGgufEngine(options: GgufOptions): Engine {
  const { file, timers, settings, slots = DEFAULT_SLOTS } = options;
  const program = options.program ?? findProgram('llama-server', options.environment['PATH']);
  const alias = modelNameOf(file);
  if (program !== undefined) {
    const { contextTokens, isShared, environment } = options;
    return createLlamaServerEngine({
      program,
      file,
      alias,
      slots,
      contextTokens,
      isShared,
      environment,
      settings,
      timers,
    });
  }
  return createDemoAdapter({
    slots,
    timers,
    modelName: alias,
    notices: [BUILT_IN_NOTICE],
    notStarted: { code: 'engine_unreachable', message: NOT_INSTALLED, fix: INSTALL },
    start: (count) => startBuiltIn(file, count),
  });
}

/** `models/Qwen3-8B-Q4_K_M.gguf` is called `Qwen3-8B-Q4_K_M`. */
export function modelNameOf(file: string): string {
  return basename(file).replace(/\.gguf$/iu, '');
}

async function startBuiltIn(file: string, slots: number) {
  if (statSync(file).size > BUILT_IN_MAX_BYTES) throw new Error('The file is too large for this engine.');
  const { startDemoEngine } = await import('@switchyard/demo-engine/engine.ts');
  return startDemoEngine({ slots, modelPath: file });
}

const NOT_INSTALLED = 'This file needs llama.cpp, and llama-server is not found.';
const INSTALL =
  'Install llama.cpp (brew install llama.cpp, winget install llama.cpp, or a build from its releases), so that ' +
  'llama-server is on the search path, or give its place with llama_server in the configuration file.';
const BUILT_IN_NOTICE =
  'this model runs on the built-in engine, which is made for models of a few million parameters; with llama-server ' +
  'on the search path it runs there';
