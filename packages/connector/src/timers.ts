/** The connector's only door to time: tests run the same code on virtual time. */
export type Timer = { cancel(): void };

export type Timers = {
  /** Monotonic, milliseconds, with fractions. */
  nowMs(): number;
  /** Runs `task` once after at least `delayMs`. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` again and again, `periodMs` apart. */
  every(periodMs: number, task: () => void): Timer;
};

/** Real time. Timers keep the process alive: a connector that waits for its gateway must not fall asleep. */
export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, task) {
    const handle = setInterval(task, periodMs);
    return { cancel: () => clearInterval(handle) };
  },
};
