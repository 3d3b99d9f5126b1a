/** `npm start`: prepares the machine, then runs `switchyard up` on the pinned Node. Arguments after `--` go to it. */
import { v8Flags } from '../packages/gateway/bin/v8-flags.mjs';
import { pinnedNode, prepare, reportFailure } from './prepare.mjs';
import { runInForeground } from './run-child.mjs';
import { buildWebOrSaySo } from './web.mjs';

const commandLine = 'packages/gateway/src/cli/main.ts';

try {
  await prepare();
  await buildWebOrSaySo();
  process.exitCode = await runInForeground(pinnedNode, [
    ...v8Flags,
    commandLine,
    'up',
    ...process.argv.slice(2),
  ]);
} catch (error) {
  reportFailure(error);
}
