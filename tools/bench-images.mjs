/** `npm run bench:images`: prepares the machine, then runs the benchmark of pictures on the pinned Node. See bench/README.md. */
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';

try {
  await prepare();
  process.exitCode = await runInForeground(pinnedNode, ['bench/images.ts', ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
}
