import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { EngineFault } from '../engine.ts';
import { couldNotStart, endingWithParent } from './ends-with-parent.ts';
import type { Timer, Timers } from '../timers.ts';

export type ChildServerOptions = {
  /** How lines call it: `llama-server`. */
  name: string;
  program: string;
  words: string[];
  environment: Readonly<Record<string, string | undefined>>;
  /** True when the server answers and is ready. Asked every half second until it is. */
  isReady(): Promise<boolean>;
  timers: Timers;
};

/** A server that runs as a child of the connector, for as long as the connector runs. */
export type ChildServer = {
  /** Starts it, once. */
  start(): void;
  /** Why it cannot be used now; undefined when it is ready. */
  problem(): EngineFault | undefined;
  /** Called when it becomes ready or ends. */
  onChange(listener: () => void): void;
  /** Ends it because it hangs: it is started again like one that crashed. */
  kill(reason: string): void;
  /** Asks it to end, then ends it. */
  stop(): Promise<void>;
};

const READY_PERIOD_MS = 500;
const RESTART_MIN_MS = 1_000;
const RESTART_MAX_MS = 60_000;
/** A server that was ready this long had no trouble starting: the next wait is a short one again. */
const STABLE_MS = 60_000;
const KILL_AFTER_MS = 1_500;
/** Of what a server prints while it starts: the reason of a failure is among the first errors. */
const START_OUTPUT_MAX_CHARS = 64 * 1024;
const REASON_MAX_CHARS = 200;
const NOT_STARTED = 'cannot be started';

type State =
  | { is: 'idle' }
  | { is: 'starting'; sinceMs: number }
  | { is: 'ready'; sinceMs: number }
  | { is: 'waiting'; untilMs: number }
  | { is: 'stopped' };

/**
 * Starts the server without a shell, waits until it is ready, and starts it again when it ends by itself, after
 * 1 s, 2 s, 4 s ... at most a minute.
 *
 * Its output is read for the reason of a failed start and dropped from the moment that it is ready: what a server
 * prints about requests is nobody's business.
 */
export function createChildServer(options: ChildServerOptions): ChildServer {
  const { timers, name } = options;
  const listeners: (() => void)[] = [];
  let state: State = { is: 'idle' };
  let child: ChildProcess | undefined;
  let failures = 0;
  let startOutput = '';
  let killReason: string | undefined;
  /** Why it had to be started again: told until it is ready, because the look at it may come late. */
  let lastEnd = '';
  let readyTimer: Timer | undefined;
  let restartTimer: Timer | undefined;

  const killOnExit = (): void => void child?.kill('SIGKILL');
  const isStopped = (): boolean => state.is === 'stopped';

  function tell(): void {
    for (const listener of listeners) listener();
  }

  function launch(): void {
    startOutput = '';
    state = { is: 'starting', sinceMs: timers.nowMs() };
    const { program, words } = endingWithParent(options);
    const started = spawn(program, words, {
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    child = started;
    started.stdout.on('data', keepOutput);
    started.stderr.on('data', keepOutput);
    // Without `exit` nothing was started; with it, the first of the two decides.
    started.once('error', () => ended(started, NOT_STARTED));
    started.once('exit', (code, signal) =>
      ended(started, couldNotStart(code) ? NOT_STARTED : (signal ?? `exit code ${code}`)),
    );
    readyTimer = timers.every(READY_PERIOD_MS, () => void lookWhetherReady(started));
  }

  function keepOutput(bytes: Buffer): void {
    if (state.is !== 'starting' || startOutput.length >= START_OUTPUT_MAX_CHARS) return;
    startOutput += bytes.toString('utf8');
  }

  async function lookWhetherReady(asked: ChildProcess): Promise<void> {
    if (state.is !== 'starting' || !(await options.isReady())) return;
    if (child !== asked || state.is !== 'starting') return;
    readyTimer?.cancel();
    startOutput = '';
    lastEnd = '';
    state = { is: 'ready', sinceMs: timers.nowMs() };
    tell();
  }

  function ended(which: ChildProcess, how: string): void {
    if (child !== which) return;
    child = undefined;
    readyTimer?.cancel();
    if (isStopped()) return;
    const wasStable = state.is === 'ready' && timers.nowMs() - state.sinceMs >= STABLE_MS;
    failures = wasStable ? 1 : failures + 1;
    const waitMs = Math.min(RESTART_MIN_MS * 2 ** (failures - 1), RESTART_MAX_MS);
    lastEnd = describeEnd(how);
    state = { is: 'waiting', untilMs: timers.nowMs() + waitMs };
    restartTimer = timers.after(waitMs, launch);
    tell();
  }

  function describeEnd(how: string): string {
    const words = killReason ?? findReason(startOutput);
    killReason = undefined;
    return `${name} ended (${how})${words === undefined ? '' : `: ${words}`}.`;
  }

  function endChild(running: ChildProcess): Promise<void> {
    return new Promise<void>((resolve) => {
      const killer = timers.after(KILL_AFTER_MS, () => running.kill('SIGKILL'));
      running.once('exit', () => {
        killer.cancel();
        resolve();
      });
      running.kill('SIGTERM');
    });
  }

  return {
    start() {
      if (state.is !== 'idle') return;
      process.once('exit', killOnExit);
      launch();
    },
    problem() {
      const code = 'engine_unreachable';
      switch (state.is) {
        case 'ready':
          return undefined;
        case 'waiting': {
          const seconds = Math.max(1, Math.round((state.untilMs - timers.nowMs()) / 1000));
          return { code, message: lastEnd, fix: `It is started again in ${seconds} s.` };
        }
        case 'starting': {
          const seconds = Math.round((timers.nowMs() - state.sinceMs) / 1000);
          const loading = `${name} loads the model (${seconds} s so far).`;
          return { code, message: `${lastEnd} ${loading}`.trimStart(), isStarting: true };
        }
        case 'idle':
        case 'stopped':
          return { code, message: `${name} is not running.` };
      }
      return state;
    },
    onChange: (listener) => void listeners.push(listener),
    kill(reason) {
      killReason = reason;
      child?.kill('SIGKILL');
    },
    async stop() {
      state = { is: 'stopped' };
      readyTimer?.cancel();
      restartTimer?.cancel();
      const running = child;
      if (running !== undefined) await endChild(running);
      process.off('exit', killOnExit);
    },
  };
}

/** The line that most likely says what went wrong: the first that speaks of an error, without its time and level. */
function findReason(output: string): string | undefined {
  const lines = output.split('\n');
  const line =
    lines.find((text) => /\berror\b|invalid/iu.test(text)) ??
    lines.find((text) => /fail|unable|cannot|not found|unknown/iu.test(text));
  const words = line?.replace(/^[\d.]+ [A-Z] +/u, '').replace(/\p{C}+/gu, ' ');
  return words?.trim().slice(0, REASON_MAX_CHARS);
}
