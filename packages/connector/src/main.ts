import { userInfo } from 'node:os';
import { CONNECT_HELP, EXIT_CODES, parseConnectArguments, runConnect, systemdUnit } from './run-connect.ts';

const GOODBYE_MS = 1_500;

/** `switchyard connect` on its own, for machines that only run the connector: `node main.ts --gateway ...`. */
const parsed = parseConnectArguments(process.argv.slice(2));
switch (parsed.kind) {
  case 'help':
    process.stdout.write(CONNECT_HELP);
    break;
  case 'wrong':
    process.stderr.write(`${parsed.message}\n\n${CONNECT_HELP}`);
    process.exitCode = EXIT_CODES.wrongSettings;
    break;
  case 'systemd':
    process.stdout.write(
      systemdUnit({
        program: process.argv.slice(0, 2),
        words: parsed.words,
        folder: process.cwd(),
        user: userInfo().username,
      }),
    );
    break;
  case 'run':
    process.exitCode = await runConnect(parsed.options);
    if (process.exitCode === EXIT_CODES.interrupted) process.exit();
    // The connection may still say goodbye, but nothing that hangs may hold the process.
    setTimeout(() => process.exit(), GOODBYE_MS).unref();
}
