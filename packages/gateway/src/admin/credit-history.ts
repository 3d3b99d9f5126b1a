import { z } from 'zod';
import type { Fault } from '../core/errors.ts';
import { ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { Posting } from '../ledger/history.ts';
import type { AdminContext } from './context.ts';
import { countField, referenceField } from './fields.ts';
import { findAccount } from './lookup.ts';
import { moneyView, timeView } from './views.ts';
import type { MoneyView } from './views.ts';

export const HISTORY_PAGE_MAX = 1_000;

export const creditHistoryInput = z.strictObject({
  account: referenceField(),
  limit: countField(HISTORY_PAGE_MAX).default(50),
  /** `next` of the page before. */
  before: countField(Number.MAX_SAFE_INTEGER).optional(),
});

export type PostingView = {
  id: string;
  at: string;
  kind: Posting['kind'];
  balance: Posting['balance'];
  /** Above 0: to the account. */
  amount: MoneyView;
  /** The other account of a transfer. */
  otherAccount: string | null;
  request: string | null;
  reason: string | null;
};

export type HistoryView = {
  account: { id: string; name: string };
  postings: PostingView[];
  /** Where the next page begins; null: there is none. */
  next: number | null;
};

/** Every movement of an account's money, newest first. Errors: `not_found`. */
export function creditHistory(
  context: AdminContext,
  input: z.output<typeof creditHistoryInput>,
): Result<HistoryView, Fault> {
  const account = findAccount(context.registry.directory, input.account);
  if (!account.ok) return account;
  const { id, name } = account.value;
  const { limit, before } = input;
  // One more than asked for shows that there is another page.
  const found = context.receipts.history(id, {
    limit: limit + 1,
    ...(before === undefined ? {} : { before }),
  });
  const postings = found.slice(0, limit);
  return ok({
    account: { id, name },
    postings: postings.map(postingView),
    next: found.length > limit ? (postings.at(-1)?.seq ?? null) : null,
  });
}

function postingView(posting: Posting): PostingView {
  const { id, atMs, kind, balance, amountMicros, otherAccountId, requestId, reason } = posting;
  return {
    id,
    at: timeView(atMs),
    kind,
    balance,
    amount: moneyView(amountMicros),
    otherAccount: otherAccountId === '' ? null : otherAccountId,
    request: requestId === '' ? null : requestId,
    reason: reason === '' ? null : reason,
  };
}
