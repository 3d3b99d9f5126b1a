/** `npm run bench:ledger`: prepares the machine, then runs the ledger's benchmark on the pinned Node. See bench/README.md. */
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';

try {
  await prepare();
  process.exitCode = await runInForeground(pinnedNode, ['bench/ledger.ts', ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
}
