import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time that a process with all its threads has used, user and system, microseconds. A thread that has ended since
 * the last call takes its time with it; the programs measured here keep theirs.
 * Source: the first number of /proc/PID/task/TID/schedstat, nanoseconds. /proc/PID/stat counts in steps of 10 ms.
 */
export function cpuMicros(processId: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${processId}/task`)) {
    nanoseconds += threadNanoseconds(`/proc/${processId}/task/${thread}/schedstat`);
  }
  return nanoseconds / 1000;
}

function threadNanoseconds(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]);
  } catch {
    // The thread ended after the folder was listed.
    return 0;
  }
}

/** Memory that a process holds in RAM, bytes. */
export function residentBytes(processId: number): number {
  const text = readFileSync(`/proc/${processId}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
