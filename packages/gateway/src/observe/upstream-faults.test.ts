import { expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createUpstreamFaults } from './upstream-faults.ts';

it('keeps the newest fault of each upstream, and passes everything on', () => {
  const clock = createVirtualClock();
  const heard: string[] = [];
  const none = () => undefined;
  const faults = createUpstreamFaults(clock);
  const observer = faults.noting('provider', {
    tried: (outcome) => void heard.push(outcome),
    triedAgain: none,
    shareUsedUp: none,
    keySetAside: (_key, cause) => void heard.push(cause),
    keyWorksAgain: none,
    keyRests: none,
    opened: none,
    closed: none,
  });
  for (const outcome of ['ok', 'cancelled']) observer.tried(outcome);
  expect(faults.last('provider')).toBeUndefined();
  observer.tried('timeout');
  expect(faults.last('provider')).toEqual({ atMs: clock.nowMs(), cause: 'timeout' });
  clock.advance(1_000);
  observer.keySetAside({ position: 1, name: '' }, 'refused');
  observer.tried('ok');
  expect(faults.last('provider')).toEqual({ atMs: clock.nowMs(), cause: 'key set aside: refused' });
  expect(faults.last('other')).toBeUndefined();
  expect(heard).toEqual(['ok', 'cancelled', 'timeout', 'refused', 'ok']);
});
