import type { Notice } from '@switchyard/protocol/link/messages.ts';
import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NodeFacts } from '../catalog/deployment.ts';
import type { Attempt, AttemptRequest, AttemptSink } from '../core/attempt.ts';
import type { ImageSlot, ImageWant } from './acquire-image.ts';

/** The nodes that are connected to this gateway, as the rest of it sees them. */
export type Fleet = {
  /** Takes a WebSocket upgrade of `/node/v1`: checks the token before the upgrade, then runs the session. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Takes a free slot on the best fitting node. `busy`: nodes serve the model but none is free. `none`: no node serves it. */
  acquire(want: NodeWant): NodeSlot | 'busy' | 'none';
  /** The same for a picture. */
  acquireImage(want: ImageWant): ImageSlot | 'busy' | 'none';
  /** How long until a node that is left out for its failures gets jobs again, ms. 0: none is left out. */
  waitMs(pool: string, model: string, nodes?: readonly string[]): number;
  availability(pool: string, model: string, seen?: NodeView): Availability;
  /** What the nodes of a model say that it can do, all of them together. Undefined: none offers it. */
  facts(pool: string, model: string, seen: NodeView): NodeFacts | undefined;
  /** How many requests of the usual size its slots finish in a second when all are in use. 0: there are none. */
  jobsPerSecond(pool: string, model: string, seen?: NodeView): number;
  /** Called whenever a slot may have become free or a node came: for the queue. Returns how to unsubscribe. */
  onCapacity(listener: () => void): () => void;
  nodes(): NodeStatus[];
  /** Ends a node's session at once (revoked, suspended). `because`: what its owner is told, in words. */
  disconnect(nodeId: string, reason: 'revoked' | 'suspended', because?: string): void;
  /** One node gets no new jobs; its session ends with its last job. */
  drainNode(nodeId: string, times: { retryAfterMs: number; graceMs: number }): void;
  /** Tells the owner of a connected node something. */
  tell(nodeId: string, notice: Notice): void;
  /** Tells nodes to come back later, takes no new jobs. Running ones go on, for as long as the caller lets them. */
  drain(times: { retryAfterMs: number; graceMs: number }): void;
  close(): void;
};

export type NodeWant = {
  /** The name of a pool, or `privateNodesOf` an account. */
  pool: string;
  /** Only these nodes, by id; undefined: all. */
  nodes?: readonly string[];
  /** Who asks: a private node serves its own account only. Nodes never hear of it. */
  accountId: string;
  /** The alias that nodes advertise. */
  model: string;
  /** For the choice of a node that has read its beginning before. */
  chat: ChatRequest;
  needs: {
    tools: boolean;
    vision: boolean;
    thinking: boolean;
    jsonSchema: boolean;
    contextTokens: number;
    continues?: { digest: string };
  };
  /** Nodes that this request has tried already. */
  excludedNodes: ReadonlySet<string>;
};

export type NodeSlot = {
  nodeId: string;
  nodeName: string;
  /** Of the model's weights, as the node says. */
  digest?: string;
  /** Uses the slot. It is freed when the attempt ends, fails or is cancelled and the node has said so. */
  start(request: AttemptRequest, sink: AttemptSink): Attempt;
  /** Gives the slot back unused. */
  release(): void;
  /** The failure of this slot's job was the job's own. */
  forgive(): void;
};

/** `accountId` adds the account's own private nodes; `nodes` leaves all others out. */
export type NodeView = { accountId?: string; nodes?: readonly string[] };

export type Availability = { nodesOnline: number; slots: number; freeSlots: number };

/** Who a node token belongs to. */
export type NodeIdentity = {
  nodeId: string;
  name: string;
  /** Empty for a private node that stands in none. */
  pool: string;
  kind: 'shared' | 'private';
  accountId: string;
};

/** Port: looks a node token up. Undefined: unknown or revoked. Never throws, never writes. */
export type NodeAuthenticator = (token: string) => NodeIdentity | 'suspended' | SuspendedNode | undefined;

/** `suspendedBecause`: for the owner of the node, whose connector shows it. */
export type SuspendedNode = { suspendedBecause: string };

/** A model, or a recipe for pictures, at one node. */
export type NodeModelStatus = {
  alias: string;
  /** 0 for pictures. */
  contextTokens: number;
  slots: number;
  busySlots: number;
  /** In memory, so that a job starts without a load. */
  loaded: boolean;
  /** As measured here, else as the node says. Undefined: nobody knows. */
  outputTokensPerSecond: number | undefined;
  /** Share of recent jobs that the node failed, 0 to 1. */
  failureRate: number;
  /** `open`: it gets no jobs for `restsForMs` after its failures. `half-open`: one job is its trial. */
  breaker: 'closed' | 'open' | 'half-open';
  restsForMs: number;
};

export type NodeStatus = {
  nodeId: string;
  name: string;
  pool: string;
  sessionId: string;
  connectedAtMs: number;
  engine: string;
  models: NodeModelStatus[];
  roundTripMs: number;
  /** `reconnecting`: it lost its connection, and its jobs wait for it. */
  state: 'ready' | 'paused' | 'draining' | 'engine-down' | 'reconnecting';
};
