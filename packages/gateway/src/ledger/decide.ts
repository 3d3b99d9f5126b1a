import { type Micros, ZERO_MICROS, addMicros, micros, minMicros, subtractMicros } from '../core/money.ts';
import {
  type Grant,
  type GrantLeg,
  countedMicros,
  cutLegs,
  leftMicros,
  pin,
  spend,
  sumLegs,
  takeFromGrants,
  unpin,
} from './grants.ts';
import type { Balance } from './ledger.ts';

/**
 * The money of one account, in whole µ$. All decisions are made from this and nothing else, in one tick.
 *
 * `held` is all that running requests reserve. A hold that lives in memory only is not bound to a balance: it is enough
 * that all balances together cover it. A durable hold is written as pending debits of certain balances before its
 * request runs, so these amounts are `pinned`: nothing else may spend them.
 */
export type AccountState = {
  paidMicros: Micros;
  /** Promotional credit that never expires. All that does is in `grants`. */
  promoMicros: Micros;
  /** Allowances and expiring promotional credit that have something left, in the order of spending. */
  grants: Grant[];
  heldMicros: Micros;
  /** Parts of `held`, by the balance that they are pinned to. */
  pinnedPaidMicros: Micros;
  pinnedPromoMicros: Micros;
  /** Credits that are on their way to the disk: not money yet, but they must fit. */
  incomingMicros: Micros;
  incomingGrants: number;
  depositedMicros: Micros;
  spentMicros: Micros;
};

/**
 * An amount split over the balances it is taken from. `promoMicros` contains the promo grants' parts. `grants` says
 * which grants give how much; allowances stand there only. Undefined: none does.
 */
export type Legs = {
  readonly promoMicros: Micros;
  readonly paidMicros: Micros;
  readonly grants?: readonly GrantLeg[];
};

const NO_GRANTS: readonly GrantLeg[] = Object.freeze([]);

export const NO_LEGS: Legs = Object.freeze({ promoMicros: ZERO_MICROS, paidMicros: ZERO_MICROS });

function makeLegs(paidMicros: Micros, plainPromoMicros: Micros, grants: readonly GrantLeg[]): Legs {
  if (grants.length === 0) return { promoMicros: plainPromoMicros, paidMicros };
  return { promoMicros: addMicros(plainPromoMicros, sumLegs(grants, 'promo')), paidMicros, grants };
}

/** The part of the promo leg that comes from credit without an end. */
export function plainPromoOf({ promoMicros, grants }: Legs): Micros {
  return grants === undefined ? promoMicros : subtractMicros(promoMicros, sumLegs(grants, 'promo'));
}

export function totalOf({ promoMicros, paidMicros, grants }: Legs): Micros {
  return micros(promoMicros + paidMicros + (grants === undefined ? 0 : sumLegs(grants, 'allowance')));
}

export function emptyAccount(): AccountState {
  return {
    paidMicros: ZERO_MICROS,
    promoMicros: ZERO_MICROS,
    grants: [],
    heldMicros: ZERO_MICROS,
    pinnedPaidMicros: ZERO_MICROS,
    pinnedPromoMicros: ZERO_MICROS,
    incomingMicros: ZERO_MICROS,
    incomingGrants: 0,
    depositedMicros: ZERO_MICROS,
    spentMicros: ZERO_MICROS,
  };
}

/** What a new hold may take. Lapsed grants do not count, but may still cover holds that are older than the lapse. */
export function availableMicros(state: AccountState): Micros {
  const { paidMicros, promoMicros, heldMicros, grants } = state;
  if (grants.length === 0) return micros(paidMicros + promoMicros - heldMicros);
  return micros(Math.max(0, paidMicros + promoMicros + countedMicros(grants) - heldMicros));
}

export function balanceOf(state: AccountState): Balance {
  return {
    availableMicros: availableMicros(state),
    heldMicros: state.heldMicros,
    paidMicros: state.paidMicros,
    promoMicros: addMicros(state.promoMicros, leftMicros(state.grants, 'promo')),
    allowanceMicros: leftMicros(state.grants, 'allowance'),
    depositedMicros: state.depositedMicros,
    spentMicros: state.spentMicros,
    nextExpiry: nextExpiryOf(state.grants),
  };
}

/** All that ends together, of one balance: where both end at the same moment, of the one that is spent first. */
function nextExpiryOf(grants: readonly Grant[]): Balance['nextExpiry'] {
  const [first] = grants;
  if (first === undefined) return undefined;
  const atMs = grants.reduce((least, grant) => Math.min(least, grant.expiresAtMs), first.expiresAtMs);
  const ending = grants.filter((grant) => grant.expiresAtMs === atMs);
  const balance = ending.some((grant) => grant.balance === 'allowance') ? 'allowance' : 'promo';
  const amountMicros = ending.reduce(
    (sum, grant) => (grant.balance === balance ? addMicros(sum, grant.leftMicros) : sum),
    ZERO_MICROS,
  );
  return { atMs, amountMicros, balance };
}

/**
 * Takes an amount from what no durable hold has pinned, in the order of spending: allowance, promo by its end (that
 * without one last), paid. Every leg is covered whenever the amount is at most the available money plus the memory
 * holds that it belongs to.
 */
export function splitInOrder(state: AccountState, amountMicros: Micros, withLapsed: boolean): Legs {
  const grants =
    state.grants.length === 0 ? NO_GRANTS : takeFromGrants(state.grants, amountMicros, withLapsed);
  const rest = grants.length === 0 ? amountMicros : subtractMicros(amountMicros, sumLegs(grants));
  const promoMicros = minMicros(rest, subtractMicros(state.promoMicros, state.pinnedPromoMicros));
  return makeLegs(subtractMicros(rest, promoMicros), promoMicros, grants);
}

export type ReserveDecision = { outcome: 'reserved'; pinned: Legs } | { outcome: 'insufficient' };

/** Whether the account can reserve an amount, and for a durable hold which balances it pins. */
export function decideReserve(state: AccountState, amountMicros: Micros, durable: boolean): ReserveDecision {
  if (amountMicros > availableMicros(state)) return { outcome: 'insufficient' };
  return { outcome: 'reserved', pinned: durable ? splitInOrder(state, amountMicros, false) : NO_LEGS };
}

export type HeldAmount = { readonly amountMicros: Micros; readonly pinned: Legs; readonly durable: boolean };

/** The legs of a charge: at most the hold, and for a durable one at most what it pinned of each balance. */
export function decideSettle(state: AccountState, hold: HeldAmount, wantedMicros: Micros): Legs {
  const chargeMicros = minMicros(wantedMicros, hold.amountMicros);
  if (!hold.durable) return splitInOrder(state, chargeMicros, true);
  const grants = cutLegs(hold.pinned.grants ?? NO_GRANTS, chargeMicros);
  const rest = subtractMicros(chargeMicros, sumLegs(grants));
  const promoMicros = minMicros(rest, plainPromoOf(hold.pinned));
  return makeLegs(subtractMicros(rest, promoMicros), promoMicros, grants);
}

export function applyReserve(state: AccountState, hold: HeldAmount): void {
  const { pinned } = hold;
  state.heldMicros = addMicros(state.heldMicros, hold.amountMicros);
  state.pinnedPaidMicros = addMicros(state.pinnedPaidMicros, pinned.paidMicros);
  state.pinnedPromoMicros = addMicros(state.pinnedPromoMicros, plainPromoOf(pinned));
  if (pinned.grants !== undefined) pin(state.grants, pinned.grants);
  assertSound(state);
}

export function applyRelease(state: AccountState, hold: HeldAmount): void {
  const { pinned } = hold;
  state.heldMicros = subtractMicros(state.heldMicros, hold.amountMicros);
  state.pinnedPaidMicros = subtractMicros(state.pinnedPaidMicros, pinned.paidMicros);
  state.pinnedPromoMicros = subtractMicros(state.pinnedPromoMicros, plainPromoOf(pinned));
  if (pinned.grants !== undefined) unpin(state.grants, pinned.grants);
  assertSound(state);
}

/** Takes the legs and gives the whole hold back. */
export function applySettle(state: AccountState, hold: HeldAmount, legs: Legs): void {
  state.paidMicros = subtractMicros(state.paidMicros, legs.paidMicros);
  state.promoMicros = subtractMicros(state.promoMicros, plainPromoOf(legs));
  state.spentMicros = micros(state.spentMicros + totalOf(legs));
  if (legs.grants !== undefined) spend(state.grants, legs.grants);
  applyRelease(state, hold);
  if (legs.grants !== undefined) dropEmptyGrants(state);
}

/** Changes one balance by a signed amount. `deposited` counts credits only and is the caller's to change. */
export function applyToBalance(state: AccountState, balance: 'paid' | 'promo', signedMicros: Micros): void {
  if (balance === 'paid') state.paidMicros = addMicros(state.paidMicros, signedMicros);
  else state.promoMicros = addMicros(state.promoMicros, signedMicros);
  assertSound(state);
}

/** Ends the grants whose time is over. From then on no new hold counts on them. */
export function lapseGrants(state: AccountState, nowMs: number): void {
  for (const grant of state.grants) if (grant.expiresAtMs <= nowMs) grant.isLapsed = true;
}

/**
 * Takes the lapsed grants out whose money no hold needs, and returns them. One that a hold may still need stays until
 * that hold is resolved, so what is held is never touched.
 */
export function expireGrants(state: AccountState): Grant[] {
  const expired: Grant[] = [];
  for (const grant of state.grants.filter(({ isLapsed, pinnedMicros }) => isLapsed && pinnedMicros === 0)) {
    const others = state.paidMicros + state.promoMicros + leftMicros(state.grants) - grant.leftMicros;
    if (others < state.heldMicros) continue;
    state.grants.splice(state.grants.indexOf(grant), 1);
    expired.push(grant);
  }
  if (expired.length > 0) assertSound(state);
  return expired;
}

function dropEmptyGrants(state: AccountState): void {
  if (state.grants.some((grant) => grant.leftMicros === 0)) {
    state.grants = state.grants.filter((grant) => grant.leftMicros > 0);
  }
}

/** Stays on in production: a state that breaks this is a bug, and stopping is cheaper than giving money away. */
function assertSound(state: AccountState): void {
  const { paidMicros, promoMicros, heldMicros, pinnedPaidMicros, pinnedPromoMicros, grants } = state;
  let granted = 0;
  for (const { leftMicros: left, pinnedMicros: pinned } of grants) {
    granted += left;
    if (pinned < 0 || pinned > left) throw new Error(BROKEN);
  }
  if (
    heldMicros < 0 ||
    pinnedPaidMicros < 0 ||
    pinnedPromoMicros < 0 ||
    pinnedPaidMicros > paidMicros ||
    pinnedPromoMicros > promoMicros ||
    paidMicros + promoMicros + granted < heldMicros
  ) {
    throw new Error(BROKEN);
  }
}

const BROKEN = 'ledger invariant broken: the balances of an account do not cover its holds';
