import type { RandomSource } from '../core/clock.ts';
import type { StartImage } from '../core/image-attempt.ts';
import type { NodeSession } from './node-session.ts';

export type ImageWant = {
  pool: string;
  /** Who asks: a private node serves its own account only. Nodes never hear of it. */
  accountId: string;
  recipe: string;
  /** Width times height. */
  pixels: number;
  nsfw: boolean;
  /** Nodes that this request has tried already. */
  excludedNodes: ReadonlySet<string>;
};

/** A taken slot. Either `start` or `release` is called, once. */
export type ImageSlot = { nodeId: string; start: StartImage; release(): void };

/** Taken for a node whose speed nobody knows, so that it gets pictures to be measured by. */
export const UNKNOWN_PIXEL_STEPS_PER_SECOND = 1_000_000;

/**
 * Takes a slot for one picture: at random among the free nodes of the pool, weighted by trust, by their speed and
 * against their failures of late. `busy`: nodes have the recipe but none is free. `none`: no node has it.
 */
export function acquireImage(
  sessions: Iterable<NodeSession>,
  want: ImageWant,
  now: {
    monotonicMs: number;
    random: RandomSource;
    weightOf?: ((nodeId: string) => number) | undefined;
  },
): ImageSlot | 'busy' | 'none' {
  const free: { session: NodeSession; weight: number }[] = [];
  let isServed = false;
  for (const session of sessions) {
    if (!fits(session, want)) continue;
    const record = session.capacity.record(want.recipe);
    if (record.waitMs(now.monotonicMs) > 0) continue;
    isServed = true;
    if (!session.isOpen || session.capacity.freeSlots(want.recipe) === 0) continue;
    const speed = session.capacity.recipe(want.recipe)?.pixelStepsPerSecond ?? UNKNOWN_PIXEL_STEPS_PER_SECOND;
    const trust = now.weightOf?.(session.identity.nodeId) ?? 1;
    free.push({ session, weight: (trust * speed) / (1 + 2 * record.failureRate) });
  }
  const session = pickWeighted(free, now.random);
  if (session === undefined) return isServed ? 'busy' : 'none';
  return takeSlot(session, want.recipe, now.monotonicMs);
}

function fits(session: NodeSession, want: ImageWant): boolean {
  const { nodeId, pool, kind, accountId } = session.identity;
  if (!(session.isOpen || session.isAwaited) || pool !== want.pool || want.excludedNodes.has(nodeId))
    return false;
  return (kind === 'shared' || accountId === want.accountId) && session.capacity.fitsImage(want);
}

function pickWeighted(
  free: readonly { session: NodeSession; weight: number }[],
  random: RandomSource,
): NodeSession | undefined {
  let rest = random() * free.reduce((sum, { weight }) => sum + weight, 0);
  for (const { session, weight } of free) {
    rest -= weight;
    if (rest < 0) return session;
  }
  return free.at(-1)?.session;
}

function takeSlot(session: NodeSession, alias: string, nowMs: number): ImageSlot {
  const taken = { alias, pass: session.capacity.record(alias).enter(nowMs) };
  session.capacity.take(alias);
  let isUsed = false;
  return {
    nodeId: session.identity.nodeId,
    start(request, sink) {
      if (isUsed) throw new Error('a node slot can be used once');
      isUsed = true;
      return session.startImageJob(taken, request, sink);
    },
    release() {
      if (isUsed) return;
      isUsed = true;
      session.giveBack(taken);
    },
  };
}
