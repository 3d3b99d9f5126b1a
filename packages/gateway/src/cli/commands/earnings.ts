import type { Command } from 'commander';
import type { EarningsEntry, EarningsReport } from '../../receipts/earnings-report.ts';
import { earningsCsv } from '../../receipts/earnings-report.ts';
import { leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import { usageFailure } from '../failure.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { showTime } from '../show.ts';
import { given } from '../values.ts';

type EarningsOptions = CommonOptions & { from?: string; to?: string; by?: string; csv?: boolean };

/** `switchyard earnings` */
export function addEarningsCommand(program: Command, shell: Shell): void {
  leaf(
    program,
    'earnings [account-or-node]',
    'Show what nodes earned, by day and node, and what is payable',
    [
      ['switchyard earnings alice', 'the nodes of alice, the last 30 days'],
      ['switchyard earnings gpu-1 --from 2026-11-01 --to 2026-11-30', 'one node in November'],
      ['switchyard earnings alice --by model', 'with the share of each model'],
      ['switchyard earnings --by account --csv', 'all owners, for a spreadsheet'],
    ],
  )
    .option('--from <day>', 'first UTC day (default: 29 days before the last)')
    .option('--to <day>', 'last UTC day (default: today)')
    .option('--by <groups>', 'some of day, node, model, account, with commas (default: day,node)')
    .option('--csv', 'write comma-separated values')
    .action((reference: string | undefined, options: EarningsOptions) =>
      withSession(shell, options, async (session, output) => {
        const { from, to, by } = options;
        if (options.csv === true && options.json === true) {
          throw usageFailure('--csv and --json exclude each other', 'Leave one of them out.');
        }
        const report = await session.call('earning.show', given({ of: reference, from, to, by }));
        if (options.csv === true) output.text(earningsCsv(report));
        else output.result(report, (screen) => showReport(screen, report));
      }),
    );
}

const TITLES = {
  day: 'DAY (UTC)',
  node: 'NODE',
  model: 'MODEL',
  account: 'OWNER',
} as const;

function showReport(screen: Screen, report: EarningsReport): void {
  const { group_by: groups, total, balance } = report;
  const hasShare = groups.includes('model');
  const sums = (entry: EarningsReport['total']): string[] => [
    String(entry.jobs),
    entry.earned.credits,
    entry.taken_back.credits,
    entry.pending.credits,
    entry.matured.credits,
  ];
  screen.table(
    [
      ...groups.map((group) => ({ title: TITLES[group] })),
      ...(hasShare ? [{ title: 'SHARE', align: 'right' as const }] : []),
      ...['JOBS', 'EARNED', 'TAKEN BACK', 'PENDING', 'MATURED'].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ],
    report.data.map((entry) => [
      ...groups.map((group) => groupText(entry, group)),
      ...(hasShare ? [shareText(entry.share_bps)] : []),
      ...sums(entry),
    ]),
    'Nothing was earned in these days.',
  );
  screen.record([
    ['days', `${report.from} to ${report.to}, in credits`],
    ['earned', `${total.earned.credits} by ${total.jobs} jobs, taken back ${total.taken_back.credits}`],
    ['pending', balance.pending.credits],
    ...(balance.next === null
      ? []
      : [
          ['next', `${balance.next.amount.credits} payable from ${showTime(balance.next.at)} (UTC)`] as [
            string,
            string,
          ],
        ]),
    ['payable', balance.payable.credits],
    ['paid out', balance.paid.credits],
  ]);
}

/** A name where there is one; else the id. */
function groupText(entry: EarningsEntry, group: keyof typeof TITLES): string {
  const name = group === 'node' ? entry.node_name : group === 'account' ? entry.account_name : undefined;
  return name === undefined || name === '' ? (entry[group] ?? '') : name;
}

/** Basis points as percent: 7 000 is 70 %. */
function shareText(bps: number | null | undefined): string {
  return bps === null || bps === undefined ? '-' : `${bps / 100} %`;
}
