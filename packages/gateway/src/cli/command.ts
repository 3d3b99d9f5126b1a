import type { Command } from 'commander';
import { usageFailure } from './failure.ts';
import { createOutput } from './output.ts';
import type { Output, Streams } from './output.ts';
import { createSession } from './session.ts';
import type { CommonOptions, Session } from './session.ts';

/** What the commands of one program share. */
export type Shell = {
  streams: Streams;
  /** What the process ends with, when no failure says otherwise. */
  exitCode: number;
  /** Set by commands that ran for long: nothing that they left behind may hold the process. */
  endsAtOnce: boolean;
};

export type Example = readonly [command: string, what: string];

/** A command of a group: `leaf(group, 'create <name>', 'Make an account', [...])`. With the options that all have. */
export function leaf(
  parent: Command,
  usage: string,
  description: string,
  examples: readonly Example[],
): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--json', 'write JSON for programs')
    .option('--data, --data-dir <dir>', 'data folder (default: as the configuration says)')
    .option('--config <file>', 'configuration file (default: switchyard.yaml)')
    .addHelpText('after', examplesText(examples));
}

export function group(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description);
}

export function examplesText(examples: readonly Example[]): string {
  if (examples.length === 0) return '';
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(([command, what]) => `  $ ${command.padEnd(width)}  ${what}`);
  return `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}`;
}

/** Runs a command that only needs an output. */
export async function withOutput(
  shell: Shell,
  options: CommonOptions,
  run: (output: Output) => Promise<void> | void,
): Promise<void> {
  await run(createOutput(shell.streams, options.json === true));
}

/** Runs a command that needs the operator's use cases. */
export async function withSession(
  shell: Shell,
  options: CommonOptions,
  run: (session: Session, output: Output) => Promise<void>,
): Promise<void> {
  const session = createSession(options);
  try {
    await run(session, createOutput(shell.streams, options.json === true));
  } finally {
    await session.close();
  }
}

/** A name that may be written as an argument or as `--name`, once. */
export function onlyName(argument: string | undefined, option: string | undefined): string {
  const name = argument ?? option;
  if (name !== undefined && (argument === undefined || option === undefined)) return name;
  throw usageFailure('Give one name', 'Write it after the command, or after --name.');
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
