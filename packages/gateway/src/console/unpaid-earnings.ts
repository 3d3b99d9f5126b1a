import type { AdminContext } from '../admin/context.ts';
import { fault, type Fault } from '../core/errors.ts';
import { dayOf } from '../receipts/days.ts';
import { readFault } from './usage.ts';

/**
 * Who ends an account must not lose by it what its nodes have earned: that is owed to them, and under a blanked account
 * nobody would know any more to whom. The operator can pay it, and can remove a person with the command line; then what was
 * earned stays booked. Undefined: nothing is owed.
 */
export async function refuseUnpaidEarnings(
  { clock, earnings }: Pick<AdminContext, 'clock' | 'earnings'>,
  accountId: string,
): Promise<Fault | undefined> {
  const today = dayOf(clock.nowMs());
  const answer = await earnings.earnings({ accountId, fromDay: today, toDay: today, groupBy: ['day'] });
  if (!answer.ok) return readFault(answer.error);
  const { pendingMicros, payableMicros } = answer.value.balance;
  return pendingMicros + payableMicros > 0 ? UNPAID : undefined;
}

const UNPAID = fault('invalid_request', {
  message:
    'The nodes of this account have earned money that is not paid yet. Ask the operator of this site to pay it, then close the account.',
});
