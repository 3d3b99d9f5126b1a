import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Engine } from '../engine.ts';
import type { ServerOptions } from '../engines/openai-compatible.ts';
import { chatOf } from './chat.ts';
import type { FakeEngineHandler, FakeEngineServer } from './fake-engine-server.ts';
import { startFakeEngineServer } from './fake-engine-server.ts';
import type { Outcome } from './recording-sink.ts';
import { createRecordingSink } from './recording-sink.ts';
import type { VirtualTimers } from './virtual-timers.ts';
import { createVirtualTimers } from './virtual-timers.ts';

/** A real adapter on virtual time beside a fake server. */
export type ServerWorld = { engine: Engine; server: FakeEngineServer; timers: VirtualTimers };

/** Never aborts. */
export const NEVER: AbortSignal = AbortSignal.any([]);

const servers: FakeEngineServer[] = [];

/** Closes what `setUpServer` started. */
export async function closeServers(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

export async function setUpServer(
  handler: FakeEngineHandler,
  create: (options: ServerOptions) => Engine,
): Promise<ServerWorld> {
  const server = await startFakeEngineServer(handler);
  servers.push(server);
  const timers = createVirtualTimers();
  const { baseUrl } = server;
  const engine = create({ baseUrl, apiKey: undefined, allowLan: false, settings: new Map(), timers });
  return { engine, server, timers };
}

/** Runs a chat on a model of the engine, by default the first that it lists. */
export async function askServer(
  { engine }: Pick<ServerWorld, 'engine'>,
  chat: ChatRequest = chatOf('Hello'),
  localName?: string,
): Promise<Outcome> {
  const name = localName ?? (await engine.inventory(NEVER))[0]?.localName ?? '';
  const sink = createRecordingSink();
  engine.run({ localName: name, chat }, sink);
  return sink.outcome;
}

/** The bodies of the chats that the server got. */
export function chatsOf({ server }: ServerWorld, path = '/v1/chat/completions'): Record<string, unknown>[] {
  return server.requests
    .filter((request) => request.path === path)
    .map((request) => request.body as Record<string, unknown>);
}
