import type { Clock, RandomSource } from '../core/clock.ts';
import type { NodeFacts } from '../catalog/deployment.ts';
import { privateNodesOf } from '../core/node-group.ts';
import type { Availability, NodeIdentity, NodeSlot, NodeStatus, NodeView, NodeWant } from './fleet.ts';
import { factsOf } from './node-facts.ts';
import type { NodeSession, TakenSlot } from './node-session.ts';
import { UNKNOWN_PIXEL_STEPS_PER_SECOND } from './acquire-image.ts';
import { expectedMs, pickNode, type Candidate } from './pick.ts';
import { createPrefixAffinity, type PrefixAffinity } from './prefix-affinity.ts';
import { SessionList } from './session-list.ts';

const NO_SESSIONS = new SessionList();
const NO_SHARES: ReadonlyMap<string, number> = new Map();
/**
 * So many free nodes are compared, and no more: each costs about 0.4 µs (measured 2026-11-21), and among some dozens at
 * random there is one nearly as good as the best of a thousand.
 */
const COMPARED_MAX = 64;
/** Length of a prompt in the middle, for estimates of waiting times. */
const USUAL_INPUT_TOKENS = 500;
/** The same for pictures: a million pixels in 20 steps. */
const USUAL_PIXEL_STEPS = 20_000_000;

export type RegistryOptions = {
  clock: Clock;
  random: RandomSource;
  /** Share of its usual work that a node gets, above 0 to 1. Absent: all of it. */
  weightOf?: ((nodeId: string) => number) | undefined;
};

/**
 * Who is online: the welcomed sessions by node, and by pool and model for the choice of one. A node has at most one
 * session here; the newest one counts.
 */
export class Registry {
  readonly #random: RandomSource;
  readonly #weightOf: (nodeId: string) => number;
  readonly #clock: Clock;
  readonly #affinity: PrefixAffinity;
  readonly #byNode = new Map<string, NodeSession>();
  /** Pool or private nodes of an account, then alias. */
  readonly #byModel = new Map<string, Map<string, SessionList>>();
  /** The aliases that a session is listed under, so that a change costs by its own models and not by all. */
  readonly #listed = new Map<NodeSession, readonly string[]>();

  constructor({ clock, random, weightOf }: RegistryOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#weightOf = weightOf ?? (() => 1);
    this.#affinity = createPrefixAffinity(clock);
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
    const aliases = [...session.capacity.aliases()];
    this.#listed.set(session, aliases);
    for (const group of groupsOf(session.identity)) {
      let models = this.#byModel.get(group);
      if (models === undefined) this.#byModel.set(group, (models = new Map()));
      for (const alias of aliases) {
        let sessions = models.get(alias);
        if (sessions === undefined) models.set(alias, (sessions = new SessionList()));
        sessions.add(session);
      }
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

  /**
   * Takes a slot on the node that suits best. Nodes that failed again and again are left out for a while, as if they
   * were not there: to wait for them helps nobody.
   */
  acquire(want: NodeWant): NodeSlot | 'busy' | 'none' {
    const nowMs = this.#clock.monotonicMs();
    const serving = this.#serving(want.pool, want.model);
    const { free, isServed } = this.#freeNodes(serving, want, nowMs);
    const [only] = free;
    if (only === undefined) return isServed ? 'busy' : 'none';
    const prefixes = serving.size > 1 ? this.#affinity.prefixesOf(want.accountId, want.model, want.chat) : [];
    const shares = this.#affinity.sharesOf(prefixes);
    if (serving.size > COMPARED_MAX) this.#addReaders(free, want, { serving, nowMs, shares });
    const session = free.length === 1 ? only : this.#pick(free, want, shares);
    const pass = session.capacity.record(want.model).enter(nowMs);
    return takeSlot(session, { alias: want.model, pass }, () =>
      this.#affinity.note(session.identity.nodeId, prefixes),
    );
  }

  /** Those with a free slot, of many some from a random place on. `isServed`: a node would do, if it were free. */
  #freeNodes(
    serving: SessionList,
    want: NodeWant,
    nowMs: number,
  ): { free: NodeSession[]; isServed: boolean } {
    const free: NodeSession[] = [];
    let isServed = false;
    const { size } = serving;
    const first = size > COMPARED_MAX ? Math.floor(this.#random() * size) : 0;
    for (let at = 0; at < size && free.length < COMPARED_MAX; at += 1) {
      const session = serving.at((first + at) % size);
      if (!suits(session, want, nowMs)) continue;
      isServed = true;
      if (isFree(session, want)) free.push(session);
    }
    return { free, isServed };
  }

  /** Adds those that have probably read the prompt before, wherever they stand. */
  #addReaders(
    free: NodeSession[],
    want: NodeWant,
    { serving, nowMs, shares }: { serving: SessionList; nowMs: number; shares: ReadonlyMap<string, number> },
  ): void {
    for (const nodeId of shares.keys()) {
      const session = this.#byNode.get(nodeId);
      if (session === undefined || !serving.has(session) || free.includes(session)) continue;
      if (suits(session, want, nowMs) && isFree(session, want)) free.push(session);
    }
  }

  #pick(
    free: readonly NodeSession[],
    { model, needs }: NodeWant,
    shares: ReadonlyMap<string, number>,
  ): NodeSession {
    const candidates = free.map((session) => ({
      ...candidateOf(session, model, shares),
      weight: this.#weightOf(session.identity.nodeId),
    }));
    const picked = pickNode(candidates, needs.contextTokens, this.#random);
    const session = picked === undefined ? free[0] : picked.session;
    if (session === undefined) throw new Error('one of some nodes is always picked');
    return session;
  }

  availability(pool: string, model: string, seen: NodeView = {}): Availability {
    const nowMs = this.#clock.monotonicMs();
    const sum: Availability = { nodesOnline: 0, slots: 0, freeSlots: 0 };
    for (const session of this.#serving(pool, model)) {
      if (!session.isOpen || !serves(session, seen)) continue;
      sum.nodesOnline += 1;
      if (session.capacity.record(model).waitMs(nowMs) > 0) continue;
      sum.slots += session.capacity.slots(model);
      sum.freeSlots += session.capacity.freeSlots(model);
    }
    return sum;
  }

  facts(pool: string, model: string, seen: NodeView): NodeFacts | undefined {
    const offers = [];
    for (const session of this.#serving(pool, model)) {
      const offered = serves(session, seen) ? session.capacity.model(model) : undefined;
      if (offered !== undefined) offers.push(offered);
    }
    return factsOf(offers);
  }

  jobsPerSecond(pool: string, model: string, seen: NodeView = {}): number {
    const nowMs = this.#clock.monotonicMs();
    let perSecond = 0;
    for (const session of this.#serving(pool, model)) {
      if (!session.isOpen || !serves(session, seen)) continue;
      if (session.capacity.record(model).waitMs(nowMs) > 0) continue;
      const { slots, pixelStepsPerSecond } = session.capacity.recipe(model) ?? {};
      if (slots !== undefined) {
        perSecond += (slots * (pixelStepsPerSecond ?? UNKNOWN_PIXEL_STEPS_PER_SECOND)) / USUAL_PIXEL_STEPS;
        continue;
      }
      const candidate = candidateOf(session, model, NO_SHARES);
      const full = { ...candidate, busySlots: candidate.slots };
      perSecond += (1_000 * candidate.slots) / expectedMs(full, USUAL_INPUT_TOKENS);
    }
    return perSecond;
  }

  /** The shortest time that a node of the model is still left out, ms. 0: none is. */
  waitMs(pool: string, model: string, nodes?: readonly string[]): number {
    const nowMs = this.#clock.monotonicMs();
    let shortestMs = Infinity;
    for (const session of this.#serving(pool, model)) {
      if (!isAmong(nodes, session)) continue;
      const waitMs = session.isOpen ? session.capacity.record(model).waitMs(nowMs) : 0;
      if (waitMs > 0) shortestMs = Math.min(shortestMs, waitMs);
    }
    return shortestMs === Infinity ? 0 : shortestMs;
  }

  nodes(): NodeStatus[] {
    return [...this.#byNode.values()].map((session) => session.status());
  }

  #serving(pool: string, model: string): SessionList {
    return this.#byModel.get(pool)?.get(model) ?? NO_SESSIONS;
  }

  #unlist(session: NodeSession): void {
    const aliases = this.#listed.get(session) ?? [];
    this.#listed.delete(session);
    for (const group of groupsOf(session.identity)) {
      const models = this.#byModel.get(group);
      if (models === undefined) continue;
      for (const alias of aliases) {
        const sessions = models.get(alias);
        sessions?.delete(session);
        if (sessions?.size === 0) models.delete(alias);
      }
      if (models.size === 0) this.#byModel.delete(group);
    }
  }
}

function candidateOf(
  session: NodeSession,
  alias: string,
  shares: ReadonlyMap<string, number>,
): Candidate & { session: NodeSession } {
  const { capacity, identity, roundTripMs } = session;
  const model = capacity.model(alias);
  const record = capacity.record(alias);
  return {
    session,
    nodeId: identity.nodeId,
    busySlots: capacity.busySlots(alias),
    slots: capacity.slots(alias),
    roundTripMs,
    outputTokensPerSecond: record.outputTokensPerSecond ?? model?.speed?.outputTokensPerSecond,
    promptTokensPerSecond: model?.speed?.promptTokensPerSecond,
    isLoaded: model?.loaded ?? false,
    failureRate: record.failureRate,
    cachedShare: shares.get(identity.nodeId) ?? 0,
    weight: 1,
  };
}

function takeSlot(session: NodeSession, taken: TakenSlot, onStart: () => void): NodeSlot {
  session.capacity.take(taken.alias);
  const digest = session.capacity.model(taken.alias)?.digest;
  let isUsed = false;
  return {
    nodeId: session.identity.nodeId,
    nodeName: session.identity.name,
    ...(digest === undefined ? {} : { digest }),
    start(request, sink) {
      if (isUsed) throw new Error('a node slot can be used once');
      isUsed = true;
      onStart();
      return session.startJob(taken, request, sink);
    },
    release() {
      if (isUsed) return;
      isUsed = true;
      session.giveBack(taken);
    },
    forgive: () => session.capacity.record(taken.alias).forgive(),
  };
}

/** Whether a node would do, now or when a slot is free. */
function suits(session: NodeSession, want: NodeWant, nowMs: number): boolean {
  if (!(session.isOpen || session.isAwaited) || !serves(session, want)) return false;
  if (want.excludedNodes.has(session.identity.nodeId) || !session.capacity.fits(want)) return false;
  return session.capacity.record(want.model).waitMs(nowMs) === 0;
}

function isFree(session: NodeSession, { model }: NodeWant): boolean {
  return session.isOpen && session.capacity.freeSlots(model) > 0;
}

/** Where a node can be found. */
function groupsOf({ kind, pool, accountId }: NodeIdentity): string[] {
  if (kind === 'shared') return [pool];
  const own = privateNodesOf(accountId);
  return pool === '' ? [own] : [pool, own];
}

/** A shared node serves everyone, a private one its own account. */
function serves(session: NodeSession, { accountId, nodes }: NodeView): boolean {
  const { kind, accountId: owner } = session.identity;
  return (kind === 'shared' || owner === accountId) && isAmong(nodes, session);
}

function isAmong(nodes: readonly string[] | undefined, session: NodeSession): boolean {
  return nodes === undefined || nodes.includes(session.identity.nodeId);
}
