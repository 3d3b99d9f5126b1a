import type { Clock } from '../core/clock.ts';

/** How long a code counts: its half minute, and those before and after, for clocks that differ (better-auth 1.7.6). */
const CODE_LIFE_MS = 90_000;

/**
 * The codes of authenticator apps that were taken a moment ago. Each counts once: whoever saw one being typed can do nothing
 * with it (RFC 6238, section 5.2). In memory: after a start of the gateway a code of the last minute would count again.
 */
export type UsedCodes = {
  /** Notes a code. False: the person has used it before. */
  use(personId: string, code: string): boolean;
  /** It was wrong. */
  forget(personId: string, code: string): void;
};

export function createUsedCodes(clock: Clock): UsedCodes {
  /** When each was used, the oldest first. */
  const usedAtMs = new Map<string, number>();
  return {
    use(personId, code) {
      const nowMs = clock.monotonicMs();
      for (const [used, atMs] of usedAtMs) {
        if (nowMs - atMs < CODE_LIFE_MS) break;
        usedAtMs.delete(used);
      }
      const name = nameOf(personId, code);
      if (usedAtMs.has(name)) return false;
      usedAtMs.set(name, nowMs);
      return true;
    },
    forget: (personId, code) => void usedAtMs.delete(nameOf(personId, code)),
  };
}

function nameOf(personId: string, code: string): string {
  return `${personId} ${code}`;
}
