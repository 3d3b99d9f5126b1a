import type { Engine } from '../engine.ts';
import type { OpenAiCompatibleOptions } from '../engines/openai-compatible.ts';
import { createOpenAiCompatibleEngine } from '../engines/openai-compatible.ts';
import { chatOf } from './chat.ts';
import type { FakeEngineHandler, FakeEngineServer } from './fake-engine-server.ts';
import { eventsOf, startFakeEngineServer } from './fake-engine-server.ts';
import type { RecordingSink } from './recording-sink.ts';
import { createRecordingSink } from './recording-sink.ts';
import type { VirtualTimers } from './virtual-timers.ts';
import { createVirtualTimers } from './virtual-timers.ts';

/** A short answer in two pieces, with letters of several bytes. */
export const HELLO: string = eventsOf(
  { choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
  { choices: [{ index: 0, delta: { content: 'Hé' } }] },
  { choices: [{ index: 0, delta: { content: 'llo 😀' } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
);
export const DONE = 'data: [DONE]\n\n';

export type EngineSetup = { server: FakeEngineServer; engine: Engine; timers: VirtualTimers };

const servers: FakeEngineServer[] = [];

/** The real adapter on virtual time against a fake engine. Close them with `closeFakeEngines`. */
export async function setUpEngine(
  handler: FakeEngineHandler,
  change: Partial<OpenAiCompatibleOptions> = {},
): Promise<EngineSetup> {
  const server = await startFakeEngineServer(handler);
  servers.push(server);
  const timers = createVirtualTimers();
  const engine = createOpenAiCompatibleEngine({
    baseUrl: server.baseUrl,
    apiKey: undefined,
    allowLan: false,
    slots: 4,
    settings: new Map(),
    timers,
    ...change,
  });
  return { server, engine, timers };
}

export async function closeFakeEngines(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** Runs a short request. */
export function runHello(engine: Engine): RecordingSink {
  const sink = createRecordingSink();
  engine.run({ localName: 'm', chat: chatOf('hi') }, sink);
  return sink;
}
