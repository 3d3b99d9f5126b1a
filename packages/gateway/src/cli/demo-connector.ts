import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inheritedEnvironment } from '../config/environment.ts';
import { systemClock } from '../core/clock.ts';

/** How long a connector that ended by itself stays down. */
const RESTART_MS = 2_000;
/** The exit code of a connector that the gateway turned away, or whose settings are wrong: trying again is useless. */
const FINAL_CODES: ReadonlySet<number | null> = new Set([1, 2]);

export type DemoConnector = { stop(): Promise<void> };

export type DemoConnectorOptions = {
  /** The gateway's address. */
  address: string;
  /** The node's token. Goes through the child's environment, where other users of the machine cannot see it. */
  token: string;
  /** The names under which the demo model is offered. */
  aliases: readonly string[];
  modelName: string;
  /** Whether the demo model for pictures is served, too. */
  pictures: boolean;
  slots: number;
  writeLine(line: string): void;
};

/**
 * Runs the connector with the demo model in a process of its own, as on any node, and starts it again when it dies.
 * Its standard input is a pipe from here, so it ends with this process however this process ends.
 */
export function startDemoConnector(options: DemoConnectorOptions): DemoConnector {
  let child: ChildProcess | undefined;
  let stopping = false;
  let ended: Promise<void> = Promise.resolve();

  function run(): void {
    const started = spawn(process.execPath, connectorArguments(options), {
      env: { ...inheritedEnvironment(), SWITCHYARD_NODE_TOKEN: options.token },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      createInterface({ input: stream }).on('line', options.writeLine);
    }
    ended = new Promise((resolve) => {
      started.once('error', () => resolve());
      started.once('close', (code) => {
        resolve();
        if (stopping) return;
        if (FINAL_CODES.has(code)) options.writeLine('It is off now. Start again to use the demo model.');
        else systemClock.after(RESTART_MS, run);
      });
    });
  }

  run();
  return {
    async stop() {
      stopping = true;
      child?.kill('SIGTERM');
      await ended;
    },
  };
}

function connectorArguments(options: DemoConnectorOptions): string[] {
  const main = fileURLToPath(import.meta.resolve('@switchyard/connector/main.ts'));
  const models = options.aliases.flatMap((alias) => ['--model', `${alias}=${options.modelName}`]);
  const fixed = ['--gateway', options.address, '--engine', 'demo', '--slots', String(options.slots)];
  const pictures = options.pictures ? ['--engine', 'demo-image'] : [];
  return [main, ...fixed, ...pictures, ...models, '--end-with-stdin'];
}
