/** `npm run bench:safety`: prepares the machine, then runs the figures of the hard line on the pinned Node. See bench/README.md. */
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';

try {
  await prepare();
  process.exitCode = await runInForeground(pinnedNode, ['bench/safety/main.ts', ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
}
