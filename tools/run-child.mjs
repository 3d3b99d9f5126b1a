/** Runs a program of the repository in the foreground, as if it had been started itself. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { childEnvironment, repositoryRoot } from './prepare.mjs';

/** A terminal's Ctrl-C arrives twice: from the terminal and again from npm. Within this time they are one. */
const duplicateMs = 300;

/** How often it is looked whether the process that started this one is still there. */
const parentWatchMs = 500;

/**
 * Starts `command` with this process's terminal and forwards the signals that ask it to end. Resolves to its exit
 * code; 128 plus the number of the signal when one ended it, as a shell would say.
 * The child gets a process group of its own, so that each Ctrl-C reaches it exactly once, through here.
 */
export function runInForeground(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: repositoryRoot,
      env: childEnvironment(),
      stdio: 'inherit',
      detached: process.platform !== 'win32',
    });
    let lastForwardedMs = -Infinity;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        const nowMs = performance.now();
        if (nowMs - lastForwardedMs < duplicateMs) return;
        lastForwardedMs = nowMs;
        child.kill(signal);
      });
    }
    // npm that is ended by its id does not pass the signal on; this process then has another parent.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      child.kill('SIGTERM');
    }, parentWatchMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
