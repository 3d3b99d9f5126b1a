import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { movableClockEnvironment } from './movable-clock.ts';
import { run, start, temporaryFolder, type Child } from './processes.ts';

const CLI = 'packages/gateway/src/cli/main.ts';
const CONNECTOR = 'packages/connector/src/main.ts';

export type Gateway = {
  child: Child;
  baseUrl: string;
  port: number;
  dataDir: string;
  configFile: string;
  /** Runs a command of `switchyard` against this gateway's data, with `--json`. */
  cli(...args: string[]): Promise<unknown>;
  /** A new account with money and a key. */
  customer(usd: string, keyOptions?: string[]): Promise<{ accountId: string; keyId: string; key: string }>;
  /** A new node of a pool. */
  node(pool: string): Promise<{ nodeId: string; token: string }>;
};

export type GatewayOptions = {
  config: string;
  dataDir?: string;
  port?: number;
  env?: Record<string, string>;
  /** `moveClock` works on it. `clockAheadMs`: how far its clock is from the machine's to begin with; below 0 behind. */
  hasMovableClock?: boolean;
  clockAheadMs?: number;
};

/** Starts a gateway process on a free port and waits until it listens. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const dataDir = options.dataDir ?? temporaryFolder();
  const configFile = join(dataDir, 'test.yaml');
  writeFileSync(configFile, options.config);
  const clock = options.hasMovableClock === true ? movableClockEnvironment(options.clockAheadMs ?? 0) : {};
  const child = start(
    [CLI, 'start', '--config', configFile, '--data', dataDir, '--port', String(options.port ?? 0)],
    { env: { ...options.env, ...clock }, hasChannel: options.hasMovableClock === true },
  );
  const port = await child.line(readPort);
  const cli = (...args: string[]) => runCli(configFile, dataDir, args);
  return {
    child,
    port,
    dataDir,
    configFile,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    cli,
    async customer(usd, keyOptions = []) {
      const account = await cli('account', 'create', '--name', 'customer');
      const accountId = field(account, 'id');
      if (usd !== '0') await cli('credit', 'add', accountId, '--usd', usd, '--reason', 'test');
      const key = await cli('key', 'create', accountId, '--name', 'test', ...keyOptions);
      return { accountId, keyId: field(key, 'id'), key: field(key, 'secret') };
    },
    async node(pool) {
      const node = await cli('node', 'add', '--name', 'node', '--pool', pool);
      return { nodeId: field(node, 'id'), token: field(node, 'token') };
    },
  };
}

/** Starts a connector with the demo model and waits until the gateway has taken it. */
export async function startDemoConnector(
  gateway: Gateway,
  token: string,
  options: { alias?: string; slots?: number } = {},
): Promise<Child> {
  const child = start(
    [
      CONNECTOR,
      '--gateway',
      `http://127.0.0.1:${gateway.port}`,
      '--engine',
      'demo',
      '--model',
      `${options.alias ?? 'mote-chat'}=mote-chat`,
      '--slots',
      String(options.slots ?? 4),
      '--no-bench',
      '--json',
    ],
    { env: { SWITCHYARD_NODE_TOKEN: token } },
  );
  await child.line((line) => (line.includes('"online"') ? true : undefined));
  return child;
}

/** A connector with the demo model for pictures. */
export async function startImageConnector(gateway: Gateway, token: string): Promise<Child> {
  const child = start(
    [CONNECTOR, '--gateway', `http://127.0.0.1:${gateway.port}`, '--engine', 'demo-image', '--json'],
    { env: { SWITCHYARD_NODE_TOKEN: token } },
  );
  await child.line((line) => (line.includes('"online"') ? true : undefined));
  return child;
}

function readPort(line: string): number | undefined {
  if (!line.includes('"listening"')) return undefined;
  const match = /"port":(\d+)/.exec(line);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

async function runCli(configFile: string, dataDir: string, args: readonly string[]): Promise<unknown> {
  const { code, output } = await run([CLI, ...args, '--json', '--config', configFile, '--data', dataDir]);
  if (code !== 0) throw new Error(`switchyard ${args.join(' ')} ended with ${code}:\n${output}`);
  return JSON.parse(output);
}

/** A text field of a JSON reply, at any depth. */
function field(value: unknown, name: string): string {
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (key === name && typeof inner === 'string') return inner;
    }
    for (const inner of Object.values(value)) {
      if (typeof inner === 'object' && inner !== null) {
        try {
          return field(inner, name);
        } catch {
          // Not in this branch.
        }
      }
    }
  }
  throw new Error(`there is no field ${name}`);
}
