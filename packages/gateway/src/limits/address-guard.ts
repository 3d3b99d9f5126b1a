import type { Clock } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import { networkOf } from '../core/network.ts';

/** Slows down guessing of keys: counts failed credentials per client address. Good requests never touch it. */
export type AddressGuard = {
  /** False: this address has failed too often in the last minute, refuse before any look-up. */
  allows(address: string): boolean;
  noteFailure(address: string): void;
};

const ADDRESSES_MAX = 10_000;
const OTHERS = 'others';

/**
 * Two windows of one minute, or as long as is said, that rotate: an address's count is the sum of both. When a window
 * holds its maximum of addresses, further ones share one count, so memory stays bounded under a flood from many addresses.
 */
export function createAddressGuard(
  clock: Clock,
  failuresMax: number = LIMITS.badKeysPerMinuteMax,
  windowMs = 60_000,
): AddressGuard {
  let current = new Map<string, number>();
  let previous = new Map<string, number>();
  let startedMs = clock.monotonicMs();

  function rotate(): void {
    const passedMs = clock.monotonicMs() - startedMs;
    if (passedMs < windowMs) return;
    previous = passedMs < 2 * windowMs ? current : new Map();
    current = new Map();
    startedMs = clock.monotonicMs();
  }

  return {
    allows(address) {
      if (current.size === 0 && previous.size === 0) return true;
      rotate();
      return countIn(current, address) + countIn(previous, address) < failuresMax;
    },
    noteFailure(address) {
      rotate();
      const name = nameIn(current, address);
      current.set(name, (current.get(name) ?? 0) + 1);
    },
  };
}

/**
 * Counts networks instead of addresses: who has one of IPv6 would else have as many tries as it has addresses, and with
 * them fill the guard, so that everybody else shares one count.
 */
export function byNetwork(guard: AddressGuard): AddressGuard {
  return {
    allows: (address) => guard.allows(networkOf(address)),
    noteFailure: (address) => guard.noteFailure(networkOf(address)),
  };
}

function countIn(counts: ReadonlyMap<string, number>, address: string): number {
  return counts.get(nameIn(counts, address)) ?? 0;
}

function nameIn(counts: ReadonlyMap<string, number>, address: string): string {
  return counts.has(address) || counts.size < ADDRESSES_MAX ? address : OTHERS;
}
