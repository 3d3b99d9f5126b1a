/** `npm run chaos`: prepares the machine, then runs nodes and clients under troubles on the pinned Node. See docs/nodes.md. */
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';

try {
  await prepare();
  process.exitCode = await runInForeground(pinnedNode, ['e2e/chaos/main.ts', ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
}
