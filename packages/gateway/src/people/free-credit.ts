import { createHmac } from 'node:crypto';
import type { PeopleDeps } from './deps.ts';
import { isPlaceholder, mailboxOf } from './email-address.ts';
import { customerOf } from '../core/network.ts';
import type { StoredPerson } from './store.ts';

const DAY_MS = 86_400_000;

export type FreeCreditDeps = Pick<
  PeopleDeps,
  'clock' | 'store' | 'ledger' | 'welcomeMicros' | 'freeCreditsPerAddress' | 'digestKey'
>;

/**
 * Gives the welcome credit to a person's own account: once per mailbox ever, also when the person was deleted in
 * between, only for a proved address, and only so often per network address in 24 hours. The claim is noted before the
 * money moves, and the posting has the id that the account's welcome always has: whatever dies in between, the next
 * call ends it, and nothing is given twice. Who is refused today may ask again tomorrow.
 * @param address where the person's session began
 */
export async function giveFreeCredit(
  deps: FreeCreditDeps,
  person: Pick<StoredPerson, 'email' | 'emailVerified'>,
  { accountId, address }: { accountId: string; address: string },
): Promise<void> {
  if (!person.emailVerified || isPlaceholder(person.email) || deps.welcomeMicros <= 0) return;
  const emailDigest = digest(deps, 'email', mailboxOf(person.email));
  const claimed = deps.store.transaction(() => {
    const known = deps.store.freeCredit(emailDigest);
    if (known !== undefined) return known.accountId === accountId;
    const atMs = deps.clock.nowMs();
    const addressDigest = digest(deps, 'address', customerOf(address));
    if (deps.store.countFreeCredits(addressDigest, atMs - DAY_MS) >= deps.freeCreditsPerAddress) return false;
    deps.store.putFreeCredit({ emailDigest, accountId, addressDigest, atMs });
    return true;
  });
  if (!claimed) return;
  // A failed ledger has told the operator; the next sign-in tries again.
  await deps.ledger.transfer({
    id: `welcome:${accountId}`,
    accountId,
    kind: 'gift',
    balance: 'promo',
    amountMicros: deps.welcomeMicros,
    reason: 'welcome credit',
  });
}

function digest({ digestKey }: Pick<PeopleDeps, 'digestKey'>, kind: string, text: string): string {
  return createHmac('sha256', digestKey).update(`${kind}:${text}`).digest('base64');
}
