import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { isImageServer } from './engine-config.ts';
import { readEngineFlags } from './engine-flags.ts';

const FLAGS = { models: [], allowLan: false };

describe('image engines of flags', () => {
  it.each([
    ['sd-cpp', { kind: 'sd-cpp', baseUrl: 'http://127.0.0.1:1234', slots: 1 }],
    ['sd.cpp=http://127.0.0.1:9', { kind: 'sd-cpp', baseUrl: 'http://127.0.0.1:9' }],
    ['comfyui', { kind: 'comfyui', baseUrl: 'http://127.0.0.1:8188' }],
    ['forge', { kind: 'a1111', baseUrl: 'http://127.0.0.1:7860' }],
    ['openai-images=http://127.0.0.1:9/v1', { kind: 'openai-images', baseUrl: 'http://127.0.0.1:9/v1' }],
  ])('are read from %s', (engine, config) => {
    expect(readEngineFlags({ ...FLAGS, engines: [engine] })).toMatchObject({
      engines: [config],
      problems: [],
    });
  });

  it.each([['openai-images'], ['openai-images='], ['sd-cpp=http://192.168.1.2'], ['sd-cpp=ftp://127.0.0.1']])(
    'are refused as %s',
    (engine) => {
      expect(readEngineFlags({ ...FLAGS, engines: [engine] }).problems).toHaveLength(1);
    },
  );

  it('get the recipes, and engines for text get the rest', () => {
    const models = ['sdxl@1=mine', 'fast=qwen3:8b'];
    const { engines, problems } = readEngineFlags({ ...FLAGS, engines: ['ollama', 'sd-cpp'], models });
    expect(problems).toEqual([]);
    expect(engines.map((engine) => [isImageServer(engine), engine.choices])).toEqual([
      [false, [{ alias: 'fast', localName: 'qwen3:8b' }]],
      [true, [{ alias: 'sdxl@1', localName: 'mine' }]],
    ]);
  });

  it('need to be exactly one for a recipe', () => {
    for (const engines of [['ollama'], ['sd-cpp', 'sd-cpp=http://127.0.0.1:9']]) {
      expect(readEngineFlags({ ...FLAGS, engines, models: ['sdxl@1=mine'] }).problems).toHaveLength(1);
    }
  });
});

const BASE = {
  gateway: 'https://gateway.example',
  token: 'nk_abcdef_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  ...FLAGS,
  engines: [],
  isPrivate: false,
  yieldsToLocalUse: false,
  noBench: false,
  json: false,
  endsWithStdin: false,
};

function loadEngines(text: string): ReturnType<typeof loadConfig> {
  const folder = mkdtempSync(join(tmpdir(), 'images-'));
  const configFile = join(folder, 'connect.yaml');
  try {
    writeFileSync(configFile, `engines:\n  - ${text}\n`);
    return loadConfig({ ...BASE, configFile }, {});
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('image engines of a file', () => {
  it('have recipes as their models', () => {
    const loaded = loadEngines('{ kind: sd-cpp, slots: 2, models: [{ alias: sdxl@1, local: mine }] }');
    expect(loaded).toMatchObject({
      ok: true,
      config: {
        engines: [
          {
            kind: 'sd-cpp',
            baseUrl: 'http://127.0.0.1:1234',
            slots: 2,
            choices: [{ alias: 'sdxl@1', localName: 'mine' }],
          },
        ],
      },
    });
  });

  it.each([
    ['{ kind: openai-images }', 'base_url'],
    ['{ kind: sd-cpp, slots: 9 }', 'slots'],
    ['{ kind: sd-cpp, keep_alive: 5m }', 'keep_alive'],
    ['{ kind: sd-cpp, api_key_env: NOT_SET }', 'api_key_env'],
    ['{ kind: sd-cpp, models: [{ alias: qwen, local: mine }] }', 'alias'],
    ['{ kind: sd-cpp, models: [{ alias: sdxl@1 }] }', 'local'],
  ])('are refused as %s', (text, key) => {
    const loaded = loadEngines(text);
    expect(loaded.ok ? [] : loaded.problems).toEqual([expect.stringContaining(key)]);
  });
});
