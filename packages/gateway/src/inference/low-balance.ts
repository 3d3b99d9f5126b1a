import type { Receipt, Resolution } from '../ledger/ledger.ts';
import type { InferenceDeps } from './deps.ts';

/**
 * Told once, by the charge that takes the balance below the mark, when that charge is on disk. To be called in the tick
 * in which the ledger took it: by the time of the commit others may have been taken, and then each of them, or none,
 * would seem to be the one.
 */
export function lowBalanceNotice(
  { ledger, lowBalanceMicros, observer }: Pick<InferenceDeps, 'ledger' | 'lowBalanceMicros' | 'observer'>,
  { requestId, accountId, chargedMicros }: Receipt,
): (resolution: Pick<Resolution, 'outcome'>) => void {
  const { availableMicros, heldMicros } = ledger.balance(accountId);
  const left = availableMicros + heldMicros;
  const isCrossed = left < lowBalanceMicros && left + chargedMicros >= lowBalanceMicros;
  return ({ outcome }) => {
    if (isCrossed && outcome === 'settled') observer.balanceIsLow({ requestId, accountId });
  };
}
