import { Command, CommanderError } from 'commander';
import { addAccountCommands } from './commands/account.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addConfigCommands } from './commands/config.ts';
import { addConnectCommand } from './commands/connect.ts';
import { addCreditCommands } from './commands/credit.ts';
import { addDeploymentCommands } from './commands/deployment.ts';
import { addEarningsCommand } from './commands/earnings.ts';
import { addKeyCommands } from './commands/key.ts';
import { addMemberCommands } from './commands/member.ts';
import { addModelCommands } from './commands/model.ts';
import { addNodeCommands } from './commands/node.ts';
import { addPersonCommands } from './commands/person.ts';
import { addReconcileCommand } from './commands/reconcile.ts';
import { addRecordCommands } from './commands/records.ts';
import { addStartCommand } from './commands/start.ts';
import { addUpCommand } from './commands/up.ts';
import type { Shell } from './command.ts';
import { examplesText } from './command.ts';
import { CommandFailure, EXIT, usageFailure } from './failure.ts';
import { createOutput } from './output.ts';
import type { Streams } from './output.ts';
import { VERSION } from '../core/version.ts';

/**
 * The command line. `words` are those after the program's name.
 * Exit codes: 0 done, 1 failed, 2 written wrongly. Never rejects, never ends the process itself.
 */
export async function runCommandLine(words: readonly string[], streams: Streams): Promise<CommandLineEnd> {
  const shell: Shell = { streams, exitCode: EXIT.done, endsAtOnce: false };
  const exitCode = await runWords(words, shell);
  return { exitCode, endsAtOnce: shell.endsAtOnce };
}

export type CommandLineEnd = Pick<Shell, 'exitCode' | 'endsAtOnce'>;

async function runWords(words: readonly string[], shell: Shell): Promise<number> {
  const { streams } = shell;
  const isJson = words.includes('--json');
  const told: string[] = [];
  try {
    const program = buildProgram(shell, (text) => void told.push(text));
    await program.parseAsync([...words], { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    // Help and version that were asked for are no errors.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    if (error instanceof CommanderError && !(isJson && error.message.startsWith(COMMANDERS_ERROR))) {
      for (const text of told) streams.stderr(text);
      return EXIT.usage;
    }
    const failure = failureOf(error);
    createOutput(streams, isJson).failure(failure);
    return failure.exitCode;
  }
}

/** How messages of Commander about wrong words begin; what has another beginning is no message, but help. */
const COMMANDERS_ERROR = 'error: ';

function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (!(error instanceof CommanderError)) return unexpected(error);
  return usageFailure(error.message.slice(COMMANDERS_ERROR.length), 'Add --help for how it is used.');
}

/** @param writeError what takes Commander's own messages about words that are wrong */
export function buildProgram(shell: Shell, writeError = shell.streams.stderr): Command {
  const program = new Command('switchyard');
  program
    .description('A prepaid AI inference gateway and compute network of your own')
    .version(VERSION, '-V, --version', 'show the version')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(add --help for how it is used)')
    .configureOutput({
      writeOut: (text) => shell.streams.stdout(text),
      writeErr: writeError,
    })
    .addHelpText(
      'after',
      examplesText([
        ['switchyard up', 'try it out: gateway, demo model and a first key'],
        ['switchyard start --config switchyard.yaml', 'run the gateway'],
        ['switchyard account create alice', 'then: switchyard key create alice --name laptop'],
        ['switchyard connect --help', 'serve models of this machine'],
      ]),
    );
  addStartCommand(program, shell);
  addUpCommand(program, shell);
  addConnectCommand(program, shell);
  addConfigCommands(program, shell);
  addAccountCommands(program, shell);
  addPersonCommands(program, shell);
  addMemberCommands(program, shell);
  addKeyCommands(program, shell);
  addCreditCommands(program, shell);
  addEarningsCommand(program, shell);
  addModelCommands(program, shell);
  addNodeCommands(program, shell);
  addDeploymentCommands(program, shell);
  addRecordCommands(program, shell);
  addReconcileCommand(program, shell);
  addBackupCommands(program, shell);
  return program;
}

/** A fault of the program or of the machine. Messages of such errors hold names of files and codes, nothing else. */
function unexpected(error: unknown): CommandFailure {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown reason';
  return new CommandFailure(`Something unexpected went wrong: ${text}`, { code: 'internal_error' });
}
