import type { Command } from 'commander';
import type { Shell } from '../command.ts';
import { usageFailure } from '../failure.ts';

/** `switchyard connect ...`: hands all words on to the connector, which has its own help and options. */
export function addConnectCommand(program: Command, _shell: Shell): void {
  program
    .command('connect [options...]')
    .description('Serve models of this machine through a gateway')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (words: string[]) => {
      void words;
      throw usageFailure('not linked');
    });
}
