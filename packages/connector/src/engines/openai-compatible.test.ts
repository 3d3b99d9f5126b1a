import { afterEach, describe, expect, it } from 'vitest';
import { EngineError } from '../engine.ts';
import { closeFakeEngines, DONE, HELLO, runHello, setUpEngine } from '../testing/engine-setup.ts';
import type { FakeEngineHandler } from '../testing/fake-engine-server.ts';
import { sendJson, sendStream } from '../testing/fake-engine-server.ts';

afterEach(closeFakeEngines);

describe('what is sent', () => {
  it('goes to the path under the base URL with the key and the encoded body', async () => {
    const { engine, server } = await setUpEngine((_request, response) => sendStream(response, HELLO + DONE), {
      apiKey: 'k',
    });
    await runHello(engine).outcome;
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
        body: { model: 'm', stream: true, stream_options: { include_usage: true } },
      },
    ]);
  });
});

describe('inventory', () => {
  const LIST = { data: [{ id: 'a', max_model_len: 4096 }, { id: 'b' }, { id: 'c:cloud' }, { id: '' }, null] };

  it('joins the list of the engine with the settings of the owner', async () => {
    const settings = new Map([
      ['b', { contextTokens: 1000, maxOutputTokens: 5000, vision: true, tools: false }],
    ]);
    const { engine } = await setUpEngine(
      (request, response) => sendJson(response, request.path === '/v1/models' ? 200 : 404, LIST),
      { settings, slots: 2 },
    );
    const capabilities = { tools: true, vision: false, thinking: false, jsonSchema: false };
    expect(await engine.inventory(AbortSignal.any([]))).toEqual([
      {
        localName: 'a',
        contextTokens: 4096,
        maxOutputTokens: 4096,
        slots: 2,
        capabilities,
        remoteBacked: false,
      },
      {
        localName: 'b',
        contextTokens: 1000,
        maxOutputTokens: 1000,
        slots: 2,
        capabilities: { ...capabilities, tools: false, vision: true },
        remoteBacked: false,
      },
      {
        localName: 'c:cloud',
        contextTokens: 8192,
        maxOutputTokens: 8192,
        slots: 2,
        capabilities,
        remoteBacked: true,
      },
    ]);
    expect(engine.version).toBe('unknown');
  });

  it('asks Ollama which models are answered elsewhere', async () => {
    const { engine } = await setUpEngine((request, response) => {
      if (request.path === '/v1/models') sendJson(response, 200, { data: [{ id: 'here' }, { id: 'there' }] });
      else if (request.path === '/api/version') sendJson(response, 200, { version: '0.12.3' });
      else {
        const isThere = JSON.stringify(request.body) === '{"model":"there"}';
        sendJson(response, 200, isThere ? { remote_host: 'https://ollama.com' } : { details: {} });
      }
    });
    const models = await engine.inventory(AbortSignal.any([]));
    expect(models.map((model) => [model.localName, model.remoteBacked])).toEqual([
      ['here', false],
      ['there', true],
    ]);
    expect(engine.version).toBe('0.12.3');
    expect(engine.notices?.()).toEqual([expect.stringContaining('--engine ollama')]);
  });

  it.each([
    ['llamacpp', ['llama-cpp']],
    ['vllm', ['vllm']],
    ['somebody', []],
  ])('names the better adapter for a server of %s', async (owner, kinds) => {
    const { engine } = await setUpEngine((request, response) =>
      sendJson(response, request.path === '/v1/models' ? 200 : 404, { data: [{ id: 'm', owned_by: owner }] }),
    );
    await engine.inventory(AbortSignal.any([]));
    expect(engine.notices?.()).toEqual(kinds.map((kind) => expect.stringContaining(`--engine ${kind} `)));
  });

  it.each<[string, FakeEngineHandler, string]>([
    ['a wrong key', (_request, response) => sendJson(response, 401, {}), 'API key'],
    ['no list', (_request, response) => sendJson(response, 200, { models: [] }), '/v1'],
    ['a page', (_request, response) => response.end('<html>'), '/v1'],
    ['a cut connection', (_request, response) => response.socket?.destroy(), 'broke'],
  ])('fails with the reason at %s', async (_name, handler, words) => {
    const { engine } = await setUpEngine(handler);
    const failed = await engine.inventory(AbortSignal.any([])).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(EngineError);
    expect(JSON.stringify((failed as EngineError).fault)).toContain(words);
  });

  it('gives up when it is told to', async () => {
    const { engine } = await setUpEngine(() => undefined);
    const controller = new AbortController();
    const inventory = engine.inventory(controller.signal);
    controller.abort();
    await expect(inventory).rejects.toBeInstanceOf(EngineError);
    expect(await engine.probe(controller.signal)).toBe(false);
  });

  it.each([
    [200, true],
    [401, true],
    [503, false],
  ])('a probe answered with %i is %s', async (status, expected) => {
    const { engine } = await setUpEngine((_request, response) => sendJson(response, status, {}));
    expect(await engine.probe(AbortSignal.any([]))).toBe(expected);
  });
});
