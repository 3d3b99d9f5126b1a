import type { Command } from 'commander';
import type { AccountView } from '../../admin/views.ts';
import { group, leaf, onlyName, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { balanceFields, showCredits, showTime } from '../show.ts';

/** `switchyard account ...` */
export function addAccountCommands(program: Command, shell: Shell): void {
  const account = group(program, 'account', 'Who pays: make, list, suspend accounts');

  leaf(account, 'create [name]', 'Make an account; it gets the welcome credit of the configuration', [
    ['switchyard account create alice', 'a person'],
    ['switchyard account create ops --role operator', 'an account that may have admin keys'],
  ])
    .option('--name <name>', 'the same as [name]')
    .option('--role <role>', 'person or operator', 'person')
    .action((argument: string | undefined, options: CommonOptions & { name?: string; role: string }) =>
      withSession(shell, options, async (session, output) => {
        const name = onlyName(argument, options.name);
        const role = options.role as 'person' | 'operator';
        const made = await session.call('account.create', { name, role });
        output.result(made, (screen) => showAccount(screen, made));
        output.note(`Next: switchyard key create ${made.id} --name "first key"`);
      }),
    );

  leaf(account, 'list', 'List accounts with their balances', [
    ['switchyard account list --json', 'for programs'],
  ]).action((options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const list = await session.call('account.list', {});
      output.result(list, (screen) => listAccounts(screen, list.accounts));
      if (list.total > list.accounts.length)
        output.note(`${list.total - list.accounts.length} more are not shown.`);
    }),
  );

  leaf(account, 'show <account>', 'Show one account', [
    ['switchyard account show alice', 'by name or id'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const found = await session.call('account.show', { account: reference });
      output.result(found, (screen) => showAccount(screen, found));
    }),
  );

  leaf(account, 'suspend <account>', 'Refuse all keys and nodes of an account until it is resumed', [
    ['switchyard account suspend alice', 'takes effect at once'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const changed = await session.call('account.suspend', { account: reference });
      output.result(changed, (screen) => screen.line(`Suspended ${changed.name} (${changed.id}).`));
    }),
  );

  leaf(account, 'resume <account>', 'Let a suspended account in again', [
    ['switchyard account resume alice', 'takes effect at once'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const changed = await session.call('account.resume', { account: reference });
      output.result(changed, (screen) => screen.line(`Resumed ${changed.name} (${changed.id}).`));
    }),
  );
}

function showAccount(screen: Screen, account: AccountView): void {
  screen.record([
    ['id', account.id],
    ['name', account.name],
    ['role', account.role],
    ['state', account.state],
    ['keys', String(account.keys)],
    ['created (UTC)', showTime(account.createdAt)],
    ...balanceFields(account.balance),
  ]);
}

function listAccounts(screen: Screen, accounts: readonly AccountView[]): void {
  screen.table(
    [
      { title: 'NAME' },
      { title: 'ID' },
      { title: 'ROLE' },
      { title: 'STATE' },
      { title: 'KEYS', align: 'right' },
      { title: 'AVAILABLE CREDITS', align: 'right' },
      { title: 'SPENT CREDITS', align: 'right' },
    ],
    accounts.map((account) => [
      account.name,
      account.id,
      account.role,
      account.state,
      String(account.keys),
      showCredits(account.balance.available),
      showCredits(account.balance.spent),
    ]),
    'There are no accounts yet. Make one with: switchyard account create NAME',
  );
}
