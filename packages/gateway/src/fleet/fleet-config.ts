import type { Log } from '../core/log.ts';

/** What may be set for a gateway's fleet. The link's own bounds are fixed by the protocol. */
export type FleetConfig = {
  /** Connections of nodes, those in their handshake included. More are answered 429. */
  sessionsMax: number;
  /** Connections of one node within a minute. Two programs with one token would replace each other for ever. */
  connectsPerMinuteMax: number;
  /** A job is cancelled after this time, however well it runs. */
  jobDeadlineMs: number;
  /** The oldest connector that is taken, `major.minor.patch`. Older ones are told to update. */
  minAgentVersion: string;
  /** How often timeouts are looked at. One timer serves all sessions and jobs. */
  tickMs: number;
};

export const DEFAULT_FLEET_CONFIG: FleetConfig = {
  sessionsMax: 10_000,
  connectsPerMinuteMax: 30,
  jobDeadlineMs: 30 * 60_000,
  minAgentVersion: '0.1.0',
  tickMs: 250,
};

/** Called with closed words and counts only, so that they may become labels. */
export type FleetMetrics = {
  sessionOpened(): void;
  /** `code` is the close code that ended it, or 1006 when the line just broke. */
  sessionClosed(code: number): void;
  upgradeRefused(status: number): void;
  /** `cause`: `finished`, `cancelled` or the cause of the job's fault. */
  jobEnded(cause: string): void;
};

export const NO_FLEET_METRICS: FleetMetrics = {
  sessionOpened: () => undefined,
  sessionClosed: () => undefined,
  upgradeRefused: () => undefined,
  jobEnded: () => undefined,
};

export type FleetLog = Pick<Log, 'info' | 'warn' | 'error'>;
