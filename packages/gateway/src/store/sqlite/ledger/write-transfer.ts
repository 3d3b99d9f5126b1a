import type { Database } from 'better-sqlite3';
import type { ItemOutcome, TransferDetail, TransferItem } from '../../../ledger/journal.ts';
import type { TransferKind } from '../../../ledger/ledger.ts';
import type { AccountRows } from './account-rows.ts';
import { SYSTEM_ACCOUNT, TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';
import type { Tally } from './tally.ts';

/** Never the id of a row: the account of a transfer that is only looked up need not exist. */
const NO_ACCOUNT = -1;

/**
 * Returns a function that writes transfers which come from outside of requests. It knows the ids that were used, and how
 * much of a charge is left to refund; both are looked up inside the batch's transaction.
 */
export function createTransferWriter(
  database: Database,
  accounts: AccountRows,
  tally: Tally,
): (item: TransferItem) => ItemOutcome {
  const findTransfer = database.prepare<[string], TransferContent>(
    'SELECT debit, credit, amount, code, reason, request_id AS requestId FROM transfer WHERE id = ?',
  );
  const expiryOf = database
    .prepare<[number], number>('SELECT expires_at_ms FROM account WHERE id = ?')
    .pluck();
  const refundable = createRefundable(database);

  return (item) => {
    const { request, detail, lookUpOnly, atMs } = item;
    const existing = findTransfer.get(request.id);
    if (existing === undefined && lookUpOnly) return 'absent';
    const sides = sidesOf(accounts, item, existing === undefined);
    const content = { ...sides, amount: Math.abs(request.amountMicros), reason: request.reason };
    if (existing !== undefined) {
      const isSame =
        sameContent(existing, content) &&
        (detail?.type !== 'grant' || expiryOf.get(existing.credit) === detail.expiresAtMs);
      return isSame ? 'exists' : 'exists-with-other-content';
    }
    if (detail?.type === 'refund') {
      const most = refundable(request.accountId, detail.requestId, {
        credit: sides.credit,
        isPaid: request.balance === 'paid',
      });
      if (content.amount > most) return 'exceeds-charge';
    }
    tally.add({ ...content, id: request.id, kind: TRANSFER_KIND.direct, pendingId: null, atMs });
    return 'written';
  };
}

type Sides = { debit: number; credit: number; code: number; requestId?: string };
type TransferContent = {
  debit: number;
  credit: number;
  amount: number;
  code: number;
  reason: string;
  requestId?: string | null;
};

function sameContent(a: TransferContent, b: TransferContent): boolean {
  return (
    a.debit === b.debit &&
    a.credit === b.credit &&
    a.amount === b.amount &&
    a.code === b.code &&
    a.reason === b.reason &&
    (a.requestId ?? null) === (b.requestId ?? null)
  );
}

/** Where the money of a transfer comes from, or goes to when it is taken away. */
const OTHER_SIDE: Record<TransferKind, number> = {
  deposit: SYSTEM_ACCOUNT.cash,
  gift: SYSTEM_ACCOUNT.promoExpense,
  adjustment: SYSTEM_ACCOUNT.adjustmentExpense,
  refund: SYSTEM_ACCOUNT.revenue,
};

/** `isNew`: rows that are missing are made. */
function sidesOf(accounts: AccountRows, { request, detail }: TransferItem, isNew: boolean): Sides {
  const { accountId, amountMicros, balance, kind } = request;
  const row = (owner: string, of: 'paid' | 'promo'): number =>
    isNew ? accounts.findOrMake(owner, of) : (accounts.find(owner, of) ?? NO_ACCOUNT);
  switch (detail?.type) {
    case undefined: {
      const other = OTHER_SIDE[kind];
      const own = row(accountId, balance);
      const code = TRANSFER_CODE[kind];
      return amountMicros > 0 ? { debit: other, credit: own, code } : { debit: own, credit: other, code };
    }
    case 'grant':
      return {
        debit: SYSTEM_ACCOUNT.promoExpense,
        credit: grantRow(accounts, { accountId, grantId: request.id, ...detail }, isNew),
        code: detail.balance === 'allowance' ? TRANSFER_CODE.allowance : TRANSFER_CODE.gift,
      };
    case 'expiry':
      return {
        debit: accounts.findGrant(accountId, detail.balance, detail.grantId) ?? NO_ACCOUNT,
        credit: SYSTEM_ACCOUNT.promoExpense,
        code: TRANSFER_CODE.expiry,
      };
    case 'move':
      return {
        debit: accounts.find(accountId, 'paid') ?? NO_ACCOUNT,
        credit: row(detail.toAccountId, 'paid'),
        code: TRANSFER_CODE.transfer,
      };
    case 'refund':
      break;
  }
  return {
    debit: SYSTEM_ACCOUNT.revenue,
    credit: row(accountId, balance),
    code: TRANSFER_CODE.refund,
    requestId: detail.requestId,
  };
}

function grantRow(
  accounts: AccountRows,
  grant: TransferDetail & { type: 'grant' } & { accountId: string; grantId: string },
  isNew: boolean,
): number {
  const { accountId, grantId, balance } = grant;
  if (isNew) return accounts.makeGrant(accountId, grant);
  return accounts.findGrant(accountId, balance, grantId) ?? NO_ACCOUNT;
}

/** What is left to refund of a request: what it took from paid credit, or from all else, less what went back there. */
function createRefundable(
  database: Database,
): (accountId: string, requestId: string, to: { credit: number; isPaid: boolean }) => number {
  // The ids of a request's charges begin alike, so the index on ids finds them.
  const charged = database
    .prepare<[string, string, string, number], number>(
      `SELECT coalesce(sum(t.amount), 0) FROM transfer t JOIN account a ON a.id = t.debit
       WHERE t.id >= ? AND t.id < ? AND a.owner = ? AND (a.kind = 'paid') = ?`,
    )
    .pluck();
  const refunded = database
    .prepare<[string, number], number>(
      'SELECT coalesce(sum(amount), 0) FROM transfer WHERE request_id = ? AND credit = ?',
    )
    .pluck();
  return (accountId, requestId, { credit, isPaid }) => {
    const taken = charged.get(`charge:${requestId}:`, `charge:${requestId};`, accountId, isPaid ? 1 : 0) ?? 0;
    return taken - (refunded.get(requestId, credit) ?? 0);
  };
}
