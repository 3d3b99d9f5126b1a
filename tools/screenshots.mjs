/** `npm run screenshots`: prepares the machine, then makes the pictures of `docs/screenshots` on the pinned Node. */
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';

try {
  await prepare();
  process.exitCode = await runInForeground(pinnedNode, [
    'e2e/browser/screenshots.ts',
    ...process.argv.slice(2),
  ]);
} catch (error) {
  reportFailure(error);
}
