import { addUsage, NO_USAGE, type Usage } from '@switchyard/protocol/usage.ts';
import { addMicros, type Micros, ZERO_MICROS } from '../core/money.ts';
import { csvText } from './csv.ts';
import { dayText } from './days.ts';
import type { UsageGroup, UsageQuestion, UsageRow } from './reader.ts';
import { amountView, type AmountView, usageView, type UsageView } from './receipt-view.ts';

export type UsageEntry = Partial<Record<UsageGroup | 'key_name', string>> &
  UsageView & { requests: number; charged: AmountView };

export type UsageReport = {
  object: 'usage';
  /** First and last UTC day. */
  from: string;
  to: string;
  group_by: readonly UsageGroup[];
  data: UsageEntry[];
  total: UsageView & { requests: number; charged: AmountView };
};

/** The name that a person gave a key; undefined when it is gone. */
export type KeyNames = (keyId: string) => string | undefined;

export function usageReport(
  question: UsageQuestion,
  rows: readonly UsageRow[],
  keyName: KeyNames,
): UsageReport {
  let usage: Usage = NO_USAGE;
  let requests = 0;
  let charged: Micros = ZERO_MICROS;
  for (const row of rows) {
    usage = addUsage(usage, row.usage);
    requests += row.requests;
    charged = addMicros(charged, row.chargedMicros);
  }
  return {
    object: 'usage',
    from: dayText(question.fromDay),
    to: dayText(question.toDay),
    group_by: question.groupBy,
    data: rows.map((row) => entryOf(row, question.groupBy, keyName)),
    total: { requests, ...usageView(usage), charged: amountView(charged) },
  };
}

function entryOf(row: UsageRow, groups: readonly UsageGroup[], keyName: KeyNames): UsageEntry {
  const names: Partial<Record<UsageGroup | 'key_name', string>> = {};
  for (const group of groups) {
    names[group] = groupText(row, group);
    if (group === 'key') names.key_name = keyName(row.key ?? '') ?? '';
  }
  return {
    ...names,
    requests: row.requests,
    ...usageView(row.usage),
    charged: amountView(row.chargedMicros),
  };
}

function groupText(row: UsageRow, group: UsageGroup): string {
  return (group === 'day' ? (row.day === undefined ? undefined : dayText(row.day)) : row[group]) ?? '';
}

const SUM_COLUMNS = [
  'requests',
  'input_tokens',
  'image_input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'charged_micros',
  'charged_usd',
  'charged_credits',
] as const;

/** The entries of a report as CSV: the groups first, then the sums. Without the total, which a spreadsheet makes itself. */
export function usageCsv(report: UsageReport): string {
  const groups = report.group_by.flatMap((group) =>
    group === 'key' ? (['key', 'key_name'] as const) : [group],
  );
  const rows = report.data.map((entry) => [
    ...groups.map((group) => entry[group] ?? ''),
    entry.requests,
    entry.input_tokens,
    entry.image_input_tokens,
    entry.cache_read_tokens,
    entry.cache_write_tokens,
    entry.output_tokens,
    entry.reasoning_tokens,
    entry.charged.micros,
    entry.charged.usd,
    entry.charged.credits,
  ]);
  return csvText([[...groups, ...SUM_COLUMNS], ...rows]);
}
