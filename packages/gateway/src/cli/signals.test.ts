import { afterEach, expect, it, vi } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { nextStopSignal } from './signals.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Those of the test runner. */
const before = SIGNALS.map((signal) => process.listeners(signal));

afterEach(() => {
  vi.restoreAllMocks();
  for (const [at, signal] of SIGNALS.entries()) {
    const own = process.listeners(signal).filter((listener) => before[at]?.includes(listener) !== true);
    for (const listener of own) process.off(signal, listener);
  }
});

it('takes a signal that comes twice at once for one, and ends the process at a later one', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const clock = createVirtualClock();
  const first = nextStopSignal(clock);
  // As from systemd, which sends it to every process of a service, and from the parent, which hands its own on.
  process.emit('SIGTERM', 'SIGTERM');
  clock.advance(200);
  process.emit('SIGTERM', 'SIGTERM');
  expect(await first).toBe('SIGTERM');
  expect(exit).not.toHaveBeenCalled();
  clock.advance(200);
  process.emit('SIGINT', 'SIGINT');
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
});
