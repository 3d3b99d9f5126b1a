import type { Command } from 'commander';
import { examplesText, group, withOutput } from '../command.ts';
import type { Shell } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import type { CommonOptions } from '../session.ts';

/** `switchyard check` and `switchyard config ...` */
export function addConfigCommands(program: Command, shell: Shell): void {
  program
    .command('check [file]')
    .description('Judge a configuration file without starting anything')
    .option('--json', 'write JSON for programs')
    .option('--config <file>', 'the same as [file]')
    .addHelpText(
      'after',
      examplesText([['switchyard check profiles/example.yaml', 'lists every problem at once']]),
    )
    .action((file: string | undefined, options: CommonOptions) =>
      withOutput(shell, options, async (output) => {
        const { checkConfig } = await import('../../config/check.ts');
        const { problemLines } = await import('../load-config.ts');
        const report = checkConfig(file ?? options.config);
        if (report.ok || output.json) {
          output.result(report, (screen) => screen.line('The configuration is sound.'));
        }
        if (report.warnings.length > 0) output.note(`Likely not meant:\n${problemLines(report.warnings)}`);
        if (report.ok) return;
        throw new CommandFailure(`The configuration cannot be used:\n${problemLines(report.problems)}`, {
          code: 'invalid_configuration',
          hint: 'docs/configuration.md explains every key.',
        });
      }),
    );

  const config = group(program, 'config', 'The effective configuration and its schema');
  config
    .command('print')
    .description('Print every value with where it came from; secrets are hidden')
    .option('--json', 'write JSON for programs')
    .option('--data, --data-dir <dir>', 'data folder')
    .option('--config <file>', 'configuration file (default: switchyard.yaml)')
    .addHelpText('after', examplesText([['switchyard config print | grep limits', 'what limits hold']]))
    .action((options: CommonOptions) =>
      withOutput(shell, options, async (output) => {
        const { printConfig, printConfigJson } = await import('../../config/print.ts');
        const { loadConfigOrFail } = await import('../load-config.ts');
        const loaded = loadConfigOrFail(options);
        output.text(output.json ? printConfigJson(loaded) : printConfig(loaded));
      }),
    );
  config
    .command('schema')
    .description('Print the JSON Schema of the configuration, for editors')
    .option('--json', 'it is JSON in any case')
    .addHelpText(
      'after',
      examplesText([['switchyard config schema > schema.json', 'for completion in an editor']]),
    )
    .action((options: CommonOptions) =>
      withOutput(shell, options, async (output) => {
        const { configJsonSchemaText } = await import('../../config/json-schema.ts');
        output.text(configJsonSchemaText());
      }),
    );
}
