import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every process that a test started, so that none is left behind when a test fails in the middle. */
const started = new Set<Child>();
const folders = new Set<string>();

export type Child = {
  process: ChildProcess;
  pid: number;
  /** Resolves with the first line of standard output that `read` makes something of. Rejects when the process ends first. */
  line<Value>(read: (line: string) => Value | undefined): Promise<Value>;
  /** All output so far, for messages of failed tests and for the marker search. */
  output(): string;
  exited: Promise<number | null>;
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

/** Starts a program of the repository with the pinned Node that runs this test. `hasChannel`: it takes messages. */
export function start(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; hasChannel?: boolean } = {},
): Child {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(options.hasChannel === true ? ['ipc' as const] : [])],
  });
  let text = '';
  let ended = false;
  const listeners = new Set<() => void>();
  const note = (chunk: Buffer) => {
    text += chunk.toString('utf8');
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', note);
  child.stderr?.on('data', note);
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      ended = true;
      for (const listener of listeners) listener();
      resolve(code);
    });
  });
  const handle: Child = {
    process: child,
    pid: child.pid ?? -1,
    output: () => text,
    exited,
    line: (read) =>
      new Promise((resolve, reject) => {
        const look = () => {
          for (const line of text.split('\n').slice(0, ended ? undefined : -1)) {
            const value = read(line);
            if (value !== undefined) {
              listeners.delete(look);
              resolve(value);
              return;
            }
          }
          if (ended) {
            listeners.delete(look);
            reject(new Error(`the process ended before the awaited line:\n${text}`));
          }
        };
        listeners.add(look);
        look();
      }),
    async stop(signal = 'SIGTERM') {
      if (!ended) child.kill(signal);
      const code = await exited;
      started.delete(handle);
      return code;
    },
  };
  started.add(handle);
  return handle;
}

/** Runs a program to its end and returns what it printed. */
export async function run(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = start(args);
  const code = await child.exited;
  started.delete(child);
  return { code, output: child.output() };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-e2e-'));
  folders.add(folder);
  return folder;
}

/** For `afterAll`: kills what still runs and removes the folders. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...started].map((child) => child.stop('SIGKILL')));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}
