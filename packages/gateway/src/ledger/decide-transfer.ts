import { type Micros, ZERO_MICROS, subtractMicros } from '../core/money.ts';
import { type AccountState, availableMicros } from './decide.ts';
import { GRANTS_MAX } from './grants.ts';
import type { GrantRequest, TransferRequest } from './ledger.ts';

export type TransferDecision =
  | { outcome: 'credit' }
  | { outcome: 'debit' }
  | { outcome: 'insufficient' }
  | { outcome: 'invalid-amount' };

/** Ids that the ledger makes itself. Nobody else may use them, or a charge could be refused as already there. */
const RESERVED_ID = /^(?:charge|hold|void|expire|rollup|mature|unearn|forfeit|restore):/;
const ID_MAX_CHARS = 200;

/** Throws a RangeError for an id that no part of the gateway may make. */
export function assertTransferId(id: string): void {
  if (id === '' || id.length > ID_MAX_CHARS || RESERVED_ID.test(id)) {
    throw new RangeError('a transfer id has 1-200 characters and a prefix of its own');
  }
}

/**
 * Whether a transfer can be made. Does not know whether its id was used before: the disk decides that.
 * Throws a RangeError for an id that no part of the gateway may make.
 */
export function decideTransfer(state: AccountState, request: TransferRequest): TransferDecision {
  const { id, amountMicros, balance, kind } = request;
  assertTransferId(id);
  if (!Number.isSafeInteger(amountMicros) || amountMicros === 0) return { outcome: 'invalid-amount' };
  if (amountMicros > 0) return { outcome: hasRoomFor(state, amountMicros) ? 'credit' : 'invalid-amount' };
  if (kind !== 'adjustment') return { outcome: 'invalid-amount' };
  return {
    outcome: canTake(state, balance, subtractMicros(ZERO_MICROS, amountMicros)) ? 'debit' : 'insufficient',
  };
}

/** Whether all credits of the account ever, with those on their way, stay a number that can be counted. */
export function hasRoomFor(state: AccountState, amountMicros: Micros): boolean {
  return Number.isSafeInteger(state.depositedMicros + state.incomingMicros + amountMicros);
}

/** Whether a balance covers a debit that no running request needs. */
export function canTake(state: AccountState, balance: 'paid' | 'promo', amountMicros: Micros): boolean {
  const unpinned =
    balance === 'paid'
      ? subtractMicros(state.paidMicros, state.pinnedPaidMicros)
      : subtractMicros(state.promoMicros, state.pinnedPromoMicros);
  return unpinned >= amountMicros && availableMicros(state) >= amountMicros;
}

export type GrantDecision = { outcome: 'credit' | 'expired' | 'too-many-grants' | 'invalid-amount' };

/** As `decideTransfer`, for credit that ends. */
export function decideGrant(state: AccountState, request: GrantRequest, nowMs: number): GrantDecision {
  assertTransferId(request.id);
  const { amountMicros, expiresAtMs } = request;
  if (!Number.isSafeInteger(amountMicros) || amountMicros <= 0 || !Number.isSafeInteger(expiresAtMs)) {
    return { outcome: 'invalid-amount' };
  }
  if (!hasRoomFor(state, amountMicros)) return { outcome: 'invalid-amount' };
  if (expiresAtMs <= nowMs) return { outcome: 'expired' };
  const count = state.grants.length + state.incomingGrants;
  return { outcome: count >= GRANTS_MAX ? 'too-many-grants' : 'credit' };
}
