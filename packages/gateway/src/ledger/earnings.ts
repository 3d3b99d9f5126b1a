import { type Micros, micros } from '../core/money.ts';

/** Shares are in basis points: hundredths of a percent. */
export const SHARE_MAX_BPS = 10_000;

const HOUR_MS = 3_600_000;

/** Who earns a part of a charge: the owner of the node that answered. */
export type Earner = {
  accountId: string;
  /** Of the charge, in basis points, 0 to 10 000. */
  shareBps: number;
  /** How long the amount stays pending. */
  maturityMs: number;
};

/** A part of a charge that its earner gets. `dueHour`: hours since 1970, the first full hour at which it is payable. */
export type Earning = { accountId: string; amountMicros: Micros; dueHour: number };

/**
 * What a charge earns. Pure. Undefined: nothing. Who pays never earns on it, whichever key or node it was: that would
 * be moving one's own money, and a way to make a node look busy. Rounded down, so a share is never above the charge.
 */
export function earningOf(
  charge: { payerId: string; chargedMicros: Micros; atMs: number },
  earner: Earner | undefined,
): Earning | undefined {
  if (earner === undefined || earner.accountId === charge.payerId) return undefined;
  const amountMicros = shareOf(charge.chargedMicros, earner.shareBps);
  if (amountMicros === 0) return undefined;
  const { accountId, maturityMs } = earner;
  return { accountId, amountMicros, dueHour: dueHourOf(charge.atMs + maturityMs) };
}

/** The part of an amount, rounded down. Exact for every safe integer: no product leaves what a number can hold. */
export function shareOf(amountMicros: Micros, shareBps: number): Micros {
  if (!Number.isSafeInteger(shareBps) || shareBps < 0 || shareBps > SHARE_MAX_BPS) {
    throw new RangeError('a share must be a whole number of basis points from 0 to 10 000');
  }
  const rest = amountMicros % SHARE_MAX_BPS;
  const whole = (amountMicros - rest) / SHARE_MAX_BPS;
  return micros(whole * shareBps + Math.floor((rest * shareBps) / SHARE_MAX_BPS));
}

/** The first full hour that is not before a moment, in hours since 1970. */
export function dueHourOf(timeMs: number): number {
  return Math.ceil(timeMs / HOUR_MS);
}

/** The hour that has begun. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS);
}

/**
 * What has to be taken back of an earning when so much of its charge was refunded, all refunds together: the same part,
 * rounded up, so that nobody earns on money that went back.
 */
export function reversalOf(earning: {
  earnedMicros: Micros;
  chargedMicros: Micros;
  refundedMicros: Micros;
}): Micros {
  const charged = BigInt(earning.chargedMicros);
  const product = BigInt(earning.earnedMicros) * BigInt(earning.refundedMicros);
  return micros(Number((product + charged - 1n) / charged));
}
