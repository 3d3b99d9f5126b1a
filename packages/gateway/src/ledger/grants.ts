import { type Micros, ZERO_MICROS, addMicros, minMicros, subtractMicros } from '../core/money.ts';
import type { GrantBalance } from './ledger.ts';

/**
 * Money that was given until a time: a promotional grant, or the allowance of a day. Whole µ$. One balance of its own on
 * the disk, known by the id of the transfer that gave it.
 */
export type Grant = {
  readonly id: string;
  readonly balance: GrantBalance;
  readonly expiresAtMs: number;
  leftMicros: Micros;
  /** The part that durable holds are pinned to. */
  pinnedMicros: Micros;
  /** Its time is over: no new hold may count on it, but holds that were taken before still may. */
  isLapsed: boolean;
};

/** A part of an amount that comes from a grant. */
export type GrantLeg = {
  readonly grantId: string;
  readonly balance: GrantBalance;
  readonly amountMicros: Micros;
};

/** Live grants of one account at once. Each makes every decision about the account a little slower. */
export const GRANTS_MAX = 100;

/** Allowances first, then promo; of each the one that ends first. That is the order in which they are spent. */
export function addGrant(grants: Grant[], grant: Grant): void {
  grants.push(grant);
  grants.sort(
    (a, b) =>
      (a.balance === b.balance ? 0 : a.balance === 'allowance' ? -1 : 1) ||
      a.expiresAtMs - b.expiresAtMs ||
      (a.id < b.id ? -1 : 1),
  );
}

/** What new holds may count on: of a lapsed grant only what is reserved already, which `held` takes off again. */
export function countedMicros(grants: readonly Grant[]): Micros {
  let sum = ZERO_MICROS;
  for (const grant of grants) sum = addMicros(sum, grant.isLapsed ? grant.pinnedMicros : grant.leftMicros);
  return sum;
}

export function leftMicros(grants: readonly Grant[], balance?: GrantBalance): Micros {
  let sum = ZERO_MICROS;
  for (const grant of grants) {
    if (balance === undefined || grant.balance === balance) sum = addMicros(sum, grant.leftMicros);
  }
  return sum;
}

/** Splits off what grants can give of an amount. `withLapsed`: for a hold in memory, which may be older than the lapse. */
export function takeFromGrants(
  grants: readonly Grant[],
  amountMicros: Micros,
  withLapsed: boolean,
): readonly GrantLeg[] {
  const legs: GrantLeg[] = [];
  let rest = amountMicros;
  for (const grant of grants) {
    if (rest === 0) break;
    if (grant.isLapsed && !withLapsed) continue;
    const part = minMicros(rest, subtractMicros(grant.leftMicros, grant.pinnedMicros));
    if (part === 0) continue;
    legs.push({ grantId: grant.id, balance: grant.balance, amountMicros: part });
    rest = subtractMicros(rest, part);
  }
  return legs;
}

/** The first part of some legs, up to an amount. */
export function cutLegs(legs: readonly GrantLeg[], amountMicros: Micros): readonly GrantLeg[] {
  const cut: GrantLeg[] = [];
  let rest = amountMicros;
  for (const leg of legs) {
    const part = minMicros(rest, leg.amountMicros);
    if (part === 0) break;
    cut.push(part === leg.amountMicros ? leg : { ...leg, amountMicros: part });
    rest = subtractMicros(rest, part);
  }
  return cut;
}

export function sumLegs(legs: readonly GrantLeg[], balance?: GrantBalance): Micros {
  let sum = ZERO_MICROS;
  for (const leg of legs) {
    if (balance === undefined || leg.balance === balance) sum = addMicros(sum, leg.amountMicros);
  }
  return sum;
}

export function pin(grants: readonly Grant[], legs: readonly GrantLeg[]): void {
  for (const leg of legs) {
    const grant = grantOf(grants, leg);
    grant.pinnedMicros = addMicros(grant.pinnedMicros, leg.amountMicros);
  }
}

export function unpin(grants: readonly Grant[], legs: readonly GrantLeg[]): void {
  for (const leg of legs) {
    const grant = grantOf(grants, leg);
    grant.pinnedMicros = subtractMicros(grant.pinnedMicros, leg.amountMicros);
  }
}

export function spend(grants: readonly Grant[], legs: readonly GrantLeg[]): void {
  for (const leg of legs) {
    const grant = grantOf(grants, leg);
    grant.leftMicros = subtractMicros(grant.leftMicros, leg.amountMicros);
  }
}

/** A grant is kept as long as a hold is pinned to it, so a leg without its grant is a bug. */
function grantOf(grants: readonly Grant[], leg: GrantLeg): Grant {
  const grant = grants.find(({ id }) => id === leg.grantId);
  if (grant === undefined) throw new Error('ledger invariant broken: a leg of a grant that is not there');
  return grant;
}
