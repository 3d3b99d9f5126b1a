import { execFile } from 'node:child_process';

/** A program and its arguments. No shell reads them. */
export type Command = readonly [program: string, ...words: string[]];

const TIMEOUT_MS = 10_000;

/** Runs one of the owner's commands to its end. Gives what went wrong, or undefined; its output is dropped. */
export function runCommand([program, ...words]: Command): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, words, { timeout: TIMEOUT_MS, windowsHide: true }, (error) => {
      if (error === null) resolve(undefined);
      else if (error.killed === true) resolve(`it took longer than ${TIMEOUT_MS / 1000} s`);
      else
        resolve(
          typeof error.code === 'number' ? `it ended with ${error.code}` : `it did not run (${error.code})`,
        );
    });
  });
}
