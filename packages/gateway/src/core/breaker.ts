/**
 * A circuit breaker as a pure state machine: closed (everything passes), open (nothing does, for a time that grows),
 * half-open (one probe at a time decides). All times are monotonic ms. What a pass says after the breaker has
 * opened is old news and changes nothing: of many tries that fail together only the first ones open it, once.
 */
export type BreakerRules = {
  /** Failures in a row that open it. */
  failures: number;
  /** How long it is open at first. Every probe that fails doubles it. */
  openMs: number;
  maxOpenMs: number;
};

/** `epoch` counts the openings ever. `openings` counts those since it was closed last. */
export type Breaker =
  | {
      phase: 'closed';
      epoch: number;
      failuresInRow: number;
      windowStartMs: number;
      windowTries: number;
      windowFailures: number;
    }
  | { phase: 'open'; epoch: number; openings: number; untilMs: number }
  | { phase: 'half-open'; epoch: number; openings: number; probeUntilMs: number };

/** Says since which opening a try is under way. */
export type Pass = number;

/** `none`: it is not known, or somebody else's fault. */
export type Verdict = 'success' | 'failure' | 'none';

/** Beside the failures in a row, a busy target that fails half of its tries within this window is left out, too. */
const WINDOW_MS = 30_000;
const WINDOW_TRIES_MIN = 20;

/** A probe without verdict holds others up for so long: answers that are not streamed may take minutes. */
export const PROBE_MS = 10_000;

export const NEW_BREAKER: Breaker = closed(0, 0);

/** How long until a try may pass, ms. 0: now. */
export function breakerWaitMs(breaker: Breaker, nowMs: number): number {
  switch (breaker.phase) {
    case 'closed':
      return 0;
    case 'open':
      return Math.max(0, breaker.untilMs - nowMs);
    case 'half-open':
      return Math.max(0, breaker.probeUntilMs - nowMs);
  }
}

/** Lets a try pass. Only when `breakerWaitMs` says 0. */
export function enterBreaker(breaker: Breaker, nowMs: number): { breaker: Breaker; pass: Pass } {
  const { epoch } = breaker;
  if (breaker.phase === 'closed') return { breaker, pass: epoch };
  const { openings } = breaker;
  return { breaker: { phase: 'half-open', epoch, openings, probeUntilMs: nowMs + PROBE_MS }, pass: epoch };
}

/** What a try learned. One try may say more than once: that it began well, and then that it broke. */
export function noteVerdict(
  breaker: Breaker,
  rules: BreakerRules,
  { pass, verdict, nowMs }: { pass: Pass; verdict: Verdict; nowMs: number },
): Breaker {
  if (pass !== breaker.epoch || breaker.phase === 'open') return breaker;
  if (breaker.phase === 'half-open') {
    if (verdict === 'success') return closed(breaker.epoch, nowMs);
    if (verdict === 'failure') return opened(breaker, rules, nowMs);
    return { ...breaker, probeUntilMs: nowMs };
  }
  if (verdict === 'none') return breaker;
  const counted = count(breaker, verdict, nowMs);
  const { failuresInRow, windowTries, windowFailures } = counted;
  const isFailingOften = windowTries >= WINDOW_TRIES_MIN && windowFailures * 2 >= windowTries;
  return failuresInRow >= rules.failures || (verdict === 'failure' && isFailingOften)
    ? opened(counted, rules, nowMs)
    : counted;
}

type Closed = Extract<Breaker, { phase: 'closed' }>;

function count(breaker: Closed, verdict: 'success' | 'failure', nowMs: number): Closed {
  const isNewWindow = nowMs - breaker.windowStartMs >= WINDOW_MS;
  const failed = verdict === 'failure' ? 1 : 0;
  return {
    ...breaker,
    failuresInRow: failed === 0 ? 0 : breaker.failuresInRow + 1,
    windowStartMs: isNewWindow ? nowMs : breaker.windowStartMs,
    windowTries: (isNewWindow ? 0 : breaker.windowTries) + 1,
    windowFailures: (isNewWindow ? 0 : breaker.windowFailures) + failed,
  };
}

function opened(before: Breaker, rules: BreakerRules, nowMs: number): Breaker {
  const openings = before.phase === 'closed' ? 1 : before.openings + 1;
  const untilMs = nowMs + Math.min(rules.maxOpenMs, rules.openMs * 2 ** (openings - 1));
  return { phase: 'open', epoch: before.epoch + 1, openings, untilMs };
}

function closed(epoch: number, nowMs: number): Breaker {
  return {
    phase: 'closed',
    epoch,
    failuresInRow: 0,
    windowStartMs: nowMs,
    windowTries: 0,
    windowFailures: 0,
  };
}
