import type { ConsoleBalance, Overview, SpendSummary } from '@switchyard/protocol/console/overview.ts';
import type { AdminContext } from '../admin/context.ts';
import { balanceView, timeView } from '../admin/views.ts';
import type { Fault } from '../core/errors.ts';
import type { Micros } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { RunningRequests } from '../limits/key-limits.ts';
import { dayOf } from '../receipts/days.ts';
import type { RecordReader, UsageRow } from '../receipts/reader.ts';
import { usageView } from '../receipts/receipt-view.ts';
import { type AccountCall, type ConsoleRow, memberRow } from './row.ts';
import { readFault } from './usage.ts';

export type BalanceSources = {
  /** Below this an account's balance counts as low. 0: never. */
  lowBalanceMicros: Micros;
  keyLimits: RunningRequests;
};

/** What a person sees first. */
export function overviewRow(deps: BalanceSources & { records: Pick<RecordReader, 'usage'> }): ConsoleRow {
  return memberRow('viewer', { method: 'GET', path: 'overview', run: (call) => readOverview(deps, call) });
}

export function consoleBalance(
  { lowBalanceMicros, keyLimits }: BalanceSources,
  { ledger }: Pick<AdminContext, 'ledger'>,
  accountId: string,
): ConsoleBalance {
  const balance = ledger.balance(accountId);
  return {
    ...balanceView(balance),
    runningRequests: keyLimits.running(accountId),
    low: balance.availableMicros < lowBalanceMicros,
    lowBelowMicros: lowBalanceMicros,
  };
}

async function readOverview(
  deps: BalanceSources & { records: Pick<RecordReader, 'usage'> },
  { admin, account }: AccountCall,
): Promise<Result<Overview, Fault>> {
  const today = dayOf(admin.clock.nowMs());
  const days = await deps.records.usage({
    accountId: account.id,
    fromDay: Math.max(0, today - 29),
    toDay: today,
    groupBy: ['day'],
  });
  if (!days.ok) return failed(readFault(days.error));
  const balance = consoleBalance(deps, admin, account.id);
  const last30Days = summaryOf(days.value);
  return ok({
    account: {
      id: account.id,
      name: account.name,
      suspended: account.suspended,
      createdAt: timeView(account.createdAtMs),
    },
    balance,
    today: summaryOf(days.value.filter(({ day }) => day === today)),
    last30Days,
    checklist: {
      keyMade: admin.registry.directory.keys(account.id).length > 0,
      credit: balance.deposited.micros > 0 || balance.allowance.micros > 0,
      firstRequest: last30Days.requests > 0 || balance.spent.micros > 0,
    },
  });
}

function summaryOf(rows: readonly UsageRow[]): SpendSummary {
  const sum = { requests: 0, totalTokens: 0, chargedMicros: 0 };
  for (const row of rows) {
    sum.requests += row.requests;
    sum.totalTokens += usageView(row.usage).total_tokens;
    sum.chargedMicros += row.chargedMicros;
  }
  return sum;
}
