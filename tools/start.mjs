/** `npm start`: prepares the machine, then runs `switchyard up` on the pinned Node. Arguments after `--` go to it. */
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';
import { buildWebOrSaySo } from './web.mjs';

const commandLine = 'packages/gateway/src/cli/main.ts';
/** As in packages/gateway/bin/switchyard.mjs. */
const heap = '--no-allocation-site-pretenuring';

try {
  await prepare();
  await buildWebOrSaySo();
  process.exitCode = await runInForeground(pinnedNode, [heap, commandLine, 'up', ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
}
