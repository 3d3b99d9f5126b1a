import type { Timers } from '../timers.ts';

/**
 * How long each phase of a call may go without a byte, in milliseconds. `waiting` covers the reading of the
 * prompt and ends with the first part; `ending` is the time for the usage after the finish reason.
 */
const LIMIT_MS = { connecting: 5_000, waiting: 120_000, reading: 60_000, ending: 5_000 };

export type CallPhase = keyof typeof LIMIT_MS;

const TICK_MS = 1_000;

export type PhaseClock = {
  enter(phase: CallPhase): void;
  phase(): CallPhase;
  /** Something came: the time of the phase begins again. */
  touch(): void;
  /** While held, no time passes: it is the far side that does not read. */
  hold(isHeld: boolean): void;
  stop(): void;
};

/** Watches a call from `connecting` on, to the second. `onSilence` is called again until the clock is stopped. */
export function startPhaseClock(timers: Timers, onSilence: (phase: CallPhase) => void): PhaseClock {
  let phase: CallPhase = 'connecting';
  let quietSinceMs = timers.nowMs();
  let isHeld = false;

  function touch(): void {
    quietSinceMs = timers.nowMs();
  }

  const ticker = timers.every(TICK_MS, () => {
    if (isHeld) touch();
    if (timers.nowMs() - quietSinceMs >= LIMIT_MS[phase]) onSilence(phase);
  });

  return {
    enter(next) {
      phase = next;
      touch();
    },
    phase: () => phase,
    touch,
    hold(value) {
      isHeld = value;
      touch();
    },
    stop: () => ticker.cancel(),
  };
}
