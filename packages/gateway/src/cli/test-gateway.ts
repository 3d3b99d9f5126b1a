import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PricePlan } from '../admin/price-plan.ts';
import type { AdminContext, AdminFleet } from '../admin/context.ts';
import { loadConfigText } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import type { NodeStatus } from '../fleet/fleet.ts';
import { openAdminContext } from './local-gateway.ts';
import { runCommandLine } from './program.ts';

/** For tests of use cases and commands: real stores in a folder of their own, and a fleet that the test writes. */

export const TEST_CONFIG = `
brand: { name: Acme, key_prefix: acme }
accounts: { welcome_usd: 1 }
pools:
  main: {}
  demo: {}
models:
  - id: small
    aliases: [tiny]
    context_tokens: 1024
    max_output_tokens: 512
    price: { credits: 1 }
    routes: [{ pool: main, model: remote-small }]
  - id: metered
    context_tokens: 1024
    max_output_tokens: 512
    price: { per_million_usd: { input: 1, output: 4 } }
    routes: [{ pool: main }]
    hidden: true
`;

export type TestFleet = AdminFleet & { live: NodeStatus[]; disconnected: string[] };

export function createTestFleet(): TestFleet {
  const live: NodeStatus[] = [];
  const disconnected: string[] = [];
  return {
    live,
    disconnected,
    nodes: () => live,
    disconnect: (nodeId, reason) => void disconnected.push(`${nodeId} ${reason}`),
    drainNode: (nodeId) => void disconnected.push(`${nodeId} drained`),
  };
}

export type TestGateway = {
  context: AdminContext;
  plan: PricePlan;
  fleet: TestFleet;
  directory: string;
  /** Closes the stores and opens the same folder again. */
  reopen(): Promise<AdminContext>;
  dispose(): Promise<void>;
};

export async function openTestGateway(clock: Clock): Promise<TestGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-admin-'));
  const loaded = loadConfigText(TEST_CONFIG, {
    name: 'test.yaml',
    environment: {},
    overrides: { dataDir: directory },
    workingFolder: directory,
  });
  if (!loaded.ok) throw new Error(`the test configuration is wrong: ${JSON.stringify(loaded.error)}`);
  const { config } = loaded.value;
  const fleet = createTestFleet();
  const open = async () => {
    const opened = await openAdminContext({ config, clock, lockWaitMs: 0 });
    if (opened === undefined) throw new Error('the test folder is in use');
    return { ...opened, context: { ...opened.context, fleet } };
  };
  let current = await open();
  return {
    context: current.context,
    plan: current.plan,
    fleet,
    directory,
    async reopen() {
      await current.close();
      current = await open();
      return current.context;
    },
    async dispose() {
      await current.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type TestCommandLine = {
  /** The data folder. */
  data: string;
  /** What the command writes. Throws with what it complains about when it fails. */
  run(...words: string[]): Promise<string>;
  dispose(): void;
};

/** The real command line over a folder of its own, in which no gateway runs. */
export function createTestCommandLine(config: string = TEST_CONFIG): TestCommandLine {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-commands-'));
  const [data, file] = [join(folder, 'data'), join(folder, 'switchyard.yaml')];
  mkdirSync(data);
  writeFileSync(file, config);
  return {
    data,
    async run(...words) {
      const written = { stdout: '', stderr: '' };
      const { exitCode } = await runCommandLine([...words, '--config', file, '--data', data], {
        stdout: (text) => void (written.stdout += text),
        stderr: (text) => void (written.stderr += text),
      });
      if (exitCode !== 0) throw new Error(written.stderr);
      return written.stdout;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
