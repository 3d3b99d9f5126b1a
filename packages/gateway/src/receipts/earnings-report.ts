import { addMicros, type Micros, subtractMicros, ZERO_MICROS } from '../core/money.ts';
import { csvText } from './csv.ts';
import { dayText } from './days.ts';
import type { EarningsAnswer, EarningsGroup, EarningsQuestion, EarningsRow } from './earnings.ts';
import { amountView, type AmountView } from './receipt-view.ts';

/** `earned` = `taken_back` + `pending` + `matured`. What has matured is payable, or was paid. */
type EarningsSums = {
  jobs: number;
  earned: AmountView;
  taken_back: AmountView;
  pending: AmountView;
  matured: AmountView;
};

type EarningsName = EarningsGroup | 'node_name' | 'account_name';

/** `share_bps`: what of a charge for this model goes to the node's owner now, in hundredths of a percent. */
export type EarningsEntry = Partial<Record<EarningsName, string>> & {
  share_bps?: number | null;
} & EarningsSums;

export type EarningsReport = {
  object: 'earnings';
  /** First and last UTC day. An earning belongs to the day on which its job ended. */
  from: string;
  to: string;
  group_by: readonly EarningsGroup[];
  data: EarningsEntry[];
  total: EarningsSums;
  /** Of the account, whatever the days. `next`: when the next part of what is pending becomes payable. */
  balance: {
    pending: AmountView;
    payable: AmountView;
    paid: AmountView;
    next: { at: string; amount: AmountView } | null;
  };
};

/** Names for ids, and today's shares; undefined for what is gone. */
export type EarningsNames = {
  node(nodeId: string): string | undefined;
  account(accountId: string): string | undefined;
  shareBps(modelId: string): number | undefined;
};

/** The report of owners and operators alike: what was earned in a range of days, and where it stands. Pure. */
export function earningsReport(
  question: EarningsQuestion,
  { rows, balance }: EarningsAnswer,
  names: EarningsNames,
): EarningsReport {
  const total = rows.reduce(
    (sum, row) => ({
      jobs: sum.jobs + row.jobs,
      earnedMicros: addMicros(sum.earnedMicros, row.earnedMicros),
      reversedMicros: addMicros(sum.reversedMicros, row.reversedMicros),
      pendingMicros: addMicros(sum.pendingMicros, row.pendingMicros),
    }),
    { jobs: 0, earnedMicros: ZERO_MICROS, reversedMicros: ZERO_MICROS, pendingMicros: ZERO_MICROS },
  );
  const { next } = balance;
  return {
    object: 'earnings',
    from: dayText(question.fromDay),
    to: dayText(question.toDay),
    group_by: question.groupBy,
    data: rows.map((row) => ({ ...groupsOf(row, names), ...sumsOf(row) })),
    total: sumsOf(total),
    balance: {
      pending: amountView(balance.pendingMicros),
      payable: amountView(balance.payableMicros),
      paid: amountView(balance.paidMicros),
      next:
        next === undefined
          ? null
          : { at: new Date(next.atMs).toISOString(), amount: amountView(next.amountMicros) },
    },
  };
}

function groupsOf(
  { day, account, node, model }: EarningsRow,
  names: EarningsNames,
): Partial<Record<EarningsName, string>> & { share_bps?: number | null } {
  return {
    ...(day === undefined ? {} : { day: dayText(day) }),
    ...(account === undefined ? {} : { account, account_name: names.account(account) ?? '' }),
    ...(node === undefined ? {} : { node, node_name: names.node(node) ?? '' }),
    ...(model === undefined ? {} : { model, share_bps: names.shareBps(model) ?? null }),
  };
}

function sumsOf(row: {
  jobs: number;
  earnedMicros: Micros;
  reversedMicros: Micros;
  pendingMicros: Micros;
}): EarningsSums {
  const left = subtractMicros(row.earnedMicros, row.reversedMicros);
  return {
    jobs: row.jobs,
    earned: amountView(row.earnedMicros),
    taken_back: amountView(row.reversedMicros),
    pending: amountView(row.pendingMicros),
    matured: amountView(subtractMicros(left, row.pendingMicros)),
  };
}

const AMOUNTS = ['earned', 'taken_back', 'pending', 'matured'] as const;

const COLUMNS_OF: Record<EarningsGroup, readonly (EarningsName | 'share_bps')[]> = {
  day: ['day'],
  account: ['account', 'account_name'],
  node: ['node', 'node_name'],
  model: ['model', 'share_bps'],
};

/** The entries of a report as CSV: the groups first, then the sums. Without total and balance. */
export function earningsCsv(report: EarningsReport): string {
  const groups = report.group_by.flatMap((group) => COLUMNS_OF[group]);
  const header = AMOUNTS.flatMap((name) => [`${name}_micros`, `${name}_usd`, `${name}_credits`]);
  const rows = report.data.map((entry) => [
    ...groups.map((name) => entry[name] ?? ''),
    entry.jobs,
    ...AMOUNTS.flatMap((name) => [entry[name].micros, entry[name].usd, entry[name].credits]),
  ]);
  return csvText([[...groups, 'jobs', ...header], ...rows]);
}
