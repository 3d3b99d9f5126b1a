import { randomUUID } from 'node:crypto';
import type { Agent } from './agent.ts';
import { createAgent } from './agent.ts';
import type { ConnectorConfig } from './config/config.ts';
import type { EngineConfig, ImageEngineConfig, TextEngineConfig } from './config/engine-config.ts';
import { isImageEngine } from './config/engine-config.ts';
import type { EngineContext } from './create-engine.ts';
import { engineName } from './create-engine.ts';
import type { Engine, EngineFault } from './engine.ts';
import type { EngineHost } from './engine-host.ts';
import { createEngineHost } from './engine-host.ts';
import { createFairUse } from './fair-use.ts';
import type { ImageEngine } from './images/image-engine.ts';
import { createImageHost } from './images/image-host.ts';
import type { ImageHost } from './images/image-host.ts';
import type { LinkClientOptions } from './link/link-client.ts';
import type { LinkClient, LinkState } from './link/types.ts';
import type { Command } from './power-command.ts';
import { openSpeedCache } from './speed/speed-cache.ts';
import { createSpeedometer } from './speed/speedometer.ts';
import type { StatusReporter } from './status-reporter.ts';
import type { Timers } from './timers.ts';
import { CONNECTOR_VERSION } from './version.ts';

/** What serving takes from outside. */
export type ServeDependencies = {
  createEngine(config: TextEngineConfig, context: EngineContext): Engine;
  createImageEngine(config: ImageEngineConfig, context: { timers: Timers }): ImageEngine;
  startLink(options: LinkClientOptions): LinkClient;
  /** Calls the handler at each request to end the program; gives how to stop that. */
  onSignal(handler: () => void): () => void;
  /** Runs a command of the owner. Gives what went wrong, or undefined. */
  runCommand(command: Command): Promise<string | undefined>;
  /** The time of day. */
  now(): Date;
  timers: Timers;
};

/** As the shell sees it: 0 ended as asked, 1 the gateway turned us away, 2 wrong settings, 130 ended at once. */
export const EXIT_CODES = { ended: 0, turnedAway: 1, wrongSettings: 2, interrupted: 130 } as const;

const DRAIN_MS = 30_000;
/** An engine that hangs must not keep the others, which answer, from being offered. */
const FIRST_LOOK_MS = 5_000;
const STOP_ENGINES_MS = 2_000;

/**
 * Serves the engines of the configuration until it is asked to end or the gateway turns it away. `watch` is handed the
 * agent as soon as there is one. Gives the exit code.
 */
export async function serve(
  config: ConnectorConfig,
  dependencies: ServeDependencies,
  { reporter, watch }: { reporter: StatusReporter; watch(agent: Agent): void },
): Promise<number> {
  const { timers } = dependencies;
  const stopped = Promise.withResolvers<number>();
  let link: LinkClient | undefined;
  const tellGateway = (): void => link?.capabilitiesChanged();

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
        tellGateway();
      },
    }),
  );
  const images = imageEngines(config.engines).map((engineConfig) => {
    const engine = engineName(engineConfig);
    return createImageHost({
      engine: dependencies.createImageEngine(engineConfig, { timers }),
      timers,
      onUp(recipes) {
        reporter.hostEvent({ type: 'engine-up', engine, models: recipes });
        tellGateway();
      },
      onDown(fault) {
        reporter.hostEvent({ type: 'engine-down', engine, fault });
        tellGateway();
      },
    });
  });
  const fairUse = createFairUse({
    rules: config.fairUse,
    hosts,
    timers,
    now: dependencies.now,
    runCommand: dependencies.runCommand,
    onChange(why) {
      reporter.paused(why);
      tellGateway();
    },
    onProblem: (message) => reporter.warning(message),
  });
  const speedometer =
    config.speedFile === undefined
      ? undefined
      : createSpeedometer({
          hosts,
          cache: openSpeedCache(config.speedFile, (message) => reporter.warning(message)),
          timers,
          random: Math.random,
          mayRun: () => !agent.isPaused() && fairUse.pausedBecause() === undefined,
          report: (event) => reporter.speedometer(event),
          onSpeed: tellGateway,
        });
  const agent = createAgent({
    hosts,
    images,
    isPrivate: config.isPrivate,
    timers,
    pausedBecause: () => fairUse.pausedBecause(),
    yieldsToLocalUse: config.fairUse.yieldsToLocalUse,
    speedOf: (host, model) => speedometer?.speedOf(host, model),
    onAccept: (host) => speedometer?.makeWay(host),
    onLinkState(state: LinkState) {
      reporter.linkState(state, agent.models());
      if (state.state === 'stopped') stopped.resolve(EXIT_CODES.turnedAway);
    },
    onNotice: (notice) => reporter.notice(notice),
    onJobFault: (fault: EngineFault) => reporter.jobFault(fault),
  });

  const stopListening = listenForSignals(
    { agent, reporter, onSignal: dependencies.onSignal, link: () => link },
    stopped,
  );
  reporter.watchCounts(agent);
  watch(agent);
  fairUse.start();
  await atMost(timers, FIRST_LOOK_MS, Promise.all([...hosts, ...images].map((host) => host.start())));
  if (!agent.isPaused()) {
    link = dependencies.startLink({
      gatewayUrl: config.gateway,
      token: config.token,
      instanceId: randomUUID(),
      agentVersion: CONNECTOR_VERSION,
      agent,
      proxies: config.proxies,
      timers,
    });
    speedometer?.start();
  }
  const exitCode = await stopped.promise;
  // Somebody who presses Ctrl-C again must not end the process before its engines: they would run on without it.
  const stopIgnoring = dependencies.onSignal(() => undefined);
  stopListening();
  speedometer?.stop();
  reporter.stop();
  await Promise.all([stopEngines([...hosts, ...images], timers), fairUse.stop()]);
  stopIgnoring();
  reporter.ended();
  return exitCode;
}

type SignalContext = {
  agent: Agent;
  reporter: StatusReporter;
  onSignal: ServeDependencies['onSignal'];
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
  return engines.filter((engine) => !isImageEngine(engine));
}

function imageEngines(engines: EngineConfig[]): ImageEngineConfig[] {
  return engines.filter(isImageEngine);
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
