/**
 * What V8 is told wherever the gateway is started (the Dockerfile has a copy).
 *
 * Without the first, V8 makes the objects of all requests after a burst as old ones, which costs twice the CPU for each
 * until the end (docs/decisions/0017-rosters.md). Without the next two, it looks through the whole heap in every pause of the
 * traffic, which throws compiled code away, and again soon after, while requests wait (docs/decisions/0019-no-tidying-up-between-requests.md).
 * The last lets the gateway give back the memory of its start, once (docs/decisions/0021-the-memory-of-the-start.md).
 */
export const v8Flags = [
  '--no-allocation-site-pretenuring',
  '--no-memory-reducer',
  '--heap-growing-percent=100',
  '--expose-gc',
];
