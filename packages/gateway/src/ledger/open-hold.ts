import type { Micros } from '../core/money.ts';
import type { AccountState, HeldAmount, Legs } from './decide.ts';
import type { Hold, ReserveRequest, Resolution } from './ledger.ts';
import type { KeySpend } from './spend-windows.ts';

const ALREADY = Promise.resolve(true);

/** A hold knows how it was resolved, so nothing must be remembered about it after its owner has dropped it. */
export class OpenHold implements Hold, HeldAmount {
  readonly requestId: string;
  readonly accountId: string;
  readonly keyId: string;
  readonly amountMicros: Micros;
  readonly durable: boolean;
  readonly pinned: Legs;
  readonly account: AccountState;
  readonly key: KeySpend;
  /** Of a durable hold. Milliseconds since 1970. */
  readonly deadlineMs: number;
  /** Set by the first settle or release. */
  resolution: Promise<Resolution> | undefined = undefined;
  /** A durable hold was past its deadline and has given its money back. */
  isExpired = false;
  journaled: Promise<boolean> = ALREADY;

  constructor(
    request: ReserveRequest,
    owner: { account: AccountState; key: KeySpend; pinned: Legs; deadlineMs: number },
  ) {
    this.requestId = request.requestId;
    this.accountId = request.accountId;
    this.keyId = request.keyId;
    this.amountMicros = request.amountMicros;
    this.durable = request.durable;
    this.pinned = owner.pinned;
    this.account = owner.account;
    this.key = owner.key;
    this.deadlineMs = owner.deadlineMs;
  }
}

export function ownHold(hold: Hold): OpenHold {
  if (!(hold instanceof OpenHold)) throw new TypeError('a hold must come from reserve()');
  return hold;
}

/** How a further try of a resolved hold is answered. */
export function again(first: Resolution): Resolution {
  switch (first.outcome) {
    case 'settled':
      return { outcome: 'already-settled', chargedMicros: first.chargedMicros };
    case 'released':
      return { outcome: 'already-released' };
    case 'already-settled':
    case 'already-released':
    case 'expired':
    case 'ledger-unavailable':
      break;
  }
  return first;
}
