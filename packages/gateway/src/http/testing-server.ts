import type { ServerConfig } from '../config/config.ts';
import type { Log } from '../core/log.ts';
import type { AnyRow } from './routes.ts';
import { createHttpServer } from './server.ts';

export type TestServer = {
  port: number;
  /** Such as `http://127.0.0.1:40001`. */
  origin: string;
  close(): Promise<void>;
};

type Options = {
  /** What differs from a server of this machine without a proxy in front, whose bodies are at most 1 000 bytes long. */
  config?: Partial<ServerConfig>;
  /** Gets the events of errors. */
  onError?: Log['error'];
};

const CONFIG: ServerConfig = {
  host: '127.0.0.1',
  port: 0,
  publicUrl: undefined,
  trustedProxies: [],
  chatBodyMaxBytes: 1_000,
  drainDelayMs: 0,
  drainMs: 1,
  metrics: { enabled: false, token: undefined },
};

/** The real HTTP server with some rows on a free port, for tests. It takes no upgrades and logs nothing. */
export async function openTestServer(
  routes: readonly AnyRow[],
  { config, onError = () => undefined }: Options = {},
): Promise<TestServer> {
  const server = createHttpServer({
    config: { ...CONFIG, ...config },
    routes,
    handleUpgrade() {},
    log: { debug() {}, info() {}, warn() {}, error: onError },
  });
  const { host, port } = await server.listen();
  return { port, origin: `http://${host}:${port}`, close: () => server.close() };
}
