import type { Agent } from './agent.ts';
import type { Environment } from './config/config.ts';
import { isPlainTerminal, loadConfig } from './config/config.ts';
import type { ConnectOptions } from './config/connect-options.ts';
import type { EngineConfig } from './config/engine-config.ts';
import { readEngineFlags } from './config/engine-flags.ts';
import { createEngine } from './create-engine.ts';
import type { FoundEngine } from './find-engines.ts';
import { findEngines, NOTHING_FOUND } from './find-engines.ts';
import { createImageEngine } from './images/create-image-engine.ts';
import { startLinkClient } from './link/link-client.ts';
import { createLiveStatus } from './live-status.ts';
import { runCommand } from './power-command.ts';
import type { Terminal } from './screen.ts';
import { createScreen } from './screen.ts';
import type { ServeDependencies } from './serve.ts';
import { EXIT_CODES, serve } from './serve.ts';
import { createStatusReporter } from './status-reporter.ts';
import type { StatusWriter } from './status.ts';
import { createStatusWriter, writeToConsole } from './status.ts';
import { systemTimers } from './timers.ts';
import { CONNECTOR_VERSION } from './version.ts';

export { CONNECT_HELP, parseConnectArguments } from './config/connect-arguments.ts';
export type { ConnectArguments } from './config/connect-arguments.ts';
export type { ConnectOptions } from './config/connect-options.ts';
export { systemdUnit } from './config/systemd-unit.ts';
export { EXIT_CODES } from './serve.ts';

/** What `runConnect` takes from outside; tests put their own in. */
export type ConnectDependencies = ServeDependencies & {
  environment?: Environment;
  /** Looks for engines at their usual addresses. */
  findEngines(): Promise<FoundEngine[]>;
  writeLine(line: string): void;
  /** Where a person watches; undefined: nobody does, and there are plain lines only. */
  terminal(): Terminal | undefined;
  /** Calls the handler when standard input is closed. */
  onStdinEnd(handler: () => void): () => void;
};

const REAL: ConnectDependencies = {
  createEngine,
  createImageEngine,
  findEngines: () => findEngines(),
  startLink: startLinkClient,
  runCommand,
  now: () => new Date(),
  writeLine: writeToConsole,
  terminal() {
    const { stdout } = process;
    if (!stdout.isTTY || isPlainTerminal()) return undefined;
    // A terminal that was never told its size says 0.
    const columns = (): number => (stdout.columns > 0 ? stdout.columns : USUAL_COLUMNS);
    return { write: (text) => void stdout.write(text), columns };
  },
  onSignal(handler) {
    process.on('SIGINT', handler);
    process.on('SIGTERM', handler);
    return () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    };
  },
  onStdinEnd(handler) {
    process.stdin.resume().once('end', handler);
    return () => void process.stdin.pause().off('end', handler);
  },
  timers: systemTimers,
};

const USUAL_COLUMNS = 80;
/** How often the block of a live status is looked at. It is drawn when it has changed. */
const DRAW_MS = 1_000;

/**
 * Runs the connector in the foreground until it is asked to end or the gateway turns it away.
 * Gives the exit code and never throws for bad settings: those are printed, one line each.
 */
export async function runConnect(
  options: ConnectOptions,
  replaced: Partial<ConnectDependencies> = {},
): Promise<number> {
  const dependencies = { ...REAL, ...replaced };
  const { now, timers } = dependencies;
  const terminal = options.json ? undefined : dependencies.terminal();
  const screen = terminal === undefined ? undefined : createScreen(terminal);
  const writeLine = screen?.line ?? dependencies.writeLine;
  const writePlain = createStatusWriter({ json: options.json, writeLine, now });
  const loaded = loadConfig(options, dependencies.environment);
  if (!loaded.ok) {
    for (const message of loaded.problems) writePlain({ type: 'problem', message });
    return EXIT_CODES.wrongSettings;
  }
  const { gateway } = loaded.config;
  const live = createLiveStatus({ version: CONNECTOR_VERSION, gateway });
  const write: StatusWriter = (event) => {
    live.note(event, now());
    writePlain(event);
  };
  for (const message of loaded.warnings) write({ type: 'warning', message });
  const engines =
    loaded.config.engines.length > 0
      ? loaded.config.engines
      : await useFoundEngines(options, dependencies, write);
  if (engines === undefined) return EXIT_CODES.wrongSettings;

  const reporter = createStatusReporter({ gateway, write, timers });
  const draw = (agent: Agent): void =>
    screen?.draw(
      live.lines({ models: agent.activity(), counts: agent.counts() }, terminal?.columns() ?? USUAL_COLUMNS),
    );
  let ticker: { cancel(): void } | undefined;
  const exitCode = await serve(
    { ...loaded.config, engines },
    options.endsWithStdin ? endingWithStdin(dependencies) : dependencies,
    {
      reporter,
      watch(agent) {
        if (screen !== undefined) ticker = timers.every(DRAW_MS, () => draw(agent));
      },
    },
  );
  ticker?.cancel();
  screen?.close();
  return exitCode;
}

function endingWithStdin(dependencies: ConnectDependencies): ConnectDependencies {
  const { onSignal, onStdinEnd } = dependencies;
  return {
    ...dependencies,
    onSignal(handler) {
      const stops = [onSignal(handler), onStdinEnd(handler)];
      return () => stops.forEach((stop) => stop());
    },
  };
}

/** The engines of this machine, with the flags of the owner; undefined when that cannot work, which is said. */
async function useFoundEngines(
  options: ConnectOptions,
  dependencies: ConnectDependencies,
  write: StatusWriter,
): Promise<EngineConfig[] | undefined> {
  const found = await dependencies.findEngines();
  for (const { kind, url } of found) write({ type: 'found', kind, address: new URL(url).host });
  const engines = found.map(({ kind, url }) => `${kind}=${url}`);
  const read = readEngineFlags({ ...options, engines });
  const problems = found.length === 0 ? [NOTHING_FOUND] : read.problems;
  for (const message of problems) write({ type: 'problem', message });
  return problems.length > 0 ? undefined : read.engines;
}
