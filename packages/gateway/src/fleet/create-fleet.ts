import { CLOSE_CODES } from '@switchyard/protocol/link/close-codes.ts';
import type { Clock, RandomSource } from '../core/clock.ts';
import { errorFields } from '../core/log.ts';
import { acquireImage } from './acquire-image.ts';
import { DEFAULT_FLEET_CONFIG, NO_FLEET_METRICS } from './fleet-config.ts';
import type { FleetConfig, FleetLog, FleetMetrics } from './fleet-config.ts';
import type { Fleet, NodeAuthenticator } from './fleet.ts';
import { LinkServer } from './link-server.ts';
import { NodeSession } from './node-session.ts';
import type { SessionHost } from './session-host.ts';
import { ModelRecords } from './model-record.ts';
import { Registry } from './registry.ts';

export type FleetOptions = {
  clock: Clock;
  random: RandomSource;
  authenticateNode: NodeAuthenticator;
  log: FleetLog;
  metrics?: FleetMetrics;
  config?: Partial<FleetConfig>;
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
  const records = new ModelRecords();
  /** All open connections, those in their handshake included. */
  const sessions = new Set<NodeSession>();
  const capacity = createNotice(log);
  let epoch = 0;
  let drainingForMs: number | undefined;

  const host: SessionHost = {
    clock,
    random: options.random,
    config,
    log,
    metrics,
    nextEpoch: () => (epoch += 1),
    ...(options.newestAgent === undefined ? {} : { newestAgent: options.newestAgent }),
    recordsOf: (nodeId) => records.ofNode(nodeId),
    onWelcomed(session) {
      registry.add(session)?.end(CLOSE_CODES.replaced, 'replaced');
      log.info('node_connected', { nodeId: session.identity.nodeId, sessionId: session.sessionId });
    },
    onCapabilities: (session) => registry.index(session),
    onCapacity: capacity.notify,
    onEnded(session) {
      sessions.delete(session);
      registry.remove(session);
    },
  };

  const server = new LinkServer({
    clock,
    config,
    metrics,
    authenticateNode: options.authenticateNode,
    drainingForMs: () => drainingForMs,
    sessionCount: () => sessions.size,
    open(identity, socket) {
      const session = new NodeSession(identity, socket, host);
      sessions.add(session);
      metrics.sessionOpened();
      return session;
    },
  });

  const ticker = clock.every(config.tickMs, () => {
    const nowMs = clock.monotonicMs();
    for (const session of sessions) session.tick(nowMs);
  });

  function drain(retryAfterMs: number): void {
    drainingForMs ??= retryAfterMs;
    for (const session of sessions) session.drain(retryAfterMs);
  }

  return {
    handleUpgrade: (request, socket, head) => server.handleUpgrade(request, socket, head),
    acquire: (want) => (drainingForMs === undefined ? registry.acquire(want) : 'none'),
    acquireImage(want) {
      if (drainingForMs !== undefined) return 'none';
      const now = { monotonicMs: clock.monotonicMs(), random: options.random };
      return acquireImage(registry.sessions(), want, now);
    },
    waitMs: (pool, model, nodes) => registry.waitMs(pool, model, nodes),
    availability: (pool, model, seen) => registry.availability(pool, model, seen),
    facts: (pool, model, seen) => registry.facts(pool, model, seen),
    jobsPerSecond: (pool, model, seen) => registry.jobsPerSecond(pool, model, seen),
    onCapacity: capacity.subscribe,
    nodes: () => registry.nodes(),
    disconnect(nodeId, reason) {
      const code = reason === 'revoked' ? CLOSE_CODES.unauthorized : CLOSE_CODES.suspended;
      for (const session of sessions) if (session.identity.nodeId === nodeId) session.end(code, reason);
    },
    drain,
    close() {
      ticker.cancel();
      drain(0);
      for (const session of sessions) session.end(CLOSE_CODES.draining, 'closed');
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
