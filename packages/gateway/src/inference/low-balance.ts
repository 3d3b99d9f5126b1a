import type { Receipt } from '../ledger/ledger.ts';
import type { InferenceDeps } from './deps.ts';

/** Told once, by the charge that takes the balance below the mark. */
export function noticeLowBalance(
  { ledger, lowBalanceMicros, observer }: Pick<InferenceDeps, 'ledger' | 'lowBalanceMicros' | 'observer'>,
  { requestId, accountId, chargedMicros }: Receipt,
): void {
  const { availableMicros, heldMicros } = ledger.balance(accountId);
  const left = availableMicros + heldMicros;
  if (left < lowBalanceMicros && left + chargedMicros >= lowBalanceMicros)
    observer.balanceIsLow({ requestId, accountId });
}
