/**
 * What V8 is told wherever the gateway is started (the Dockerfile has a copy). Without it, V8 makes the objects of all
 * requests after a burst as old ones, which costs twice the CPU for each until the end (docs/decisions/0017-rosters.md).
 */
export const v8Flags = ['--no-allocation-site-pretenuring'];
