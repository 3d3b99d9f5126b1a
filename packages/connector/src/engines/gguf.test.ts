import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Engine } from '../engine.ts';
import { EngineError } from '../engine.ts';
import { systemTimers } from '../timers.ts';
import { askServer, NEVER } from '../testing/server-world.ts';
import { findProgram } from './find-program.ts';
import type { GgufOptions } from './gguf.ts';
import { createGgufEngine, modelNameOf } from './gguf.ts';

const MODEL = fileURLToPath(import.meta.resolve('@switchyard/demo-engine/engine.ts')).replace(
  /src\/engine\.ts$/u,
  'models/Mote-1.3M-Chat-v1.0-F16.gguf',
);

const folder = mkdtempSync(join(tmpdir(), 'connector-gguf-'));
afterAll(() => rmSync(folder, { recursive: true }));
const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

function setUp(change: Partial<GgufOptions> = {}): Engine {
  const engine = createGgufEngine({
    file: MODEL,
    program: undefined,
    slots: undefined,
    contextTokens: undefined,
    isShared: true,
    environment: { PATH: folder },
    settings: new Map(),
    timers: systemTimers,
    ...change,
  });
  engines.push(engine);
  return engine;
}

describe('a model file without llama-server', () => {
  it('runs on the built-in engine when it is of the kind that this knows, with a word about it', async () => {
    const engine = setUp();
    const models = await engine.inventory(NEVER);
    expect(models).toMatchObject([{ localName: 'Mote-1.3M-Chat-v1.0-F16', contextTokens: 1024, slots: 2 }]);
    expect(engine.notices?.()).toEqual([expect.stringContaining('built-in engine')]);
    const { parts } = await askServer({ engine });
    expect(parts.at(-1)?.type).toBe('finish');
  });

  it.each<[string, (path: string) => void]>([
    ['no model', (path) => writeFileSync(path, 'not a model')],
    [
      'too large',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 65 * 1024 * 1024);
      },
    ],
  ])('that is %s brings the words what to install', async (_name, write) => {
    const file = join(folder, 'Other.gguf');
    write(file);
    const failed = await setUp({ file })
      .inventory(NEVER)
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(EngineError);
    expect((failed as EngineError).fault).toMatchObject({
      message: expect.stringContaining('llama-server is not found'),
      fix: expect.stringContaining('brew install llama.cpp'),
    });
  });
});

describe('llama-server', () => {
  it('is taken from the search path', () => {
    const path = join(folder, 'llama-server');
    writeFileSync(path, '#!/bin/sh\n');
    expect(findProgram('llama-server', ['/no/such', folder].join(delimiter))).toBeUndefined();
    chmodSync(path, 0o755);
    expect(findProgram('llama-server', ['/no/such', folder].join(delimiter))).toBe(path);
    expect(findProgram('llama-server', undefined)).toBeUndefined();
    expect(setUp().kind).toBe('llama-cpp');
    rmSync(path);
    expect(setUp().kind).toBe('demo');
  });
});

it.each([
  ['models/Qwen3-8B-Q4_K_M.gguf', 'Qwen3-8B-Q4_K_M'],
  ['X.GGUF', 'X'],
])('%s is called %s', (file, name) => {
  expect(modelNameOf(file)).toBe(name);
});
