import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeFakeEngines, DONE, HELLO, runHello, setUpEngine } from '../testing/engine-setup.ts';
import type { FakeEngineHandler } from '../testing/fake-engine-server.ts';
import { sendStream } from '../testing/fake-engine-server.ts';
import { engineUrl } from './engine-http.ts';

/** The resolver of this test: every name has an address of this machine and one far away. */
const names = vi.hoisted(() => new Map<string, { address: string; family: number }[]>());
vi.mock('node:dns', () => ({
  lookup(name: string, _options: unknown, callback: (error: null, addresses: unknown[]) => void): void {
    callback(null, names.get(name) ?? []);
  },
}));

afterEach(closeFakeEngines);

const HERE = { address: '127.0.0.1', family: 4 };
const FAR = { address: '192.0.2.1', family: 4 };
const answering: FakeEngineHandler = (_request, response) => sendStream(response, HELLO + DONE);

async function faultAt(name: string): Promise<string | undefined> {
  const { server } = await setUpEngine(answering);
  const baseUrl = server.baseUrl.replace('127.0.0.1', name);
  const { engine } = await setUpEngine(answering, { baseUrl });
  return (await runHello(engine).outcome).fault?.code;
}

describe('a name', () => {
  it('is judged by what it resolves to', async () => {
    names.set('looks-local.example', [FAR]);
    expect(await faultAt('looks-local.example')).toBe('engine_unreachable');
    names.set('looks-far.example', [HERE]);
    expect(await faultAt('looks-far.example')).toBeUndefined();
  });

  it('with several addresses is reached at those of this machine only', async () => {
    names.set('both.example', [FAR, HERE]);
    expect(await faultAt('both.example')).toBeUndefined();
  });

  it('without an address is unreachable', async () => {
    expect(await faultAt('nobody.example')).toBe('engine_unreachable');
  });
});

describe('engineUrl', () => {
  it.each([
    ['http://localhost:1/v1', 'http://localhost:1/v1/models'],
    ['http://localhost:1/v1//', 'http://localhost:1/v1/models'],
    ['http://localhost:1', 'http://localhost:1/models'],
  ])('%s', (baseUrl, expected) => {
    expect(engineUrl({ baseUrl, apiKey: undefined, allowLan: false }, '/models').href).toBe(expected);
  });
});
