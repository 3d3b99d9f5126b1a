#!/usr/bin/env node
// Starts the command line under the right Node, with its compiled form kept between starts.
//
// Plain JavaScript that old Nodes can read: the program itself is TypeScript and needs Node 24 or newer. In a checkout
// the pinned Node stands in node_modules, so `npx switchyard` works under any Node that npm came with.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { v8Flags } from './v8-flags.mjs';

const MAJOR_MIN = 24;
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const program = path('../src/cli/main.ts');
const pinned = path('../../../node_modules/node/bin/node');

// Kept results of type stripping: a faster start, and 30 MB less memory than with the stripper loaded
// (143 instead of 174 MB idle, 2026-11-20). The folder belongs to whoever installed the program.
process.env.NODE_COMPILE_CACHE ??= path('../../../node_modules/.cache/compile');

const node = Number(process.versions.node.split('.')[0]) >= MAJOR_MIN ? process.execPath : pinned;
if (node === pinned && !existsSync(pinned)) {
  process.stderr.write(`switchyard needs Node ${MAJOR_MIN} or newer; this is ${process.version}.\n`);
  process.exit(1);
}
// A process of its own: Node reads the cache's setting once, at its start.
const child = spawn(node, [...v8Flags, program, ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal's Ctrl-C reaches the child by itself, and a second one would end it at once.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('error', () => process.exit(1));
child.once('close', (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
