import { afterEach, expect, it } from 'vitest';
import { createFakeLlamaCpp } from './testing/fake-llama-cpp.ts';
import { fakeOllama } from './testing/fake-ollama.ts';
import type { FakeEngineHandler, FakeEngineServer } from './testing/fake-engine-server.ts';
import { sendJson, startFakeEngineServer } from './testing/fake-engine-server.ts';
import { findEngines } from './find-engines.ts';

const servers: FakeEngineServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(handler: FakeEngineHandler): Promise<string> {
  const server = await startFakeEngineServer(handler);
  servers.push(server);
  return server.baseUrl.replace(/\/v1$/u, '');
}

const answering =
  (path: string, body: unknown): FakeEngineHandler =>
  (request, response) =>
    sendJson(response, request.path === path ? 200 : 404, request.path === path ? body : {});

const ENGINES = {
  ollama: fakeOllama([]),
  'llama-cpp': createFakeLlamaCpp().handle,
  vllm: answering('/v1/models', { data: [{ id: 'm', owned_by: 'vllm' }] }),
  'lm-studio': answering('/api/v1/models', { models: [] }),
  comfyui: answering('/system_stats', { system: { comfyui_version: '0.9.2' } }),
  'sd-cpp': answering('/sdcpp/v1/capabilities', { supported_modes: ['img_gen'] }),
} as const;

it.each(Object.keys(ENGINES) as (keyof typeof ENGINES)[])(
  'finds %s by what only it answers',
  async (kind) => {
    const url = await start(ENGINES[kind]);
    const kinds = Object.keys(ENGINES) as (keyof typeof ENGINES)[];
    const found = await findEngines(kinds.map((candidate) => ({ kind: candidate, url })));
    expect(found).toEqual([{ kind, url }]);
  },
);

it('finds a llama.cpp that loads its model, and an LM Studio of before 0.4', async () => {
  const loading = await start(createFakeLlamaCpp({ isLoading: true }).handle);
  const old = await start(answering('/api/v0/models', { data: [] }));
  const candidates = [
    { kind: 'llama-cpp', url: loading },
    { kind: 'lm-studio', url: old },
  ] as const;
  expect(await findEngines(candidates)).toEqual(candidates);
});

it('finds nothing where nobody listens or a page answers', async () => {
  const page = await start((_request, response) => response.end('<html>'));
  const gone = await start(() => undefined);
  await servers.at(-1)?.close();
  const kinds = Object.keys(ENGINES) as (keyof typeof ENGINES)[];
  const candidates = kinds.flatMap((kind) => [page, gone].map((url) => ({ kind, url })));
  expect(await findEngines(candidates)).toEqual([]);
});
