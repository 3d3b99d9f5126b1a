import type { Database } from 'better-sqlite3';
import type { ItemOutcome, TransferDetail, TransferItem } from '../../../ledger/journal.ts';
import type { TransferKind } from '../../../ledger/ledger.ts';
import type { AccountRow, AccountRows } from './account-rows.ts';
import type { EarningsChanges } from './earnings-changes.ts';
import { type SYSTEM_ACCOUNT, TRANSFER_CODE } from './migrations.ts';
import { RefusedItemError } from './row-legs.ts';
import type { Tally } from './tally.ts';

type TransferParts = {
  accounts: AccountRows;
  tally: Tally;
  /** A refund of a request was written: what it earned somebody may have to go back, too. */
  onRefund: EarningsChanges['refunded'];
};

/**
 * Returns a function that writes transfers which come from outside of requests. It knows the ids that were used, and how
 * much of a charge is left to refund; both are looked up inside the batch's transaction.
 */
export function createTransferWriter(
  database: Database,
  { accounts, tally, onRefund }: TransferParts,
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
    const amount = Math.abs(request.amountMicros);
    if (existing !== undefined) {
      const { debit, credit, code, requestId = null } = sidesOf(accounts, item, false);
      const isSame =
        existing.debit === debit?.id &&
        existing.credit === credit?.id &&
        existing.amount === amount &&
        existing.code === code &&
        existing.reason === request.reason &&
        existing.requestId === requestId &&
        (detail?.type !== 'grant' || expiryOf.get(existing.credit) === detail.expiresAtMs);
      return isSame ? 'exists' : 'exists-with-other-content';
    }
    const { debit, credit, ...rest } = sidesOf(accounts, item, true);
    if (debit === undefined || credit === undefined)
      throw new RefusedItemError('a transfer out of an account without money');
    if (detail?.type === 'refund') {
      const isPaid = request.balance === 'paid';
      const most = refundable(request.accountId, detail.requestId, { credit: credit.id, isPaid });
      if (amount > most) return 'exceeds-charge';
    }
    tally.transfer({ ...rest, id: request.id, debit, credit, amount, reason: request.reason, atMs });
    if (detail?.type === 'refund') {
      onRefund({ id: request.id, requestId: detail.requestId, amountMicros: request.amountMicros, atMs });
    }
    return 'written';
  };
}

/** An account is undefined when it does not exist. */
type Sides = {
  debit: AccountRow | undefined;
  credit: AccountRow | undefined;
  code: number;
  requestId?: string;
};
type TransferContent = {
  debit: number;
  credit: number;
  amount: number;
  code: number;
  reason: string;
  requestId: string | null;
};

/** Where the money of a transfer comes from, or goes to when it is taken away. */
const OTHER_SIDE: Record<TransferKind, keyof typeof SYSTEM_ACCOUNT> = {
  deposit: 'cash',
  gift: 'promoExpense',
  adjustment: 'adjustmentExpense',
  refund: 'revenue',
};

/** `isNew`: rows that are missing are made. */
function sidesOf(accounts: AccountRows, { request, detail }: TransferItem, isNew: boolean): Sides {
  const { accountId, amountMicros, balance, kind } = request;
  const row = (owner: string, of: 'paid' | 'promo'): AccountRow | undefined =>
    isNew ? accounts.findOrMake(owner, of) : accounts.find(owner, of);
  switch (detail?.type) {
    case undefined: {
      const other = accounts.system(OTHER_SIDE[kind]);
      const own = row(accountId, balance);
      const code = TRANSFER_CODE[kind];
      return amountMicros > 0 ? { debit: other, credit: own, code } : { debit: own, credit: other, code };
    }
    case 'grant':
      return {
        debit: accounts.system('promoExpense'),
        credit: grantRow(accounts, { accountId, grantId: request.id, ...detail }, isNew),
        code: detail.balance === 'allowance' ? TRANSFER_CODE.allowance : TRANSFER_CODE.gift,
      };
    case 'expiry':
      return {
        debit: accounts.findGrant(accountId, detail.balance, detail.grantId),
        credit: accounts.system('promoExpense'),
        code: TRANSFER_CODE.expiry,
      };
    case 'move':
      return {
        debit: accounts.find(accountId, 'paid'),
        credit: row(detail.toAccountId, 'paid'),
        code: TRANSFER_CODE.transfer,
      };
    case 'refund':
      break;
  }
  return {
    debit: accounts.system('revenue'),
    credit: row(accountId, balance),
    code: TRANSFER_CODE.refund,
    requestId: detail.requestId,
  };
}

function grantRow(
  accounts: AccountRows,
  grant: TransferDetail & { type: 'grant' } & { accountId: string; grantId: string },
  isNew: boolean,
): AccountRow | undefined {
  const { accountId, grantId, balance } = grant;
  return isNew ? accounts.makeGrant(accountId, grant) : accounts.findGrant(accountId, balance, grantId);
}

/** What is left to refund of a request: what it took from paid credit, or from all else, less what went back there. */
function createRefundable(
  database: Database,
): (accountId: string, requestId: string, to: { credit: number; isPaid: boolean }) => number {
  const charged = database
    .prepare<[string, string, number], number>(
      `SELECT coalesce(sum(t.amount), 0) FROM receipt r
         JOIN transfer t ON t.seq > r.seq AND t.seq <= r.seq + r.legs
         JOIN account a ON a.id = t.debit
       WHERE r.request_id = ? AND t.kind IN (1, 3) AND a.owner = ? AND (a.kind = 'paid') = ?`,
    )
    .pluck();
  const refunded = database
    .prepare<[string, number], number>(
      'SELECT coalesce(sum(amount), 0) FROM transfer WHERE request_id = ? AND credit = ?',
    )
    .pluck();
  return (accountId, requestId, { credit, isPaid }) => {
    const taken = charged.get(requestId, accountId, isPaid ? 1 : 0) ?? 0;
    return taken - (refunded.get(requestId, credit) ?? 0);
  };
}
