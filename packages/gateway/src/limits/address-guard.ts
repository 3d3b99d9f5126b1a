import type { Clock } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';

/** Slows down guessing of keys: counts failed credentials per client address. Good requests never touch it. */
export type AddressGuard = {
  /** False: this address has failed too often in the last minute, refuse before any look-up. */
  allows(address: string): boolean;
  noteFailure(address: string): void;
};

const ADDRESSES_MAX = 10_000;

/**
 * Two windows of one minute that rotate: an address's count is the sum of both. When a window holds its maximum of
 * addresses, further ones share one count, so memory stays bounded under a flood from many addresses.
 */
export function createAddressGuard(
  clock: Clock,
  failuresPerMinute: number = LIMITS.badKeysPerMinuteMax,
): AddressGuard {
  let current = new Map<string, number>();
  let previous = new Map<string, number>();
  let startedMs = clock.monotonicMs();

  function rotate(): void {
    const passedMs = clock.monotonicMs() - startedMs;
    if (passedMs < 60_000) return;
    previous = passedMs < 120_000 ? current : new Map();
    current = new Map();
    startedMs = clock.monotonicMs();
  }

  return {
    allows(address) {
      if (current.size === 0 && previous.size === 0) return true;
      rotate();
      return (current.get(address) ?? 0) + (previous.get(address) ?? 0) < failuresPerMinute;
    },
    noteFailure(address) {
      rotate();
      const name = current.has(address) || current.size < ADDRESSES_MAX ? address : 'others';
      current.set(name, (current.get(name) ?? 0) + 1);
    },
  };
}
