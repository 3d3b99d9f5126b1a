import type { Clock, RandomSource } from '../core/clock.ts';
import type { FleetConfig, FleetLog, FleetMetrics } from './fleet-config.ts';
import type { ModelRecord } from './model-record.ts';
import type { NodeSession } from './node-session.ts';

/** A WebSocket as the session uses it, so that tests can stand in for the line. */
export type LinkSocket = {
  send(message: Uint8Array<ArrayBuffer>, sent: () => void): void;
  bufferedBytes(): number;
  close(code: number, reason: string): void;
};

export type SessionHost = {
  clock: Clock;
  random: RandomSource;
  config: FleetConfig;
  log: FleetLog;
  metrics: FleetMetrics;
  nextEpoch(): number;
  /** The newest version of the connector that this gateway knows. */
  newestAgent?: string;
  /** What was seen of a node's models so far, by alias; it is kept after the session. */
  recordsOf(nodeId: string): Map<string, ModelRecord>;
  /** HELLO has come: an older session of the same node has to go. */
  onWelcomed(session: NodeSession): void;
  /** The set of models changed. */
  onCapabilities(session: NodeSession): void;
  /** A slot may have become free. */
  onCapacity(): void;
  onEnded(session: NodeSession): void;
};
