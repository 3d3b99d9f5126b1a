import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Shell } from '../command.ts';
import { EXIT } from '../failure.ts';

/**
 * `switchyard connect ...`: hands all words on to the connector, which has its own help, options and exit codes
 * (the same ones, and 130 when it was told to end at once).
 */
export function addConnectCommand(program: Command, shell: Shell): void {
  program
    .command('connect [options...]')
    .description('Serve models of this machine through a gateway')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (words: string[]) => {
      const { CONNECT_HELP, parseConnectArguments, runConnect, systemdUnit } =
        await import('@switchyard/connector/run-connect.ts');
      const parsed = parseConnectArguments(words);
      switch (parsed.kind) {
        case 'help':
          shell.streams.stdout(CONNECT_HELP);
          break;
        case 'wrong':
          shell.streams.stderr(`error: ${parsed.message}\n\n${CONNECT_HELP}`);
          shell.exitCode = EXIT.usage;
          break;
        case 'systemd': {
          const [node = '', script = ''] = process.argv;
          const user = userInfo().username;
          const program = [node, script, 'connect'];
          shell.streams.stdout(systemdUnit({ program, words: parsed.words, folder: process.cwd(), user }));
          break;
        }
        case 'run':
          shell.exitCode = await runConnect(parsed.options);
          // A job that was cut off must not hold the process.
          shell.endsAtOnce = true;
          break;
      }
    });
}
