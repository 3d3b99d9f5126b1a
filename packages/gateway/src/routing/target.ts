import type { Attempt, AttemptRequest, AttemptSink, Dialect } from '../core/attempt.ts';

/** A place that was chosen for one try. Either `start` or `release` is called, once. */
export type Target = {
  kind: 'pool' | 'upstream';
  /** Name of the pool or upstream. */
  name: string;
  /** Empty for upstreams. */
  nodeId: string;
  /** The model's name there. */
  remoteModel: string;
  /** What happens to the rest of an answer whose reader has left. */
  onDisconnect: 'cancel' | 'drain';
  start(request: AttemptRequest, sink: AttemptSink): Attempt;
  release(): void;
};

/** A provider as a route's end. Always ready: its limits are its own. */
export type Upstream = {
  name: string;
  /** What it speaks itself, without translation. */
  dialects: readonly Dialect[];
  onDisconnect: 'cancel' | 'drain';
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
};

/** Port: the nodes of all pools. */
export type NodePools = {
  /** Takes a free slot. `busy`: nodes serve the model but none is free. `none`: no node serves it. */
  acquire(want: {
    pool: string;
    model: string;
    accountId: string;
    needs: Needs;
    excludedNodes: ReadonlySet<string>;
  }): Pick<Target, 'nodeId' | 'start' | 'release'> | 'busy' | 'none';
  availability(
    pool: string,
    model: string,
    accountId?: string,
  ): { nodesOnline: number; slots: number; freeSlots: number };
};
