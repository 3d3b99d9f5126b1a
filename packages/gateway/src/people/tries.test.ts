import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createTries } from './tries.ts';

const times = (count: number, act: (index: number) => boolean) =>
  Array.from({ length: count }, (_nothing, index) => act(index)).filter(Boolean).length;

describe('tries', () => {
  it('are 30 of one network, whatever mailboxes they name', () => {
    const clock = createVirtualClock();
    const tries = createTries(clock);
    expect(times(40, (index) => tries.mayTry(`2001:db8::${index + 1}`, `p${index}@example.com`))).toBe(30);
    expect(tries.mayTry('2001:db8:0:1::1', 'p@example.com')).toBe(true);
    clock.advance(120_000);
    expect(tries.mayTry('2001:db8::1', undefined)).toBe(true);
  });

  it('of one network cannot use up those that a mailbox has from everywhere', () => {
    const tries = createTries(createVirtualClock());
    expect(times(1_000, () => tries.mayTry('192.0.2.1', 'Ann@example.com'))).toBe(10);
    expect(times(1_000, () => tries.mayTry('192.0.2.2', 'ann+x@example.com'))).toBe(10);
    expect(tries.mayTry('192.0.2.3', 'ann@example.com')).toBe(true);
  });

  it('for one mailbox are 30 from everywhere', () => {
    const tries = createTries(createVirtualClock());
    expect(times(100, (index) => tries.mayTry(`192.0.2.${index}`, `ann+${index}@example.com`))).toBe(30);
    expect(tries.mayTry('192.0.2.200', 'ben@example.com')).toBe(true);
  });

  it('stay counted when more mailboxes are named than can be told apart', () => {
    const tries = createTries(createVirtualClock());
    times(12_000, (index) =>
      tries.mayTry(`2001:db8:${(index >> 4).toString(16)}::1`, `p${index}@example.com`),
    );
    expect(times(100, (index) => tries.mayTry(`198.51.100.${index}`, 'ann@example.com'))).toBeLessThan(31);
  });

  it('and beginnings are counted apart', () => {
    const tries = createTries(createVirtualClock());
    expect(times(200, () => tries.mayBegin('192.0.2.1'))).toBe(120);
    expect(tries.mayTry('192.0.2.1', undefined)).toBe(true);
    expect(tries.mayBegin('192.0.2.2')).toBe(true);
  });
});
