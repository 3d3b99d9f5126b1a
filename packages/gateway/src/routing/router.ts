import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Model, Route } from '../catalog/model.ts';
import type { Dialect } from '../core/attempt.ts';
import { privateNodesOf } from '../core/node-group.ts';
import type { Needs, NodePools, NodeView, Target, Tried, Upstream } from './target.ts';

/** Chooses where a request goes: the model's routes in the operator's order, the best free node within a pool. */
export type Router = {
  /** `busy`: somewhere it could go is full just now. `none`: nowhere it could go, all was tried, or rests. */
  acquire(ask: Ask): Target | 'busy' | 'none';
  /** Whether the account has private nodes that serve the model: it may find a slot where others find none. */
  hasOwnNodes(model: Model, accountId: string): boolean;
  /** What everyone, or this account with its private nodes, can reach. */
  availability(model: Model, accountId?: string): ModelAvailability;
  /** How long until an upstream or node of the model that rests takes requests again, ms. Undefined: none rests. */
  waitMs(model: Model): number | undefined;
  /**
   * How long a request that comes now probably waits for a slot, behind `ahead` others, in seconds. Undefined: it need
   * not wait, or nobody serves the model.
   */
  expectedWaitSeconds(model: Model, ahead: number, accountId?: string): number | undefined;
  /** Whether one of the model's routes takes this dialect without translation. */
  speaks(model: Model, dialect: Dialect): boolean;
};

export type Ask = { model: Model; accountId: string; chat: ChatRequest; needs: Needs; tried: Tried };

/** `slots` and `freeSlots` count nodes only; an upstream is available unless it rests. */
export type ModelAvailability = { available: boolean; nodesOnline: number; slots: number; freeSlots: number };

export function createRouter(fleet: NodePools, upstreams: ReadonlyMap<string, Upstream>): Router {
  return {
    acquire(ask) {
      let busy = false;
      const { nativeDialect, continues } = ask.needs;
      for (const route of ask.model.routes) {
        if (route.kind === 'upstream') {
          const upstream = upstreams.get(route.upstream);
          if (upstream === undefined || continues !== undefined || ask.tried.upstreams.has(upstream.name))
            continue;
          if (upstream.waitMs(route.remoteModel) > 0) continue;
          if (nativeDialect !== undefined && !upstream.dialects.includes(nativeDialect)) continue;
          return upstreamTarget(upstream, route.remoteModel);
        }
        // Nodes take the canonical form only.
        if (nativeDialect !== undefined) continue;
        const slot = fleet.acquire({
          ...groupOf(route),
          model: route.remoteModel,
          accountId: ask.accountId,
          chat: ask.chat,
          needs: ask.needs,
          excludedNodes: ask.tried.nodes,
        });
        if (slot === 'busy') busy = true;
        else if (slot !== 'none') {
          return {
            kind: route.kind,
            name: route.kind === 'pool' ? route.pool : route.deployment,
            nodeId: slot.nodeId,
            remoteModel: route.remoteModel,
            ...(slot.digest === undefined ? {} : { digest: slot.digest }),
            onDisconnect: 'cancel',
            start: slot.start,
            release: slot.release,
            ...(slot.forgive === undefined ? {} : { forgive: slot.forgive }),
          };
        }
      }
      return busy ? 'busy' : 'none';
    },

    hasOwnNodes: (model, accountId) =>
      model.routes.some(
        (route) =>
          route.kind !== 'upstream' &&
          fleet.availability(privateNodesOf(accountId), route.remoteModel, { accountId }).nodesOnline > 0,
      ),

    availability(model, accountId) {
      const sum: ModelAvailability = { available: false, nodesOnline: 0, slots: 0, freeSlots: 0 };
      for (const route of model.routes) {
        if (route.kind === 'upstream') {
          sum.available ||= upstreams.get(route.upstream)?.waitMs(route.remoteModel) === 0;
          continue;
        }
        const { pool, nodes } = groupOf(route);
        const seen = fleet.availability(pool, route.remoteModel, viewOf(accountId, nodes));
        sum.available ||= seen.slots > 0;
        sum.nodesOnline += seen.nodesOnline;
        sum.slots += seen.slots;
        sum.freeSlots += seen.freeSlots;
      }
      return sum;
    },

    waitMs(model) {
      let shortestMs = Infinity;
      for (const route of model.routes) {
        const waitMs =
          route.kind === 'upstream'
            ? (upstreams.get(route.upstream)?.waitMs(route.remoteModel) ?? 0)
            : nodesWaitMs(fleet, route);
        if (waitMs > 0) shortestMs = Math.min(shortestMs, waitMs);
      }
      return shortestMs === Infinity ? undefined : Math.ceil(shortestMs);
    },

    expectedWaitSeconds(model, ahead, accountId) {
      let perSecond = 0;
      for (const route of model.routes) {
        if (route.kind === 'upstream') {
          if (upstreams.get(route.upstream)?.waitMs(route.remoteModel) === 0) return undefined;
          continue;
        }
        const { pool, nodes } = groupOf(route);
        const view = viewOf(accountId, nodes);
        if (fleet.availability(pool, route.remoteModel, view).freeSlots > 0) return undefined;
        perSecond += fleet.jobsPerSecond(pool, route.remoteModel, view);
      }
      return perSecond > 0 ? (ahead + 1) / perSecond : undefined;
    },

    speaks: (model, dialect) =>
      model.routes.some(
        (route) => route.kind === 'upstream' && upstreams.get(route.upstream)?.dialects.includes(dialect),
      ),
  };
}

type NodeRoute = Exclude<Route, { kind: 'upstream' }>;

/** Among which nodes a route looks. */
function groupOf(route: NodeRoute): { pool: string; nodes?: readonly string[] } {
  if (route.kind === 'pool') return { pool: route.pool };
  const pool = privateNodesOf(route.accountId);
  return route.nodes === undefined ? { pool } : { pool, nodes: route.nodes };
}

function viewOf(accountId: string | undefined, nodes: readonly string[] | undefined): NodeView {
  return {
    ...(accountId === undefined ? {} : { accountId }),
    ...(nodes === undefined ? {} : { nodes }),
  };
}

function nodesWaitMs(fleet: NodePools, route: NodeRoute): number {
  const { pool, nodes } = groupOf(route);
  return fleet.waitMs(pool, route.remoteModel, nodes);
}

function upstreamTarget(upstream: Upstream, remoteModel: string): Target {
  return {
    kind: 'upstream',
    name: upstream.name,
    nodeId: '',
    remoteModel,
    onDisconnect: upstream.onDisconnect,
    costAt: (atMs) => upstream.costAt?.(remoteModel, atMs),
    start: upstream.start,
    release: () => undefined,
  };
}
