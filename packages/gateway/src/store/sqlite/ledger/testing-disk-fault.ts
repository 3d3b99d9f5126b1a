import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `sync`: the disk does not keep what was written. `write`: it takes nothing. `full`: it has no room. */
export type DiskFaultKind = 'sync' | 'write' | 'full';

/** Makes the disk under `ledger.sqlite` fail for a process that was started with `env`, from outside and at any moment. */
export type DiskFault = {
  env: Record<string, string>;
  arm(kind: DiskFaultKind): void;
  disarm(): void;
};

/** What POSIX calls the C compiler of a machine. */
const COMPILER = 'cc';

/** Undefined when this machine cannot have one: it needs Linux and a C compiler. */
export function createDiskFault(folder: string): DiskFault | undefined {
  if (process.platform !== 'linux') return undefined;
  const source = fileURLToPath(new URL('./testing-disk-fault.c', import.meta.url));
  const library = join(folder, 'disk-fault.so');
  const { status } = spawnSync(COMPILER, ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], {
    stdio: 'ignore',
  });
  if (status !== 0) return undefined;
  const trigger = join(folder, 'disk-fault');
  return {
    env: { LD_PRELOAD: library, SWITCHYARD_TEST_DISK_FAULT: trigger },
    arm: (kind) => writeFileSync(trigger, kind),
    disarm: () => rmSync(trigger, { force: true }),
  };
}

/**
 * The command line that runs a program with files of at most so many blocks of 512 bytes. The signal that would end it is
 * ignored, so that a write that goes further fails, as on a disk that is full.
 */
export function withFileLimit(
  blocks: number,
  command: readonly string[],
): [program: string, words: string[]] {
  return ['sh', ['-c', `trap '' XFSZ; ulimit -f ${blocks} && exec "$0" "$@"`, ...command]];
}
