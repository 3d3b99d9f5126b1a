import type { Command } from 'commander';
import type { LoadedConfig } from '../../config/config.ts';
import type { RunningGateway } from '../../main.ts';
import { examplesText } from '../command.ts';
import type { Shell } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { createOutput } from '../output.ts';
import type { Output } from '../output.ts';
import { nextStopSignal } from '../signals.ts';

export type StartOptions = {
  dataDir?: string;
  config?: string;
  host?: string;
  port?: string;
  logLevel?: string;
};

/** The pool that the demo engine serves, where the configuration has one of this name. */
export const DEMO_POOL = 'demo';

/** `switchyard start` */
export function addStartCommand(program: Command, shell: Shell): void {
  startOptions(program.command('start').description('Run the gateway until it is told to stop'))
    .addHelpText(
      'after',
      examplesText([
        ['switchyard start --config switchyard.yaml', 'Ctrl-C lets running requests end first'],
        ['switchyard start --port 0 --data ./scratch', 'on a free port, with a data folder of its own'],
      ]),
    )
    .action((options: StartOptions) => start(shell, options));
}

export function startOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: switchyard.yaml)')
    .option('--data, --data-dir <dir>', 'data folder')
    .option('--host <address>', 'address to listen on')
    .option('--port <number>', 'port to listen on; 0: a free one')
    .option('--log-level <level>', 'debug, info, warn, error or silent');
}

async function start(shell: Shell, options: StartOptions): Promise<void> {
  // Standard output is the log's: all words for people go to standard error.
  const output = createOutput({ stdout: shell.streams.stderr, stderr: shell.streams.stderr }, false);
  const started = await startFromFile(options, output);
  const { gateway } = started;
  const { ensureOperator } = await import('../../admin/first-run.ts');
  await orStop(started, () => ensureOperator({ ...gateway.admin, actor: 'first-run' }));
  if (gateway.admin.registry.directory.accounts().length === 1) {
    output.note('There is no account to use this gateway yet. Make one: switchyard account create NAME');
  }
  await nextStopSignal();
  await gateway.stop();
  shell.endsAtOnce = true;
}

export type Started = { gateway: RunningGateway; loaded: LoadedConfig };

/**
 * Loads the configuration and starts the gateway. Throws `CommandFailure`.
 */
export async function startFromFile(options: StartOptions, output: Output): Promise<Started> {
  const { loadConfigOrFail, problemLines } = await import('../load-config.ts');
  const { host, port, logLevel } = options;
  const loaded = loadConfigOrFail(options, { host, port, logLevel });
  if (loaded.warnings.length > 0) output.note(`Likely not meant:\n${problemLines(loaded.warnings)}`);
  const { printedValues } = await import('../../config/print.ts');
  const { startGateway } = await import('../../main.ts');
  const gateway = await startGateway(loaded.config, printedValues(loaded)).catch((error: unknown) => {
    throw startFailure(error, loaded);
  });
  return { gateway, loaded };
}

/**
 * What is left to do once the gateway runs. When it fails the gateway stops: else it would serve on after the command has
 * said that it failed, and hear no signal.
 */
export async function orStop<Value>(
  { gateway, loaded }: Started,
  step: () => Promise<Value>,
): Promise<Value> {
  try {
    return await step();
  } catch (error) {
    await gateway.stop();
    throw startFailure(error, loaded);
  }
}

function startFailure(error: unknown, loaded: LoadedConfig): unknown {
  if (!(error instanceof Error)) return error;
  const { host, port } = loaded.config.server;
  const code = 'code' in error ? error.code : undefined;
  if (error.name === 'DataFolderInUseError' || error.name === 'LedgerInUseError') {
    return new CommandFailure('Another process uses the data folder', {
      code: 'data_folder_in_use',
      hint: `It is ${loaded.config.data.dir}. Stop the other gateway, or give this one its own folder with --data DIR.`,
    });
  }
  if (code === 'EADDRINUSE') {
    return new CommandFailure(`Port ${port} of ${host} is in use`, {
      code: 'port_in_use',
      hint: 'Choose another one with --port, or 0 for a free one.',
    });
  }
  if (isFileError(error)) return dataFolderUnusable(error, loaded);
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new CommandFailure(`The gateway cannot listen on port ${port} of ${host}`, {
      code: 'cannot_listen',
      hint: `The system says ${code}. Ports below 1024 need special rights; the host must be an address of this machine.`,
    });
  }
  if (['DatabaseTooNewError', 'DatabaseTooOldError', 'SqliteError'].includes(error.name)) {
    return dataFolderUnusable(error, loaded);
  }
  if (error.name === 'ClassifierMissingError' && 'hint' in error && typeof error.hint === 'string') {
    return new CommandFailure(error.message, { code: 'classifier_missing', hint: error.hint });
  }
  return error;
}

/** Whether the system refused something about a file, not about the network. */
function isFileError(error: Error): boolean {
  const syscall = 'syscall' in error ? error.syscall : undefined;
  return typeof syscall === 'string' && !NETWORK_CALLS.has(syscall);
}

const NETWORK_CALLS: ReadonlySet<string> = new Set(['listen', 'bind', 'getaddrinfo']);

function dataFolderUnusable(error: Error, loaded: LoadedConfig): CommandFailure {
  return new CommandFailure(`The data folder cannot be used: ${error.message}`, {
    code: 'data_folder_unusable',
    hint: `It is ${loaded.config.data.dir}; name another one with --data DIR.`,
  });
}
