import type { Notice } from '@switchyard/protocol/link/messages.ts';
import type { Clock, RandomSource } from '../core/clock.ts';
import { errorFields } from '../core/log.ts';
import { acquireImage } from './acquire-image.ts';
import { DEFAULT_FLEET_CONFIG, NO_FLEET_METRICS } from './fleet-config.ts';
import type { FleetConfig, FleetLog, FleetMetrics } from './fleet-config.ts';
import type { Fleet, NodeAuthenticator } from './fleet.ts';
import { LinkServer } from './link-server.ts';
import { NodeSessions } from './node-sessions.ts';
import { Registry } from './registry.ts';

export type FleetOptions = {
  clock: Clock;
  random: RandomSource;
  authenticateNode: NodeAuthenticator;
  log: FleetLog;
  metrics?: FleetMetrics;
  config?: Partial<FleetConfig>;
  /** Share of its usual work that a node gets, above 0 to 1. Absent: all of it. */
  weightOf?: (nodeId: string) => number;
  /** What the owner of a node is told when it connects. */
  noticeFor?: (nodeId: string) => Notice | undefined;
  /** The newest version of the connector that this gateway knows: nodes are told. */
  newestAgent?: string;
};

/**
 * Builds the gateway's side of the node link. One timer serves all sessions and jobs. The caller routes WebSocket
 * upgrades of `/node/v1` to `handleUpgrade` and calls `drain` and then `close` at the end.
 */
export function createFleet(options: FleetOptions): Fleet {
  const { clock, log } = options;
  const config = { ...DEFAULT_FLEET_CONFIG, ...options.config };
  const metrics = options.metrics ?? NO_FLEET_METRICS;
  const registry = new Registry(options);
  const capacity = createNotice(log);
  const sessions = new NodeSessions({
    clock,
    random: options.random,
    config,
    log,
    metrics,
    ...(options.noticeFor === undefined ? {} : { noticeFor: options.noticeFor }),
    ...(options.newestAgent === undefined ? {} : { newestAgent: options.newestAgent }),
    registry,
    onCapacity: capacity.notify,
  });

  const server = new LinkServer({
    clock,
    config,
    metrics,
    authenticateNode: options.authenticateNode,
    drainingForMs: () => sessions.drainTimes?.retryAfterMs,
    lineCount: () => sessions.lineCount,
    open: (identity, socket) => sessions.openLine(identity, socket),
  });

  const ticker = clock.every(config.tickMs, () => sessions.tick(clock.monotonicMs()));

  return {
    handleUpgrade: (request, socket, head) => server.handleUpgrade(request, socket, head),
    acquire: (want) => (sessions.drainTimes === undefined ? registry.acquire(want) : 'none'),
    acquireImage(want) {
      if (sessions.drainTimes !== undefined) return 'none';
      const now = { monotonicMs: clock.monotonicMs(), random: options.random, weightOf: options.weightOf };
      return acquireImage(registry.sessions(), want, now);
    },
    waitMs: (pool, model, nodes) => registry.waitMs(pool, model, nodes),
    availability: (pool, model, seen) => registry.availability(pool, model, seen),
    facts: (pool, model, seen) => registry.facts(pool, model, seen),
    jobsPerSecond: (pool, model, seen) => registry.jobsPerSecond(pool, model, seen),
    onCapacity: capacity.subscribe,
    nodes: () => registry.nodes(),
    disconnect: (nodeId, reason, because) => sessions.disconnect(nodeId, reason, because),
    drainNode: (nodeId, times) => sessions.drainNode(nodeId, times),
    tell: (nodeId, notice) => registry.get(nodeId)?.tell(notice),
    drain: (times) => sessions.drain(times),
    close() {
      ticker.cancel();
      sessions.close();
    },
  };
}

/** Tells listeners once for all changes of a tick, and never from inside the change: they will ask for slots at once. */
function createNotice(log: FleetLog): { notify(): void; subscribe(listener: () => void): () => void } {
  const listeners = new Set<() => void>();
  let isScheduled = false;

  function run(): void {
    isScheduled = false;
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        log.error('capacity_listener_failed', errorFields(error));
      }
    }
  }

  return {
    notify() {
      if (isScheduled) return;
      isScheduled = true;
      queueMicrotask(run);
    },
    subscribe(listener) {
      const entry = (): void => listener();
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
  };
}
