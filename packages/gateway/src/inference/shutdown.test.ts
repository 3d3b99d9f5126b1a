import { describe, expect, it } from 'vitest';
import { NOWHERE, Roster } from '../core/roster.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createShutdown } from './shutdown.ts';
import type { InferenceDeps, Run } from './deps.ts';

/** Lets what was resolved go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

function setup(delayMs: number) {
  const clock = createVirtualClock();
  const events: string[] = [];
  const running: InferenceDeps['running'] = new Roster();
  const run: Run = {
    rosterPlace: NOWHERE,
    abort: () => {
      events.push('aborted');
      running.delete(run);
    },
    tick: () => undefined,
  };
  running.add(run);
  const shutdown = createShutdown({
    clock,
    log: { info: (event) => void events.push(event) },
    running,
    delayMs,
    drainMs: 1_000,
    onDraining: () => void events.push('port closed'),
    closeAll: async () => void events.push('all closed'),
  });
  const state = () => [shutdown.isReady(), shutdown.isAccepting()];
  return { clock, events, running, run, shutdown, state };
}

describe('the end of a gateway', () => {
  it('is told to load balancers at once, and takes requests until the delay is over', async () => {
    const { clock, events, running, run, shutdown, state } = setup(5_000);
    expect(state()).toEqual([true, true]);
    const stopped = shutdown.stop();
    expect(state()).toEqual([false, true]);
    clock.advance(4_999);
    await settle();
    expect([...state(), events]).toEqual([false, true, ['leaving']]);
    clock.advance(1);
    await settle();
    expect([...state(), events]).toEqual([false, false, ['leaving', 'draining', 'port closed']]);
    running.delete(run);
    clock.advance(50);
    await stopped;
    expect(events.slice(3)).toEqual(['all closed', 'stopped']);
  });

  it('comes at once without a delay, and ends what runs for too long', async () => {
    const { clock, events, shutdown, state } = setup(0);
    const stopped = shutdown.stop();
    expect(shutdown.stop()).toBe(stopped);
    expect([...state(), events]).toEqual([false, false, ['draining', 'port closed']]);
    clock.advance(1_100);
    await stopped;
    expect(events.slice(2)).toEqual(['aborted', 'all closed', 'stopped']);
  });
});
