import type { Clock } from '../core/clock.ts';
import type { Receipt } from '../ledger/ledger.ts';

/** How long the answers of each model took to begin, from arrival to the first content, waiting included. In memory only. */
export type FirstContent = {
  /** Told of each request that has ended. Counts streamed answers that had content, and only those. */
  ended(receipt: Pick<Receipt, 'modelId' | 'streamed' | 'firstPartMs'>): void;
  /** Of the newest answers of the last 24 hours. Undefined: too few are known to say it of nobody in particular. */
  medianMs(modelId: string): number | undefined;
};

const KEPT = 64;
const TOO_FEW = 5;
const DAY_MS = 86_400_000;

type Answer = { endedMs: number; firstMs: number };

/** `isShown`: whether a model is one of the catalogue; others are not kept. */
export function createFirstContent(
  clock: Pick<Clock, 'nowMs'>,
  isShown: (modelId: string) => boolean,
): FirstContent {
  const rings = new Map<string, { next: number; answers: Answer[] }>();
  return {
    ended({ modelId, streamed, firstPartMs }) {
      if (!streamed || firstPartMs < 0 || !isShown(modelId)) return;
      const ring = rings.get(modelId) ?? { next: 0, answers: [] };
      rings.set(modelId, ring);
      ring.answers[ring.next] = { endedMs: clock.nowMs(), firstMs: firstPartMs };
      ring.next = (ring.next + 1) % KEPT;
    },
    medianMs(modelId) {
      const from = clock.nowMs() - DAY_MS;
      const fresh = (rings.get(modelId)?.answers ?? []).filter(({ endedMs }) => endedMs > from);
      if (fresh.length < TOO_FEW) return undefined;
      const sorted = fresh.map(({ firstMs }) => firstMs).sort((a, b) => a - b);
      return sorted[Math.floor((sorted.length - 1) / 2)];
    },
  };
}
