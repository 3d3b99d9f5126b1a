import { z } from 'zod';
import type { Account } from '../accounts/account.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { addMicros, formatCredits, micros, minMicros, subtractMicros } from '../core/money.ts';
import type { Micros } from '../core/money.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { RequestCharge } from '../ledger/history.ts';
import type { TransferOutcome } from '../ledger/ledger.ts';
import type { AdminContext } from './context.ts';
import { creditView, refusal } from './credit.ts';
import type { CreditView } from './credit.ts';
import { positiveAmountField, reasonField, referenceField, tokenField } from './fields.ts';
import { findAccount } from './lookup.ts';

/** The operator's own reference, as in `credit.add`. */
const idField = () => tokenField(100).optional();

export const transferCreditInput = z.strictObject({
  from: referenceField(),
  to: referenceField(),
  amountMicros: positiveAmountField(),
  reason: reasonField(),
  id: idField(),
});

export const refundCreditInput = z.strictObject({
  request: tokenField(100),
  /** Default: all that is left of the charge. */
  amountMicros: positiveAmountField().optional(),
  reason: reasonField(),
  id: idField(),
});

export const allowanceInput = z.strictObject({
  account: referenceField(),
  amountMicros: positiveAmountField(),
  /** UTC day, `2026-11-20`. Default: today. */
  day: z.iso.date('must be a day such as 2026-11-20').optional(),
  reason: reasonField(),
});

/**
 * Moves paid credit from one account to another. Promotional credit stays where it was given.
 * Errors: `not_found`, `invalid_request`, `idempotency_mismatch`, `insufficient_credits`, `ledger_unavailable`.
 */
export async function transferCredit(
  context: AdminContext,
  input: z.output<typeof transferCreditInput>,
): Promise<Result<CreditView & { to: { id: string; name: string } }, Fault>> {
  const { amountMicros, reason } = input;
  const id = input.id ?? newId('txn');
  const noted = await context.registry.change((directory) => {
    const from = findAccount(directory, input.from);
    if (!from.ok) return from;
    const to = findAccount(directory, input.to);
    if (!to.ok) return to;
    if (from.value.id === to.value.id) return failed(SAME_ACCOUNT);
    const detail = `${formatCredits(amountMicros)} credits to ${to.value.id}, id ${id}`;
    const audit = { actor: context.actor, action: 'credit.transfer', subject: from.value.id, detail };
    return ok({ changes: [], audit, value: { from: from.value, to: to.value } });
  });
  if (!noted.ok) return noted;
  const { from, to } = noted.value;
  const ids = { id: `operator:${id}`, fromAccountId: from.id, toAccountId: to.id };
  const { outcome } = await context.ledger.move({ ...ids, amountMicros, reason });
  const refused = refusal(outcome);
  if (refused !== undefined) return failed(refused);
  const view = creditView(context, from, { id, amountMicros, applied: outcome === 'applied' });
  return ok({ ...view, to: { id: to.id, name: to.name } });
}

/**
 * Gives back what a request was charged, or a part: first what came from paid credit, to paid credit; then what came
 * from promotional credit and allowances, as promotional credit without an end. All refunds of a request together never
 * exceed its charge; the same id is booked once.
 * Errors: `not_found`, `invalid_request` (more than is left), `idempotency_mismatch`, `ledger_unavailable`.
 */
export async function refundRequest(
  context: AdminContext,
  input: z.output<typeof refundCreditInput>,
): Promise<Result<CreditView & { request: string }, Fault>> {
  const charge = context.receipts.charge(input.request);
  if (charge === undefined) return failed(NO_CHARGE);
  const id = input.id ?? newId('txn');
  const parts = partsOf(charge, `operator:${id}`, input.amountMicros);
  if (!parts.ok) return parts;
  const amountMicros = addMicros(parts.value.paid, parts.value.promo);
  const noted = await context.registry.change((directory) => {
    const account = findAccount(directory, charge.accountId);
    if (!account.ok) return account;
    const detail = `${formatCredits(amountMicros)} credits of ${charge.requestId}, id ${id}`;
    const audit = { actor: context.actor, action: 'credit.refund', subject: account.value.id, detail };
    return ok({ changes: [], audit, value: account.value });
  });
  if (!noted.ok) return noted;
  const { requestId, accountId } = charge;
  let applied = false;
  for (const { balance, transferId } of refundLegs(`operator:${id}`)) {
    const part = parts.value[balance];
    if (part === 0) continue;
    const ids = { id: transferId, accountId, requestId, balance };
    const { outcome } = await context.ledger.refund({ ...ids, amountMicros: part, reason: input.reason });
    const refused = refusal(outcome);
    if (refused !== undefined) return failed(refused);
    applied ||= outcome === 'applied';
  }
  return ok({ ...creditView(context, noted.value, { id, amountMicros, applied }), request: requestId });
}

/** A refund has up to two legs, each with an id of its own, so that each is booked once. */
function refundLegs(id: string): readonly { balance: 'paid' | 'promo'; transferId: string }[] {
  return [
    { balance: 'paid', transferId: id },
    { balance: 'promo', transferId: `${id}:promo` },
  ];
}

/** What goes back to which balance. A repetition is split as the first try was: its own postings do not count. */
function partsOf(
  charge: RequestCharge,
  id: string,
  wanted: Micros | undefined,
): Result<{ paid: Micros; promo: Micros }, Fault> {
  const own = new Set(refundLegs(id).map(({ transferId }) => transferId));
  const given = (balance: 'paid' | 'promo'): Micros =>
    charge.refunds
      .filter((refund) => refund.balance === balance && !own.has(refund.id))
      .reduce((sum, refund) => addMicros(sum, refund.amountMicros), micros(0));
  const left = {
    paid: subtractMicros(charge.paidMicros, given('paid')),
    promo: subtractMicros(charge.promoMicros, given('promo')),
  };
  const amount = wanted ?? addMicros(left.paid, left.promo);
  const paid = minMicros(amount, left.paid);
  const promo = subtractMicros(amount, paid);
  if (amount === 0 || promo > left.promo) {
    return failed(refusal('exceeds-charge') ?? fault('invalid_request'));
  }
  return ok({ paid, promo });
}

const DAY_MS = 86_400_000;

/**
 * Gives an account its allowance of a UTC day, which ends with that day. One for each account and day, whatever is sent.
 * Errors: `not_found`, `invalid_request` (the day is over), `idempotency_mismatch` (another amount), `ledger_unavailable`.
 */
export async function giveAllowance(
  context: AdminContext,
  input: z.output<typeof allowanceInput>,
): Promise<Result<CreditView & { day: string; expiresAt: string }, Fault>> {
  const day = input.day ?? new Date(context.clock.nowMs()).toISOString().slice(0, 10);
  const { amountMicros, reason } = input;
  const noted = await context.registry.change((directory) => {
    const account = findAccount(directory, input.account);
    if (!account.ok) return account;
    const detail = `${formatCredits(amountMicros)} credits for ${day}`;
    const audit = { actor: context.actor, action: 'credit.allowance', subject: account.value.id, detail };
    return ok({ changes: [], audit, value: account.value });
  });
  if (!noted.ok) return noted;
  const account: Account = noted.value;
  const id = `allow:${account.id}:${day.replaceAll('-', '')}`;
  const expiresAtMs = Date.parse(`${day}T00:00:00Z`) + DAY_MS;
  const grant = {
    id,
    accountId: account.id,
    balance: 'allowance',
    amountMicros,
    expiresAtMs,
    reason,
  } as const;
  const outcome: TransferOutcome['outcome'] = (await context.ledger.grant(grant)).outcome;
  const refused = refusal(outcome);
  if (refused !== undefined) return failed(refused);
  const view = creditView(context, account, { id, amountMicros, applied: outcome === 'applied' });
  return ok({ ...view, day, expiresAt: new Date(expiresAtMs).toISOString() });
}

const SAME_ACCOUNT = fault('invalid_request', {
  message: 'Both are the same account. Nothing was changed.',
  param: 'to',
});

const NO_CHARGE = fault('not_found', {
  message: 'There is no charge of this request. It was free, or it is so old that only sums are kept.',
  param: 'request',
});
