import type { Command } from 'commander';
import type { AuditView, ReceiptView } from '../../admin/records.ts';
import { group, leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { showCredits, showTime } from '../show.ts';
import { parseCount } from '../values.ts';
import { addReceiptVerifyCommand } from './receipt-verify.ts';

/** `switchyard receipt ...` and `switchyard audit list` */
export function addRecordCommands(program: Command, shell: Shell): void {
  const receipt = group(program, 'receipt', 'What is kept of requests: metadata only');
  leaf(receipt, 'list <account>', 'List the newest requests of an account', [
    ['switchyard receipt list alice --limit 100', 'the newest 100'],
  ])
    .option('--limit <count>', 'how many, at most 1000', '20')
    .action((account: string, options: CommonOptions & { limit: string }) =>
      withSession(shell, options, async (session, output) => {
        const limit = parseCount(options.limit, '--limit');
        const list = await session.call('receipt.list', { account, limit });
        output.result(list, (screen) => listReceipts(screen, list.receipts));
      }),
    );

  addReceiptVerifyCommand(receipt, shell);

  const audit = group(program, 'audit', 'Who changed what');
  leaf(audit, 'list', "List the operator's newest actions", [
    ['switchyard audit list --limit 200', 'the newest 200'],
  ])
    .option('--limit <count>', 'how many, at most 10000', '50')
    .action((options: CommonOptions & { limit: string }) =>
      withSession(shell, options, async (session, output) => {
        const list = await session.call('audit.list', { limit: parseCount(options.limit, '--limit') });
        output.result(list, (screen) => listAudit(screen, list.entries));
      }),
    );
}

function listReceipts(screen: Screen, receipts: readonly ReceiptView[]): void {
  screen.table(
    [
      { title: 'STARTED (UTC)' },
      { title: 'REQUEST' },
      { title: 'MODEL' },
      { title: 'ROUTE' },
      { title: 'END' },
      { title: 'TIME MS', align: 'right' },
      { title: 'CREDITS', align: 'right' },
    ],
    receipts.map((receipt) => [
      showTime(receipt.startedAt),
      receipt.requestId,
      receipt.modelId,
      receipt.routeName === '' ? receipt.routeKind : `${receipt.routeKind} ${receipt.routeName}`,
      receipt.errorCode ?? receipt.end,
      String(Math.round(receipt.durationMs)),
      showCredits(receipt.charged),
    ]),
    'This account has no requests yet.',
  );
}

function listAudit(screen: Screen, entries: readonly AuditView[]): void {
  screen.table(
    [{ title: 'TIME (UTC)' }, { title: 'WHO' }, { title: 'ACTION' }, { title: 'WHAT' }, { title: 'DETAIL' }],
    entries.map((entry) => [showTime(entry.at), entry.actor, entry.action, entry.subject, entry.detail]),
    'Nothing was done yet.',
  );
}
