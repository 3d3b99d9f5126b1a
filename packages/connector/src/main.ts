import { CONNECT_HELP, EXIT_CODES, parseConnectArguments, runConnect } from './run-connect.ts';

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
  case 'run':
    // A job that is cut off at the end must not hold the process.
    process.exit(await runConnect(parsed.options));
}
