import { type Micros, ZERO_MICROS, addMicros, micros, minMicros, subtractMicros } from '../core/money.ts';
import type { Balance, TransferRequest } from './ledger.ts';

/**
 * The money of one account, in whole µ$. All decisions are made from this and nothing else, in one tick.
 *
 * `held` is all that running requests reserve. A hold that lives in memory only is not bound to a balance: it is enough
 * that paid and promo together cover it. A durable hold is written as pending debits of certain balances before its
 * request runs, so these amounts are `pinned`: nothing else may spend them.
 */
export type AccountState = {
  paidMicros: Micros;
  promoMicros: Micros;
  heldMicros: Micros;
  /** Parts of `held`, by the balance that they are pinned to. */
  pinnedPaidMicros: Micros;
  pinnedPromoMicros: Micros;
  /** Credits that are on their way to the disk: not money yet, but they must fit. */
  incomingMicros: Micros;
  depositedMicros: Micros;
  spentMicros: Micros;
};

/** An amount split over the balances it is taken from. */
export type Legs = { readonly promoMicros: Micros; readonly paidMicros: Micros };

export const NO_LEGS: Legs = Object.freeze({ promoMicros: ZERO_MICROS, paidMicros: ZERO_MICROS });

export function emptyAccount(): AccountState {
  return {
    paidMicros: ZERO_MICROS,
    promoMicros: ZERO_MICROS,
    heldMicros: ZERO_MICROS,
    pinnedPaidMicros: ZERO_MICROS,
    pinnedPromoMicros: ZERO_MICROS,
    incomingMicros: ZERO_MICROS,
    depositedMicros: ZERO_MICROS,
    spentMicros: ZERO_MICROS,
  };
}

export function availableMicros(state: AccountState): Micros {
  return micros(state.paidMicros + state.promoMicros - state.heldMicros);
}

export function balanceOf(state: AccountState): Balance {
  return {
    availableMicros: availableMicros(state),
    heldMicros: state.heldMicros,
    paidMicros: state.paidMicros,
    promoMicros: state.promoMicros,
    depositedMicros: state.depositedMicros,
    spentMicros: state.spentMicros,
  };
}

/**
 * Takes an amount from what no durable hold has pinned: promo first, since it may expire, then paid.
 * Both legs are covered whenever the amount is at most the available money plus the memory holds that it belongs to.
 */
export function splitPromoFirst(state: AccountState, amountMicros: Micros): Legs {
  const promoMicros = minMicros(amountMicros, subtractMicros(state.promoMicros, state.pinnedPromoMicros));
  return { promoMicros, paidMicros: subtractMicros(amountMicros, promoMicros) };
}

export type ReserveDecision = { outcome: 'reserved'; pinned: Legs } | { outcome: 'insufficient' };

/** Whether the account can reserve an amount, and for a durable hold which balances it pins. */
export function decideReserve(state: AccountState, amountMicros: Micros, durable: boolean): ReserveDecision {
  if (amountMicros > availableMicros(state)) return { outcome: 'insufficient' };
  return { outcome: 'reserved', pinned: durable ? splitPromoFirst(state, amountMicros) : NO_LEGS };
}

export type HeldAmount = { readonly amountMicros: Micros; readonly pinned: Legs; readonly durable: boolean };

/** The legs of a charge: at most the hold, and for a durable one at most what it pinned of each balance. */
export function decideSettle(state: AccountState, hold: HeldAmount, wantedMicros: Micros): Legs {
  const chargeMicros = minMicros(wantedMicros, hold.amountMicros);
  if (!hold.durable) return splitPromoFirst(state, chargeMicros);
  const promoMicros = minMicros(chargeMicros, hold.pinned.promoMicros);
  return { promoMicros, paidMicros: subtractMicros(chargeMicros, promoMicros) };
}

export type TransferDecision =
  | { outcome: 'credit' }
  | { outcome: 'debit' }
  | { outcome: 'insufficient' }
  | { outcome: 'invalid-amount' };

/** Ids that the ledger makes itself. Nobody else may use them, or a charge could be refused as already there. */
const RESERVED_ID = /^(?:charge|hold|void):/;
const ID_MAX_CHARS = 200;

/**
 * Whether a transfer can be made. Does not know whether its id was used before: the disk decides that.
 * Throws a RangeError for an id that no part of the gateway may make.
 */
export function decideTransfer(state: AccountState, request: TransferRequest): TransferDecision {
  const { id, amountMicros, balance, kind } = request;
  if (id === '' || id.length > ID_MAX_CHARS || RESERVED_ID.test(id)) {
    throw new RangeError('a transfer id has 1-200 characters and a prefix of its own');
  }
  if (!Number.isSafeInteger(amountMicros) || amountMicros === 0) return { outcome: 'invalid-amount' };
  if (amountMicros > 0) {
    const everCredited = state.depositedMicros + state.incomingMicros + amountMicros;
    return Number.isSafeInteger(everCredited) ? { outcome: 'credit' } : { outcome: 'invalid-amount' };
  }
  if (kind !== 'adjustment') return { outcome: 'invalid-amount' };
  const unpinned =
    balance === 'paid'
      ? subtractMicros(state.paidMicros, state.pinnedPaidMicros)
      : subtractMicros(state.promoMicros, state.pinnedPromoMicros);
  const covered = unpinned + amountMicros >= 0 && availableMicros(state) + amountMicros >= 0;
  return { outcome: covered ? 'debit' : 'insufficient' };
}

export function applyReserve(state: AccountState, hold: HeldAmount): void {
  state.heldMicros = addMicros(state.heldMicros, hold.amountMicros);
  state.pinnedPaidMicros = addMicros(state.pinnedPaidMicros, hold.pinned.paidMicros);
  state.pinnedPromoMicros = addMicros(state.pinnedPromoMicros, hold.pinned.promoMicros);
  assertSound(state);
}

export function applyRelease(state: AccountState, hold: HeldAmount): void {
  state.heldMicros = subtractMicros(state.heldMicros, hold.amountMicros);
  state.pinnedPaidMicros = subtractMicros(state.pinnedPaidMicros, hold.pinned.paidMicros);
  state.pinnedPromoMicros = subtractMicros(state.pinnedPromoMicros, hold.pinned.promoMicros);
  assertSound(state);
}

/** Takes the legs and gives the whole hold back. */
export function applySettle(state: AccountState, hold: HeldAmount, legs: Legs): void {
  state.paidMicros = subtractMicros(state.paidMicros, legs.paidMicros);
  state.promoMicros = subtractMicros(state.promoMicros, legs.promoMicros);
  state.spentMicros = micros(state.spentMicros + legs.paidMicros + legs.promoMicros);
  applyRelease(state, hold);
}

/** Changes one balance by a signed amount. `deposited` counts credits only and is the caller's to change. */
export function applyToBalance(state: AccountState, balance: 'paid' | 'promo', signedMicros: Micros): void {
  if (balance === 'paid') state.paidMicros = addMicros(state.paidMicros, signedMicros);
  else state.promoMicros = addMicros(state.promoMicros, signedMicros);
  assertSound(state);
}

/** Stays on in production: a state that breaks this is a bug, and stopping is cheaper than giving money away. */
function assertSound(state: AccountState): void {
  const { paidMicros, promoMicros, heldMicros, pinnedPaidMicros, pinnedPromoMicros } = state;
  if (
    heldMicros < 0 ||
    pinnedPaidMicros < 0 ||
    pinnedPromoMicros < 0 ||
    pinnedPaidMicros > paidMicros ||
    pinnedPromoMicros > promoMicros ||
    paidMicros + promoMicros < heldMicros
  ) {
    throw new Error('ledger invariant broken: the balances of an account do not cover its holds');
  }
}
