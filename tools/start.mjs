/** `npm start`: prepares the machine, then runs `switchyard up` on the pinned Node. Arguments after `--` go to it. */
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';
import { buildWebOrSaySo } from './web.mjs';

const commandLine = 'packages/gateway/src/cli/main.ts';

try {
  await prepare();
  await buildWebOrSaySo();
  process.exitCode = await runInForeground(pinnedNode, [commandLine, 'up', ...process.argv.slice(2)]);
} catch (error) {
  reportFailure(error);
}
