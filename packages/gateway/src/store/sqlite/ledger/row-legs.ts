import { type Legs, plainPromoOf } from '../../../ledger/decide.ts';
import type { AccountRow, AccountRows } from './account-rows.ts';

/** A row that contradicts what the ledger decided. Handled like a violated check of the database. */
export class RefusedItemError extends Error {}

/** The part of an amount that is taken from one account. */
export type RowLeg = { debit: AccountRow; amount: number };

/**
 * The accounts that a set of legs really touches: allowances, promotional credit, then paid credit. Throws
 * `RefusedItemError` when one is not there.
 */
export function rowsOfLegs(accounts: AccountRows, accountId: string, legs: Legs): RowLeg[] {
  const touched: RowLeg[] = [];
  const add = (debit: AccountRow | undefined, amount: number): void => {
    if (debit === undefined) throw new RefusedItemError('a charge or hold of an account without money');
    touched.push({ debit, amount });
  };
  for (const { grantId, balance, amountMicros } of legs.grants ?? []) {
    add(accounts.findGrant(accountId, balance, grantId), amountMicros);
  }
  const plainPromo = plainPromoOf(legs);
  if (plainPromo > 0) add(accounts.find(accountId, 'promo'), plainPromo);
  if (legs.paidMicros > 0) add(accounts.find(accountId, 'paid'), legs.paidMicros);
  return touched;
}
