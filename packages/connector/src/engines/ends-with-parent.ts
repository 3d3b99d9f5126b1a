import { spawnSync } from 'node:child_process';

/**
 * `setpriv` becomes the program itself, which the kernel then kills when its parent dies (util-linux 2.33 and newer; the one
 * of BusyBox knows no such option. Source: its manual page, read 2026-11-22).
 */
const KEEPER = { program: 'setpriv', words: ['--pdeathsig', 'KILL'] };
const LOOK_MAX_MS = 2_000;
/** What `setpriv` ends with when the program is not there, or is none. */
const NOT_STARTED_CODES: readonly (number | null)[] = [126, 127];

export type Command = { program: string; words: readonly string[] };

let isThere: boolean | undefined;

/**
 * The same command as one that ends with this process, however that ends: a model server that is left behind keeps the memory of
 * the graphics card. Linux only; the command as it is where the system cannot do it.
 */
export function endingWithParent({ program, words }: Command): Command {
  isThere ??= process.platform === 'linux' && canKeep();
  return isThere
    ? { program: KEEPER.program, words: [...KEEPER.words, program, ...words] }
    : { program, words };
}

/** Whether a command of `endingWithParent` ended so because its program could not be started. */
export function couldNotStart(exitCode: number | null): boolean {
  return isThere === true && NOT_STARTED_CODES.includes(exitCode);
}

function canKeep(): boolean {
  const { program, words } = KEEPER;
  return spawnSync(program, [...words, 'true'], { stdio: 'ignore', timeout: LOOK_MAX_MS }).status === 0;
}
