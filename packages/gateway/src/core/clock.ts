/**
 * The only door to time, timers and randomness. Everything else takes a `Clock` or a `RandomSource`, so that
 * simulations can run the same code on virtual time and one seed.
 */
export type Timer = { cancel(): void };

export type Clock = {
  /** Wall clock, milliseconds since 1970, UTC. For records and expiry, never for durations. */
  nowMs(): number;
  /** Monotonic clock, milliseconds, with fractions. For durations and deadlines. */
  monotonicMs(): number;
  /** Runs `task` once after at least `delayMs`. Never keeps the process alive by itself. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` again and again, `periodMs` apart. Never keeps the process alive by itself. */
  every(periodMs: number, task: () => void): Timer;
};

/** A number in [0, 1). */
export type RandomSource = () => number;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, task) {
    const handle = setInterval(task, periodMs);
    handle.unref();
    return { cancel: () => clearInterval(handle) };
  },
};

export const systemRandom: RandomSource = () => Math.random();
