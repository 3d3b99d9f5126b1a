import { fileURLToPath } from 'node:url';
import { chatBody, upstreamPath, type Target } from './behaviours.ts';
import { createClient, postBytes } from './client.ts';
import { startProcess, waitUntil } from './processes.ts';

export type Mock = {
  target: Target;
  /** Streams that the mock still has open. */
  openStreams(): Promise<number>;
};

/** Starts the mock upstream. It is a target too: the direct way, what the machine and the generator cost alone. */
export async function startMock(): Promise<Mock> {
  const program = fileURLToPath(new URL('./mock-upstream.ts', import.meta.url));
  const running = startProcess({ command: process.execPath, args: [program], place: 'helper' });
  const listening = /listening (\d+)/;
  await waitUntil(running, 'mock upstream', async () => listening.test(running.output()));
  const port = Number(listening.exec(running.output())?.[1]);
  return {
    target: {
      name: 'direct',
      port,
      processId: undefined,
      requests: (behaviour, isStream) => [
        postBytes(`${upstreamPath(behaviour)}/chat/completions`, {}, chatBody('bench', isStream)),
      ],
    },
    openStreams: async () => {
      const stats = (await getJson(port, '/stats')) as { openStreams: number };
      return stats.openStreams;
    },
  };
}

/** Reads JSON from a server on this machine. */
export function getJson(port: number, path: string): Promise<unknown> {
  const client = createClient(port);
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    client.send(Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`), {
      onBody: (part) => parts.push(Buffer.from(part)),
      onEnd: (status) => {
        client.destroy();
        if (status === 200) resolve(JSON.parse(Buffer.concat(parts).toString()));
        else reject(new Error(`${path} answered ${status}`));
      },
      onFailure: (reason) => reject(new Error(`${path}: ${reason}`)),
    });
  });
}
