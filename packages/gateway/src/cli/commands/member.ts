import type { Command } from 'commander';
import type { MemberView } from '../../admin/members.ts';
import { group, leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { showMoney, showSpend, showTime } from '../show.ts';
import { given, parseCount, parseMoney, unlessNone } from '../values.ts';

type LimitOptions = {
  rpm?: string;
  concurrency?: string;
  dayLimit?: string;
  weekLimit?: string;
  monthLimit?: string;
};

/** `switchyard member ...` */
export function addMemberCommands(program: Command, shell: Shell): void {
  const member = group(program, 'member', 'People in an account: list, limit what they spend');

  leaf(member, 'list <account>', 'List the members of an account with their limits', [
    ['switchyard member list alice', 'the longest there first'],
    ['switchyard member list alice --json', 'for programs'],
  ]).action((account: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const list = await session.call('member.list', { account });
      output.result(list, (screen) => listMembers(screen, list.members));
    }),
  );

  leaf(member, 'limit <account> <person>', 'Limit all keys of a member together; "none" takes a limit away', [
    ['switchyard member limit alice bob@example.com --day-limit 5usd', 'counts what was spent today'],
    ['switchyard member limit alice bob@example.com --rpm 60 --day-limit none', 'another limit instead'],
  ])
    .option('--rpm <count>', 'requests per minute')
    .option('--concurrency <count>', 'requests at once')
    .option('--day-limit <amount>', 'most spent per UTC day: credits, or dollars as 5usd')
    .option('--week-limit <amount>', 'most spent per ISO week')
    .option('--month-limit <amount>', 'most spent per month')
    .action((account: string, person: string, options: CommonOptions & LimitOptions) =>
      withSession(shell, options, async (session, output) => {
        const changed = await session.call('member.limit', { account, person, ...limitsOf(options) });
        output.result(changed, (screen) => showMember(screen, changed));
      }),
    );
}

function limitsOf(options: LimitOptions) {
  return given({
    requestsPerMinute: unlessNone(options.rpm, '--rpm', parseCount),
    concurrency: unlessNone(options.concurrency, '--concurrency', parseCount),
    dayLimitMicros: unlessNone(options.dayLimit, '--day-limit', parseMoney),
    weekLimitMicros: unlessNone(options.weekLimit, '--week-limit', parseMoney),
    monthLimitMicros: unlessNone(options.monthLimit, '--month-limit', parseMoney),
  });
}

function showMember(screen: Screen, member: MemberView): void {
  screen.record([
    ['id', member.personId],
    ['address', member.email ?? '-'],
    ['name', member.name],
    ['role', member.role],
    ['keys', String(member.keys)],
    ['requests per minute', showLimit(member.requestsPerMinute)],
    ['requests at once', showLimit(member.concurrency)],
    ['spent today', showSpend(member.spend.day)],
    ['spent this week', showSpend(member.spend.week)],
    ['spent this month', showSpend(member.spend.month)],
    ['since (UTC)', showTime(member.since)],
  ]);
}

function listMembers(screen: Screen, members: readonly MemberView[]): void {
  screen.table(
    [
      { title: 'ADDRESS' },
      { title: 'NAME' },
      { title: 'ID' },
      { title: 'ROLE' },
      { title: 'KEYS', align: 'right' },
      { title: 'SPENT TODAY', align: 'right' },
      { title: 'LIMITS' },
    ],
    members.map((member) => [
      member.email ?? '-',
      member.name,
      member.personId,
      member.role,
      String(member.keys),
      showMoney(member.spend.day.spent),
      limitsText(member),
    ]),
    'Nobody is in this account. People join by an invitation from its Members page.',
  );
}

function limitsText({ spend, requestsPerMinute, concurrency }: MemberView): string {
  const windows = Object.entries(spend).flatMap(([name, { limit }]) =>
    limit === null ? [] : [`${showMoney(limit)} a ${name}`],
  );
  const rate = requestsPerMinute === null ? [] : [`${requestsPerMinute} a minute`];
  const atOnce = concurrency === null ? [] : [`${concurrency} at once`];
  return [...windows, ...rate, ...atOnce].join(', ') || '-';
}

function showLimit(limit: number | null): string {
  return limit === null ? 'no limit together' : String(limit);
}
