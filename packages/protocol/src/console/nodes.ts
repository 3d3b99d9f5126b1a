import type { Availability24h, Money } from './common.ts';

/** GET `accounts/:account/nodes`. Role: viewer. Newest first, without removed ones. */
export type NodesAnswer = { nodes: ConsoleNode[] };

/** `unknown`: nobody knows whether it is connected. */
export type NodeState =
  | 'removed'
  | 'suspended'
  | 'banned'
  | 'offline'
  | 'unknown'
  | 'ready'
  | 'paused'
  | 'draining'
  | 'engine-down'
  | 'reconnecting';

/** The reason that a node carries whose owner drained it: they may resume it, while every other reason is the operator's. */
export const OWNERS_DRAIN = 'drained by its owner';

export type ConsoleNode = {
  id: string;
  name: string;
  /** Empty for a private node that serves deployments only. */
  pool: string;
  kind: 'shared' | 'private';
  /** The public part of its token. */
  kid: string;
  state: NodeState;
  suspendedReason: string | null;
  /** Why and until when (ISO 8601) it gets a quarter of its jobs, or none and may not connect. null: it does not. */
  reduced: { because: string; until: string } | null;
  banned: { because: string; until: string } | null;
  /** null while it is not connected. */
  session: NodeSession | null;
  /** Share of the last 24 hours at which it was ready, 0 to 1; null: not known. */
  available: number | null;
  createdAt: string;
  revokedAt: string | null;
};

export type NodeSession = {
  connectedAt: string;
  /** Name of the engine beside it. */
  engine: string;
  roundTripMs: number;
  models: NodeModel[];
};

export type NodeModel = {
  /** What the node calls the model. */
  alias: string;
  slots: number;
  busySlots: number;
  loaded: boolean;
  outputTokensPerSecond: number | null;
  /** Share of its last jobs that failed, 0 to 1. */
  failureRate: number;
  breaker: 'closed' | 'open' | 'half-open';
  restsForSeconds: number;
};

/** GET `accounts/:account/nodes/:node`. Role: viewer. */
export type NodeDetail = ConsoleNode & { history: Availability24h | null };

/** POST `accounts/:account/nodes`. Role: developer. `shared` needs a pool. Answers `NewNode`. */
export type AddNode = { name: string; kind: 'shared' | 'private'; pool?: string };

/** Holds the node's token, once. `connect`: a line to paste on its machine. */
export type NewNode = { node: ConsoleNode; token: string; connect: string };

/**
 * PATCH `accounts/:account/nodes/:node`. Role: developer. Answers `ConsoleNode`. POST `…/drain` (body `{}`): it takes no
 * new jobs and ends what runs; POST `…/resume`: it takes jobs again; DELETE: its token is refused for ever.
 */
export type UpdateNode = { name: string };

/**
 * GET `accounts/:account/earnings?from&to&by=node|day`. Role: viewer. Days as in usage; default: the last 30, by day.
 * Also as `earnings.csv`.
 */
export type EarningsAnswer = {
  from: string;
  to: string;
  by: 'node' | 'day';
  rows: EarningsBucket[];
  balance: {
    pending: Money;
    payable: Money;
    paid: Money;
    /** When the next part of what is pending becomes payable. */
    next: { at: string; amount: Money } | null;
  };
};

export type EarningsBucket = {
  /** Id of the node, or the day. */
  group: string;
  /** Name of the node, or the day. */
  groupName: string;
  jobs: number;
  earnedMicros: number;
  reversedMicros: number;
  pendingMicros: number;
};
