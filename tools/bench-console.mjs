/** `npm run bench:console`: prepares the machine, then runs the benchmark of the console API on the pinned Node. See bench/README.md. */
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';

try {
  await prepare();
  process.exitCode = await runInForeground(pinnedNode, [
    '--expose-gc',
    'bench/console.ts',
    ...process.argv.slice(2),
  ]);
} catch (error) {
  reportFailure(error);
}
