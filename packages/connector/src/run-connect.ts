import { randomUUID } from 'node:crypto';
import type { Agent } from './agent.ts';
import { createAgent } from './agent.ts';
import type { ConnectorConfig, Environment } from './config/config.ts';
import { loadConfig } from './config/config.ts';
import type { ConnectOptions } from './config/connect-options.ts';
import type { EngineConfig, ImageEngineConfig, TextEngineConfig } from './config/engine-config.ts';
import { readEngineFlags } from './config/engine-flags.ts';
import type { EngineContext } from './create-engine.ts';
import { createEngine, engineName } from './create-engine.ts';
import type { Engine, EngineFault } from './engine.ts';
import type { EngineHost } from './engine-host.ts';
import { createEngineHost } from './engine-host.ts';
import type { FoundEngine } from './find-engines.ts';
import { findEngines, NOTHING_FOUND } from './find-engines.ts';
import { createDemoImageEngine } from './images/demo-image.ts';
import type { ImageEngine } from './images/image-engine.ts';
import { createImageHost } from './images/image-host.ts';
import type { ImageHost } from './images/image-host.ts';
import { startLinkClient } from './link/link-client.ts';
import type { LinkClientOptions } from './link/link-client.ts';
import type { LinkClient, LinkState } from './link/types.ts';
import type { StatusReporter } from './status-reporter.ts';
import { createStatusReporter } from './status-reporter.ts';
import type { StatusWriter } from './status.ts';
import { createStatusWriter, writeToConsole } from './status.ts';
import type { Timers } from './timers.ts';
import { systemTimers } from './timers.ts';
import { CONNECTOR_VERSION } from './version.ts';

export { CONNECT_HELP, parseConnectArguments } from './config/connect-arguments.ts';
export type { ConnectArguments } from './config/connect-arguments.ts';
export type { ConnectOptions } from './config/connect-options.ts';

/** What `runConnect` takes from outside; tests put their own in. */
export type ConnectDependencies = {
  environment?: Environment;
  createEngine(config: TextEngineConfig, context: EngineContext): Engine;
  createImageEngine(config: ImageEngineConfig): ImageEngine;
  /** Looks for engines at their usual addresses. */
  findEngines(): Promise<FoundEngine[]>;
  startLink(options: LinkClientOptions): LinkClient;
  writeLine(line: string): void;
  /** Calls the handler at each request to end the program; gives how to stop that. */
  onSignal(handler: () => void): () => void;
  /** Calls the handler when standard input is closed. */
  onStdinEnd(handler: () => void): () => void;
  timers: Timers;
};

const REAL: ConnectDependencies = {
  createEngine,
  createImageEngine: ({ slots }) => createDemoImageEngine(slots),
  findEngines: () => findEngines(),
  startLink: startLinkClient,
  writeLine: writeToConsole,
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

/** As the shell sees it: 0 ended as asked, 1 the gateway turned us away, 2 wrong settings, 130 ended at once. */
export const EXIT_CODES = { ended: 0, turnedAway: 1, wrongSettings: 2, interrupted: 130 } as const;

const DRAIN_MS = 30_000;
/** An engine that hangs must not keep the others, which answer, from being offered. */
const FIRST_LOOK_MS = 5_000;
const STOP_ENGINES_MS = 2_000;

/**
 * Runs the connector in the foreground until it is asked to end or the gateway turns it away.
 * Gives the exit code and never throws for bad settings: those are printed, one line each.
 */
export async function runConnect(
  options: ConnectOptions,
  replaced: Partial<ConnectDependencies> = {},
): Promise<number> {
  const dependencies = { ...REAL, ...replaced };
  const { writeLine } = dependencies;
  const write = createStatusWriter({ json: options.json, writeLine, now: () => new Date() });
  const loaded = loadConfig(options, dependencies.environment);
  if (!loaded.ok) {
    for (const message of loaded.problems) write({ type: 'problem', message });
    return EXIT_CODES.wrongSettings;
  }
  for (const message of loaded.warnings) write({ type: 'warning', message });
  const engines =
    loaded.config.engines.length > 0
      ? loaded.config.engines
      : await useFoundEngines(options, dependencies, write);
  if (engines === undefined) return EXIT_CODES.wrongSettings;
  const config = { ...loaded.config, engines };
  const reporter = createStatusReporter({
    gateway: config.gateway,
    write,
    timers: dependencies.timers,
  });
  const { onSignal, onStdinEnd } = dependencies;
  if (!options.endsWithStdin) return serve(config, dependencies, reporter);
  const onEnd = (handler: () => void) => {
    const stops = [onSignal(handler), onStdinEnd(handler)];
    return () => stops.forEach((stop) => stop());
  };
  return serve(config, { ...dependencies, onSignal: onEnd }, reporter);
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

async function serve(
  config: ConnectorConfig,
  dependencies: ConnectDependencies,
  reporter: StatusReporter,
): Promise<number> {
  const { timers } = dependencies;
  const stopped = Promise.withResolvers<number>();
  let link: LinkClient | undefined;

  const hosts = textEngines(config.engines).map((engineConfig) =>
    createEngineHost({
      name: engineName(engineConfig),
      engine: dependencies.createEngine(engineConfig, { timers, isShared: !config.isPrivate }),
      slots: engineConfig.slots,
      choices: engineConfig.choices,
      timers,
      report: (event) => reporter.hostEvent(event),
      onChange() {
        reporter.leftOut(agent.leftOut());
        link?.capabilitiesChanged();
      },
    }),
  );
  const images = imageEngines(config.engines).map((engineConfig) => {
    const engine = engineName(engineConfig);
    return createImageHost({
      engine: dependencies.createImageEngine(engineConfig),
      timers,
      onUp(recipes) {
        reporter.hostEvent({ type: 'engine-up', engine, models: recipes });
        link?.capabilitiesChanged();
      },
      onDown: (fault) => reporter.hostEvent({ type: 'engine-down', engine, fault }),
    });
  });
  const agent = createAgent({
    hosts,
    images,
    isPrivate: config.isPrivate,
    timers,
    onLinkState(state: LinkState) {
      reporter.linkState(state, agent.models());
      if (state.state === 'stopped') stopped.resolve(EXIT_CODES.turnedAway);
    },
    onJobFault: (fault: EngineFault) => reporter.jobFault(fault),
  });

  const stopListening = listenForSignals(
    { agent, reporter, onSignal: dependencies.onSignal, link: () => link },
    stopped,
  );
  reporter.watchCounts(agent);
  await atMost(timers, FIRST_LOOK_MS, Promise.all([...hosts, ...images].map((host) => host.start())));
  if (!agent.isPaused()) {
    link = dependencies.startLink({
      gatewayUrl: config.gateway,
      token: config.token,
      instanceId: randomUUID(),
      agentVersion: CONNECTOR_VERSION,
      agent,
      timers,
    });
  }
  const exitCode = await stopped.promise;
  stopListening();
  reporter.stop();
  await stopEngines([...hosts, ...images], timers);
  reporter.ended();
  return exitCode;
}

type SignalContext = {
  agent: Agent;
  reporter: StatusReporter;
  onSignal: ConnectDependencies['onSignal'];
  link(): LinkClient | undefined;
};

/** The first signal lets running jobs end, the second ends everything at once. */
function listenForSignals(
  { agent, reporter, onSignal, link }: SignalContext,
  stopped: PromiseWithResolvers<number>,
): () => void {
  return onSignal(() => {
    if (agent.isPaused()) {
      link()?.close();
      stopped.resolve(EXIT_CODES.interrupted);
      return;
    }
    agent.pause();
    reporter.draining(agent.counts().running, DRAIN_MS);
    const drained = link()?.drain(DRAIN_MS) ?? Promise.resolve();
    void drained.finally(() => stopped.resolve(EXIT_CODES.ended));
  });
}

function textEngines(engines: EngineConfig[]): TextEngineConfig[] {
  return engines.filter((engine) => engine.kind !== 'demo-image');
}

function imageEngines(engines: EngineConfig[]): ImageEngineConfig[] {
  return engines.filter((engine) => engine.kind === 'demo-image');
}

async function stopEngines(hosts: (EngineHost | ImageHost)[], timers: Timers): Promise<void> {
  await atMost(timers, STOP_ENGINES_MS, Promise.allSettled(hosts.map((host) => host.stop())));
}

/** Waits for the work, but no longer than this. */
async function atMost(timers: Timers, limitMs: number, work: Promise<unknown>): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = timers.after(limitMs, () => limit.resolve());
  await Promise.race([work, limit.promise]);
  timer.cancel();
}
