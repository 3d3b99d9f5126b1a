import type { Command } from 'commander';
import type { PersonView } from '../../admin/people.ts';
import { group, leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { showTime } from '../show.ts';

/** `switchyard person ...` and `switchyard operator ...` */
export function addPersonCommands(program: Command, shell: Shell): void {
  const person = group(program, 'person', 'Who signs in: list, show, remove people');

  leaf(person, 'list', 'List people', [['switchyard person list --json', 'for programs']]).action(
    (options: CommonOptions) =>
      withSession(shell, options, async (session, output) => {
        const list = await session.call('person.list', {});
        output.result(list, (screen) => listPeople(screen, list.people));
        if (list.total > list.people.length)
          output.note(`${list.total - list.people.length} more are not shown.`);
      }),
  );

  leaf(person, 'show <person>', 'Show one person', [
    ['switchyard person show ann@example.com', 'by address or id'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const found = await session.call('person.show', { person: reference });
      output.result(found, (screen) => {
        screen.record([
          ['id', found.id],
          ['address', found.email],
          ['name', found.name],
          ['site', found.site],
          ['confirmed', yesNo(found.emailVerified)],
          ['two-factor', yesNo(found.twoFactor)],
          ['signs in by', found.methods.join(', ') || '-'],
          ['passkeys', String(found.passkeys)],
          ['sessions', String(found.sessions)],
          ['created (UTC)', showTime(found.createdAt)],
          ...found.memberships.map(({ account, accountName, role }): [string, string] => [
            'account',
            `${accountName} (${account}), ${role}`,
          ]),
        ]);
      });
    }),
  );

  leaf(person, 'remove <person>', 'Forget a person, and close accounts in which nobody else is', [
    ['switchyard person remove ann@example.com', 'receipts stay, without a name'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const removed = await session.call('person.remove', { person: reference });
      output.result(removed, (screen) => {
        screen.line(`Removed ${removed.id}.`);
        for (const account of removed.closedAccounts) screen.line(`Closed account ${account}.`);
      });
    }),
  );

  leaf(person, 'make-operator <person>', 'Let a person run this site', [
    ['switchyard person make-operator ann@example.com', 'they must have signed in once'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const made = await session.call('person.make-operator', { person: reference });
      output.result(made, (screen) => screen.line(`${made.email} is an operator of this site.`));
    }),
  );

  leaf(person, 'reset-link <person>', 'Make a link with which a person sets a new password', [
    ['switchyard person reset-link ann@example.com', 'works once, for one hour; pass it on yourself'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const made = await session.call('person.reset-link', { person: reference });
      output.result(made, (screen) => screen.line(made.link));
    }),
  );

  const operator = group(program, 'operator', 'Who runs this site');
  leaf(operator, 'link', 'Make a link that makes whoever opens it first an operator', [
    ['switchyard operator link', 'works once, for 24 hours'],
  ]).action((options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const made = await session.call('operator.link', {});
      output.result(made, (screen) => screen.line(made.link));
    }),
  );
}

function listPeople(screen: Screen, people: readonly PersonView[]): void {
  screen.table(
    [
      { title: 'ADDRESS' },
      { title: 'NAME' },
      { title: 'ID' },
      { title: 'SITE' },
      { title: 'CONFIRMED' },
      { title: 'TWO-FACTOR' },
      { title: 'ACCOUNTS', align: 'right' },
    ],
    people.map(({ email, name, id, site, emailVerified, twoFactor, memberships }) => [
      email,
      name,
      id,
      site,
      yesNo(emailVerified),
      yesNo(twoFactor),
      String(memberships.length),
    ]),
    'Nobody has signed up.',
  );
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
