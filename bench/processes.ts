import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

/** A program that the benchmark started. */
export type Running = {
  processId: number;
  output(): string;
  /** Writes to its standard input. */
  write(text: string): void;
  stop(): Promise<void>;
};

type StartOptions = {
  command: string;
  args: readonly string[];
  /** `target`: the program that is measured gets core 0 for itself. `helper`: all other cores. */
  place: 'target' | 'helper';
  environment?: Readonly<Record<string, string>>;
  /** Hears all that it prints, also what is no longer in `output`. */
  onOutput?: (text: string) => void;
};

const outputMaxChars = 16 * 1024;
const stopGraceMs = 5_000;
const readyMaxMs = 20_000;
const pollMs = 20;

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
const helperCores = `1-${Math.max(1, availableParallelism() - 1)}`;
const running = new Set<ChildProcess>();

/** Whether target and helpers have cores of their own. Without that, figures disturb each other. */
export const isPinned = canPin;

/** Moves this process with all its threads off the measured core. */
export function pinThisProcess(): void {
  if (canPin) spawnSync('taskset', ['-acp', helperCores, String(process.pid)]);
}

/** Starts a program on its cores. `taskset` becomes the program itself, so the process id is the program's. */
export function startProcess({ command, args, place, environment, onOutput }: StartOptions): Running {
  const core = place === 'target' ? '0' : helperCores;
  const [program, ...programArgs] = canPin ? ['taskset', '-c', core, command, ...args] : [command, ...args];
  const child = spawn(program ?? command, programArgs, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  const keep = (part: Buffer): void => {
    onOutput?.(part.toString());
    output = (output + part.toString()).slice(-outputMaxChars);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  child.on('exit', () => running.delete(child));
  return {
    processId: child.pid ?? 0,
    output: () => output,
    write: (text) => void child.stdin.write(text),
    stop: () => stop(child),
  };
}

/** Ends everything that was started and still runs. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map(stop));
}

async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const expiry = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(expiry);
}

/** A port that nothing listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Polls `probe` until it is true. Throws with the program's output when it ends before, or after 20 s. */
export async function waitUntil(
  program: Running,
  name: string,
  probe: () => Promise<boolean>,
): Promise<void> {
  const isRunning = (): boolean => [...running].some((child) => child.pid === program.processId);
  const endMs = performance.now() + readyMaxMs;
  while (performance.now() < endMs && isRunning()) {
    if (await probe()) return;
    await wait(pollMs);
  }
  throw new Error(`${name} did not become ready:\n${program.output()}`);
}

export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
