import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.ts';

const execute = promisify(execFile);

/** Long enough for 400 MB over a slow line; a registry that does not answer must not hold up the tests. */
const INSTALL_MAX_MS = 240_000;

/** npm and pip try a registry that is not there for minutes. */
const IMPATIENT = {
  npm_config_fetch_retries: '1',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_fetch_retry_maxtimeout: '1000',
  PIP_RETRIES: '1',
};

type Obtained = { folder: string } | { missing: string };

type Command = { program: string; args: readonly string[] };

/** Outcomes of this run: what could not be had once is not asked for again by the next test. */
const outcomes = new Map<string, Promise<Obtained>>();

/**
 * A folder of the cache with something installed, made once by `steps` and kept. What cannot be had is a reason to leave
 * the test out, not a failure: the machine may have no network, or no Python.
 * `steps` run in the new folder. It is moved into its place when all of them are done, so a half of it is never used.
 */
export function obtain(name: string, steps: (folder: string) => readonly Command[]): Promise<Obtained> {
  const known = outcomes.get(name);
  if (known !== undefined) return known;
  const outcome = install(name, steps);
  outcomes.set(name, outcome);
  return outcome;
}

async function install(name: string, steps: (folder: string) => readonly Command[]): Promise<Obtained> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return { folder };
  const scratch = mkdtempSync(`${folder}-`);
  try {
    for (const { program, args } of steps(scratch)) {
      await execute(program, args, {
        cwd: scratch,
        env: { ...process.env, ...IMPATIENT },
        timeout: INSTALL_MAX_MS,
        maxBuffer: 64 * 1024 * 1024,
      });
    }
    moveIntoPlace(scratch, folder);
    return { folder };
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    const missing = `${name} cannot be had here: ${firstLine(error)}`;
    console.warn(missing);
    return { missing };
  }
}

/** Another run may have been faster; its folder is as good. */
function moveIntoPlace(scratch: string, folder: string): void {
  try {
    renameSync(scratch, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(scratch, { recursive: true, force: true });
  }
}

function firstLine(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  const told = stderr.split('\n').find((line) => /^(npm )?error\b/i.test(line));
  return (told ?? message.split('\n')[0] ?? '').trim().slice(0, 200);
}
