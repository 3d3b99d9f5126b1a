import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { NodeFacts } from '../catalog/deployment.ts';
import type { Price } from '../catalog/model.ts';
import type { Attempt, AttemptRequest, AttemptSink, Dialect } from '../core/attempt.ts';

/** A place that was chosen for one try. Either `start` or `release` is called, once. */
export type Target = {
  kind: 'pool' | 'deployment' | 'upstream';
  /** Name of the pool or upstream, id of the deployment. */
  name: string;
  /** Empty for upstreams. */
  nodeId: string;
  /** The model's name there. */
  remoteModel: string;
  /** Of the weights, as the node says. Undefined: nobody knows. */
  digest?: string;
  /** What happens to the rest of an answer whose reader has left. */
  onDisconnect: 'cancel' | 'drain';
  /** What the provider charges at a moment (ms since 1970). Undefined: nothing, or the operator did not say. */
  costAt?(atMs: number): Price | undefined;
  start(request: AttemptRequest, sink: AttemptSink): Attempt;
  release(): void;
  /** Where a failure may turn out to be the request's own: takes back what it said about the target. */
  forgive?(): void;
};

/** A provider as a route's end. */
export type Upstream = {
  name: string;
  /** What it speaks itself, without translation. */
  dialects: readonly Dialect[];
  onDisconnect: 'cancel' | 'drain';
  /** How long until it takes requests for this model of its, ms. 0: it takes them now. Infinity: nobody knows. */
  waitMs(remoteModel: string): number;
  /** What it charges for this model of its at a moment (ms since 1970). Undefined: the operator did not say. */
  costAt?(remoteModel: string, atMs: number): Price | undefined;
  start(request: AttemptRequest, sink: AttemptSink): Attempt;
  close(): Promise<void>;
};

/** What one request has tried already; a target is tried once. */
export type Tried = { nodes: Set<string>; upstreams: Set<string> };

/** What the request needs of a node. */
export type Needs = {
  /** Only a target that speaks this dialect can honour the request. */
  nativeDialect?: Dialect;
  tools: boolean;
  vision: boolean;
  thinking: boolean;
  jsonSchema: boolean;
  contextTokens: number;
  /** It goes on in an answer that was begun with these weights. Only nodes can. */
  continues?: { digest: string };
};

/** Which nodes are looked at: shared ones and the account's own; of them only `nodes`, where there is such a list. */
export type NodeView = { accountId?: string; nodes?: readonly string[] };

export type NodeAvailability = { nodesOnline: number; slots: number; freeSlots: number };

/** Port: the nodes. `pool` is the name of a pool, or `privateNodesOf` an account. */
export type NodePools = {
  /** Takes a free slot. `busy`: nodes serve the model but none is free. `none`: no node serves it. */
  acquire(want: {
    pool: string;
    model: string;
    accountId: string;
    /** Only these; undefined: all. */
    nodes?: readonly string[];
    chat: ChatRequest;
    needs: Needs;
    excludedNodes: ReadonlySet<string>;
  }): Pick<Target, 'nodeId' | 'digest' | 'start' | 'release' | 'forgive'> | 'busy' | 'none';
  /** How long until a node that is left out for its failures gets jobs again, ms. 0: none is left out. */
  waitMs(pool: string, model: string, nodes?: readonly string[]): number;
  availability(pool: string, model: string, seen?: NodeView): NodeAvailability;
  /** What the nodes say that the model can do, all of them together. Undefined: none offers it. */
  facts(pool: string, model: string, seen: NodeView): NodeFacts | undefined;
  /** How many requests of the usual size its slots finish in a second when all are in use. 0: there are none. */
  jobsPerSecond(pool: string, model: string, seen?: NodeView): number;
};
