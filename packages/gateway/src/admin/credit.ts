import { z } from 'zod';
import type { Account } from '../accounts/account.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { formatCredits } from '../core/money.ts';
import type { Micros } from '../core/money.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { TransferOutcome } from '../ledger/ledger.ts';
import type { AdminContext } from './context.ts';
import { endField, reasonField, referenceField, signedAmountField, tokenField } from './fields.ts';
import { findAccount } from './lookup.ts';
import { balanceView, moneyView } from './views.ts';
import type { BalanceView, MoneyView } from './views.ts';

export const addCreditInput = z.strictObject({
  account: referenceField(),
  /** Only an adjustment may be negative. */
  amountMicros: signedAmountField(),
  kind: z.enum(['deposit', 'gift', 'adjustment']).default('deposit'),
  /** Default: gifts go to `promo`, all else to `paid`. */
  balance: z.enum(['paid', 'promo']).optional(),
  reason: reasonField(),
  /** Of a gift: when it ends, in milliseconds since 1970. Default: never. */
  expiresAtMs: endField().optional(),
  /** The operator's own reference. The same id is booked once, however often it is sent. Default: a new one. */
  id: tokenField(100).optional(),
});

export const balanceInput = z.strictObject({ account: referenceField() });

export type CreditView = {
  /** The id of the posting: send it again and nothing more happens. */
  id: string;
  /** False when this id was booked before. */
  applied: boolean;
  account: { id: string; name: string };
  amount: MoneyView;
  balance: BalanceView;
};

/**
 * Books a deposit, a gift or an adjustment. The audit line is written before the money moves: the ledger, which knows
 * the posting by the id in that line, says whether it happened.
 * Errors: `not_found`, `invalid_request` (amount), `idempotency_mismatch`, `insufficient_credits`, `ledger_unavailable`.
 */
export async function addCredit(
  context: AdminContext,
  input: z.output<typeof addCreditInput>,
): Promise<Result<CreditView, Fault>> {
  const { amountMicros, kind } = input;
  if (amountMicros === 0 || (amountMicros < 0 && kind !== 'adjustment')) return failed(WRONG_AMOUNT);
  const id = input.id ?? newId('txn');
  const balance = input.balance ?? (kind === 'gift' ? 'promo' : 'paid');
  if (input.expiresAtMs !== undefined && (kind !== 'gift' || balance !== 'promo'))
    return failed(ONLY_GIFTS_END);
  const noted = await context.registry.change((directory) => {
    const account = findAccount(directory, input.account);
    if (!account.ok) return account;
    const detail = `${kind} of ${formatCredits(amountMicros)} credits to ${balance}, id ${id}`;
    const audit = { actor: context.actor, action: 'credit.add', subject: account.value.id, detail };
    return ok({ changes: [], audit, value: account.value });
  });
  if (!noted.ok) return noted;
  const account = noted.value;
  // The prefix keeps operators' ids apart from those of welcome credits, charges and payments.
  const request = {
    id: `operator:${id}`,
    accountId: account.id,
    kind,
    balance,
    amountMicros,
    reason: input.reason,
  };
  const { expiresAtMs } = input;
  const { outcome } =
    expiresAtMs === undefined
      ? await context.ledger.transfer(request)
      : await context.ledger.grant({ ...request, balance: 'promo', expiresAtMs });
  const refused = refusal(outcome);
  if (refused !== undefined) return failed(refused);
  return ok(creditView(context, account, { id, amountMicros, applied: outcome === 'applied' }));
}

export function creditView(
  context: AdminContext,
  account: Account,
  booked: { id: string; amountMicros: Micros; applied: boolean },
): CreditView {
  return {
    id: booked.id,
    applied: booked.applied,
    account: { id: account.id, name: account.name },
    amount: moneyView(booked.amountMicros),
    balance: balanceView(context.ledger.balance(account.id)),
  };
}

/** Errors: `not_found`. */
export function showBalance(
  context: AdminContext,
  input: z.output<typeof balanceInput>,
): Result<{ account: { id: string; name: string }; balance: BalanceView }, Fault> {
  const account = findAccount(context.registry.directory, input.account);
  if (!account.ok) return account;
  const { id, name } = account.value;
  return ok({ account: { id, name }, balance: balanceView(context.ledger.balance(id)) });
}

/** Books the welcome credit of an account, at most once ever. Error: `ledger_unavailable`. */
export async function giveWelcome(
  context: AdminContext,
  accountId: string,
): Promise<Result<undefined, Fault>> {
  if (context.welcomeMicros <= 0) return ok(undefined);
  const { outcome } = await context.ledger.transfer({
    id: `welcome:${accountId}`,
    accountId,
    kind: 'gift',
    balance: 'promo',
    amountMicros: context.welcomeMicros,
    reason: 'welcome credit',
  });
  const refused = refusal(outcome);
  return refused === undefined ? ok(undefined) : failed(refused);
}

const WRONG_AMOUNT = fault('invalid_request', {
  message: 'The amount must be more than zero. Only an adjustment may take credit away.',
  param: 'amountMicros',
});

const ONLY_GIFTS_END = fault('invalid_request', {
  message: 'Only a gift to the promo balance can end at a time.',
  param: 'expiresAtMs',
});

/** Undefined: it was booked, now or before. */
export function refusal(outcome: TransferOutcome['outcome']): Fault | undefined {
  if (outcome === 'applied' || outcome === 'exists') return undefined;
  if (outcome === 'exists-with-other-content') {
    const message =
      'This id was booked before with another account, amount, kind or reason. Nothing was changed.';
    return fault('idempotency_mismatch', { message, param: 'id' });
  }
  if (outcome === 'insufficient') {
    const message = 'The balance is smaller than what would be taken away. Nothing was changed.';
    return fault('insufficient_credits', { message, param: 'amountMicros' });
  }
  if (outcome === 'expired') {
    const message = 'Its end is in the past. Nothing was changed.';
    return fault('invalid_request', { message, param: 'expiresAtMs' });
  }
  if (outcome === 'too-many-grants') {
    const message =
      'The account has too many grants that end. Wait until one has ended, or give one without an end.';
    return fault('invalid_request', { message, param: 'expiresAtMs' });
  }
  if (outcome === 'exceeds-charge') {
    const message = 'This is more than what is left of the charge. Nothing was changed.';
    return fault('invalid_request', { message, param: 'amountMicros' });
  }
  if (outcome === 'ledger-unavailable') return fault('ledger_unavailable');
  return fault('invalid_request', {
    message: 'The ledger does not take this id or this amount. Nothing was changed.',
    param: 'id',
  });
}
