import type { RandomSource } from '../core/clock.ts';
import type { Availability, NodeSlot, NodeStatus, NodeWant } from './fleet.ts';
import type { NodeSession } from './node-session.ts';
import { pickNode } from './pick.ts';

/**
 * Who is online: the welcomed sessions by node, and by pool and model for the choice of one. A node has at most one
 * session here; the newest one counts.
 */
export class Registry {
  readonly #random: RandomSource;
  readonly #byNode = new Map<string, NodeSession>();
  /** Pool, then alias. */
  readonly #byModel = new Map<string, Map<string, Set<NodeSession>>>();
  /** The aliases that a session is listed under, so that a change costs by its own models and not by all. */
  readonly #listed = new Map<NodeSession, readonly string[]>();

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** Gives back the session that was there before. It still has to be ended. */
  add(session: NodeSession): NodeSession | undefined {
    const older = this.#byNode.get(session.identity.nodeId);
    if (older !== undefined) this.#unlist(older);
    this.#byNode.set(session.identity.nodeId, session);
    this.index(session);
    return older === session ? undefined : older;
  }

  /** Brings the lists up to date with the models of a session. */
  index(session: NodeSession): void {
    this.#unlist(session);
    if (this.#byNode.get(session.identity.nodeId) !== session) return;
    const { pool } = session.identity;
    let models = this.#byModel.get(pool);
    if (models === undefined) this.#byModel.set(pool, (models = new Map()));
    const aliases = [...session.capacity.aliases()];
    this.#listed.set(session, aliases);
    for (const alias of aliases) {
      const sessions = models.get(alias);
      if (sessions === undefined) models.set(alias, new Set([session]));
      else sessions.add(session);
    }
  }

  /** A late goodbye of an older session leaves the newer one alone. */
  remove(session: NodeSession): void {
    this.#unlist(session);
    if (this.#byNode.get(session.identity.nodeId) === session) this.#byNode.delete(session.identity.nodeId);
  }

  get(nodeId: string): NodeSession | undefined {
    return this.#byNode.get(nodeId);
  }

  sessions(): Iterable<NodeSession> {
    return this.#byNode.values();
  }

  /** Takes a slot on the node that suits best. */
  acquire(want: NodeWant): NodeSlot | 'busy' | 'none' {
    const fitting: {
      nodeId: string;
      session: NodeSession;
      freeSlots: number;
      tokensPerSecond: number | undefined;
      failureRate: number;
    }[] = [];
    for (const session of this.#serving(want.pool, want.model)) {
      const { nodeId } = session.identity;
      if (!session.isOpen || !serves(session, want.accountId) || want.excludedNodes.has(nodeId)) continue;
      if (!session.capacity.fits(want)) continue;
      fitting.push({
        nodeId,
        session,
        freeSlots: session.capacity.freeSlots(want.model),
        tokensPerSecond: session.capacity.tokensPerSecond(want.model),
        failureRate: session.capacity.failureRate(want.model),
      });
    }
    if (fitting.length === 0) return 'none';
    const picked = pickNode(fitting, this.#random);
    return picked === undefined ? 'busy' : takeSlot(picked.session, want.model);
  }

  availability(pool: string, model: string, accountId?: string): Availability {
    const sum: Availability = { nodesOnline: 0, slots: 0, freeSlots: 0 };
    for (const session of this.#serving(pool, model)) {
      if (!session.isOpen || !serves(session, accountId)) continue;
      sum.nodesOnline += 1;
      sum.slots += session.capacity.slots(model);
      sum.freeSlots += session.capacity.freeSlots(model);
    }
    return sum;
  }

  nodes(): NodeStatus[] {
    return [...this.#byNode.values()].map((session) => session.status());
  }

  #serving(pool: string, model: string): Iterable<NodeSession> {
    return this.#byModel.get(pool)?.get(model) ?? [];
  }

  #unlist(session: NodeSession): void {
    const models = this.#byModel.get(session.identity.pool);
    if (models === undefined) return;
    for (const alias of this.#listed.get(session) ?? []) {
      const sessions = models.get(alias);
      sessions?.delete(session);
      if (sessions?.size === 0) models.delete(alias);
    }
    this.#listed.delete(session);
    if (models.size === 0) this.#byModel.delete(session.identity.pool);
  }
}

function takeSlot(session: NodeSession, alias: string): NodeSlot {
  session.capacity.take(alias);
  let isUsed = false;
  return {
    nodeId: session.identity.nodeId,
    nodeName: session.identity.name,
    start(request, sink) {
      if (isUsed) throw new Error('a node slot can be used once');
      isUsed = true;
      return session.startJob(alias, request, sink);
    },
    release() {
      if (isUsed) return;
      isUsed = true;
      session.giveBack(alias);
    },
  };
}

/** A shared node serves everyone, a private one its own account. */
function serves(session: NodeSession, accountId: string | undefined): boolean {
  return session.identity.kind === 'shared' || session.identity.accountId === accountId;
}
