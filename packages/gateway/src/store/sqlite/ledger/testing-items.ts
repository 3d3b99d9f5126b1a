import { ZERO_MICROS, micros } from '../../../core/money.ts';
import type { ResolveItem, TransferItem } from '../../../ledger/journal.ts';
import type { Receipt } from '../../../ledger/ledger.ts';

/** Items as the ledger writes them, for tests. */
export function depositItem(accountId: string, amount: number, id = `dep:${accountId}`): TransferItem {
  const request = { id, accountId, kind: 'deposit', balance: 'paid', reason: '' } as const;
  return {
    type: 'transfer',
    request: { ...request, amountMicros: micros(amount) },
    lookUpOnly: false,
    atMs: 1,
  };
}

/** The end of a request whose charge comes from paid credit alone. */
export function resolveItem(receipt: Receipt): ResolveItem {
  return {
    type: 'resolve',
    receipt,
    charged: { promoMicros: ZERO_MICROS, paidMicros: receipt.chargedMicros },
    durableHold: undefined,
    earning: undefined,
    day: 20_000,
    atMs: 2,
  };
}
