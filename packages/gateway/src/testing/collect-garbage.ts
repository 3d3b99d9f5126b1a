import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** V8's collector, for tests that look at what stays in memory. */
export function garbageCollector(): typeof globalThis.gc {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as typeof globalThis.gc;
}
