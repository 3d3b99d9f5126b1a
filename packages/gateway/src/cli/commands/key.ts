import type { Command } from 'commander';
import type { Scope } from '../../accounts/account.ts';
import type { NewKeyView } from '../../admin/keys.ts';
import type { KeyView, PersonName } from '../../admin/views.ts';
import { collect, group, leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Output, Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { showCredits, showList, showSpend, showTime } from '../show.ts';
import { given, parseCount, parseDuration, parseMoney, splitList, unlessNone } from '../values.ts';

type CreateOptions = { scopes?: string[]; person?: string };

type LimitOptions = {
  name?: string;
  models?: string[];
  deployments?: string[];
  rpm?: string;
  concurrency?: string;
  dayLimit?: string;
  weekLimit?: string;
  monthLimit?: string;
  expires?: string;
};

/** `switchyard key ...` */
export function addKeyCommands(program: Command, shell: Shell): void {
  const key = group(program, 'key', 'API keys: make, limit, revoke');

  limitOptions(
    leaf(key, 'create <account>', 'Make a key and show its secret, this once', [
      ['switchyard key create alice --name laptop', 'may use every model'],
      ['switchyard key create alice --name ci --models demo --day-limit 2usd --expires 30d', 'a careful one'],
      ['switchyard key create alice --name mine --person bob@example.com', 'of one member'],
      ['switchyard key create ops --name deploy --scopes admin', 'an admin key'],
    ]),
  )
    .option('--scopes <list>', 'inference, read, admin (default: inference,read)', collect)
    .option('--person <person>', 'whose it is, by address or id (default: the account)')
    .action((account: string, options: CommonOptions & LimitOptions & CreateOptions) =>
      withSession(shell, options, async (session, output) => {
        const scopes = options.scopes === undefined ? undefined : (splitList(options.scopes) as Scope[]);
        const input = {
          account,
          name: options.name ?? 'key',
          ...given({ scopes, person: options.person }),
          ...createLimits(options),
        };
        showNewKey(output, await session.call('key.create', input));
      }),
    );

  leaf(key, 'list', 'List keys, newest first', [
    ['switchyard key list --account alice', 'of one account'],
    ['switchyard key list --person bob@example.com', 'of one person'],
    ['switchyard key list --json', 'for programs'],
  ])
    .option('--account <account>', 'only the keys of this account')
    .option('--person <person>', 'only the keys of this person, by address or id')
    .action((options: CommonOptions & { account?: string; person?: string }) =>
      withSession(shell, options, async (session, output) => {
        const list = await session.call(
          'key.list',
          given({ account: options.account, person: options.person }),
        );
        output.result(list, (screen) => listKeys(screen, list.keys));
        if (list.total > list.keys.length)
          output.note(`${list.total - list.keys.length} older ones are not shown.`);
      }),
    );

  leaf(key, 'show <key>', 'Show one key, without its secret', [
    ['switchyard key show laptop', 'by name or id'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const found = await session.call('key.show', { key: reference });
      output.result(found, (screen) => showKey(screen, found));
    }),
  );

  limitOptions(
    leaf(key, 'update <key>', 'Change name, models, limits or expiry; "none" takes a limit away', [
      ['switchyard key update laptop --rpm 120 --day-limit 500', '500 credits a day'],
      ['switchyard key update laptop --models none --expires none', 'every model, for ever'],
    ]),
  ).action((reference: string, options: CommonOptions & LimitOptions) =>
    withSession(shell, options, async (session, output) => {
      const changed = await session.call('key.update', { key: reference, ...updateLimits(options) });
      output.result(changed, (screen) => showKey(screen, changed));
    }),
  );

  leaf(key, 'rotate <key>', 'Give a key another secret; the old one is refused at once', [
    ['switchyard key rotate laptop', 'keeps limits and history'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      showNewKey(output, await session.call('key.rotate', { key: reference }));
    }),
  );

  leaf(key, 'revoke <key>', 'Refuse a key from now on, for ever', [
    ['switchyard key revoke laptop', 'takes effect with the next request'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const changed = await session.call('key.revoke', { key: reference });
      output.result(changed, (screen) => screen.line(`Revoked ${changed.name} (${changed.id}).`));
    }),
  );
}

function limitOptions(command: Command): Command {
  return command
    .option('--name <name>', 'what people call it')
    .option('--models <list>', 'only these models, by id or alias', collect)
    .option('--deployments <list>', "only these of the account's own deployments", collect)
    .option('--rpm <count>', 'requests per minute')
    .option('--concurrency <count>', 'requests at once')
    .option('--day-limit <amount>', 'most spent per UTC day: credits, or dollars as 5usd')
    .option('--week-limit <amount>', 'most spent per ISO week')
    .option('--month-limit <amount>', 'most spent per month')
    .option('--expires <duration>', 'how long it is valid: 30d, 12h');
}

function createLimits(options: LimitOptions) {
  const { models, deployments, rpm, concurrency, dayLimit, weekLimit, monthLimit, expires } = options;
  return given({
    models: models === undefined ? undefined : splitList(models),
    deployments: deployments === undefined ? undefined : splitList(deployments),
    requestsPerMinute: rpm === undefined ? undefined : parseCount(rpm, '--rpm'),
    concurrency: concurrency === undefined ? undefined : parseCount(concurrency, '--concurrency'),
    dayLimitMicros: dayLimit === undefined ? undefined : parseMoney(dayLimit, '--day-limit'),
    weekLimitMicros: weekLimit === undefined ? undefined : parseMoney(weekLimit, '--week-limit'),
    monthLimitMicros: monthLimit === undefined ? undefined : parseMoney(monthLimit, '--month-limit'),
    expiresInMs: expires === undefined ? undefined : parseDuration(expires, '--expires'),
  });
}

function updateLimits(options: LimitOptions) {
  return given({
    name: options.name,
    models: unlessNone(options.models?.join(','), '--models', (text) => splitList([text])),
    deployments: unlessNone(options.deployments?.join(','), '--deployments', (text) => splitList([text])),
    requestsPerMinute: unlessNone(options.rpm, '--rpm', parseCount),
    concurrency: unlessNone(options.concurrency, '--concurrency', parseCount),
    dayLimitMicros: unlessNone(options.dayLimit, '--day-limit', parseMoney),
    weekLimitMicros: unlessNone(options.weekLimit, '--week-limit', parseMoney),
    monthLimitMicros: unlessNone(options.monthLimit, '--month-limit', parseMoney),
    expiresInMs: unlessNone(options.expires, '--expires', parseDuration),
  });
}

function showNewKey(output: Output, made: NewKeyView): void {
  output.result(made, (screen) => {
    showKey(screen, made.key);
    screen.secret('key', made.secret);
  });
}

function showKey(screen: Screen, key: KeyView): void {
  screen.record([
    ['id', key.id],
    ['name', key.name],
    ['ends in', key.last4],
    ['account', `${key.account.name} (${key.account.id})`],
    ['person', key.person === null ? '-' : showPerson(key.person)],
    ['state', key.state],
    ['scopes', key.scopes.join(', ')],
    ['models', showList(key.models, 'every model')],
    ['deployments', showList(key.deployments, key.models === null ? 'all of the account' : 'none')],
    ['requests per minute', key.requestsPerMinute === null ? 'as configured' : String(key.requestsPerMinute)],
    ['requests at once', key.concurrency === null ? 'as configured' : String(key.concurrency)],
    ['spent today', showSpend(key.spend.day)],
    ['spent this week', showSpend(key.spend.week)],
    ['spent this month', showSpend(key.spend.month)],
    ['created (UTC)', showTime(key.createdAt)],
    ['expires (UTC)', showTime(key.expiresAt)],
    ['revoked (UTC)', showTime(key.revokedAt)],
    ['last used (UTC)', showTime(key.lastUsedAt)],
  ]);
}

function showPerson({ id, name }: PersonName): string {
  return name === null ? `${id} (gone)` : `${name} (${id})`;
}

function listKeys(screen: Screen, keys: readonly KeyView[]): void {
  screen.table(
    [
      { title: 'NAME' },
      { title: 'ID' },
      { title: 'ACCOUNT' },
      { title: 'PERSON' },
      { title: 'STATE' },
      { title: 'ENDS IN' },
      { title: 'SCOPES' },
      { title: 'SPENT TODAY', align: 'right' },
      { title: 'LAST USED (UTC)' },
    ],
    keys.map((key) => [
      key.name,
      key.id,
      key.account.name,
      key.person === null ? '-' : (key.person.name ?? key.person.id),
      key.state,
      key.last4,
      key.scopes.join(','),
      showCredits(key.spend.day.spent),
      showTime(key.lastUsedAt),
    ]),
    'There are no keys yet. Make one with: switchyard key create ACCOUNT --name NAME',
  );
}
