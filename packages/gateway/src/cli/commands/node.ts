import type { Command } from 'commander';
import type { NewNodeView } from '../../admin/nodes.ts';
import type { NodeView } from '../../admin/views.ts';
import { group, leaf, onlyName, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Output, Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { showTime } from '../show.ts';
import { given } from '../values.ts';
import { addSanctionCommands } from './node-sanctions.ts';

type AddOptions = CommonOptions & {
  name?: string;
  pool?: string;
  account?: string;
  kind: string;
  private?: boolean;
};

/** `switchyard node ...` */
export function addNodeCommands(program: Command, shell: Shell): void {
  const node = group(program, 'node', 'Machines that serve models: register, watch, remove');

  leaf(node, 'add [name]', 'Register a machine and show its token, this once', [
    ['switchyard node add gpu-1 --pool main', 'then paste what it shows on that machine'],
    ['switchyard node add laptop --private --account alice', "for alice's own deployments"],
  ])
    .option('--pool <name>', 'the pool that it serves; a private node needs none')
    .option('--name <name>', 'the same as [name]')
    .option('--account <account>', 'who owns it (default: the operator)')
    .option('--kind <kind>', 'shared: serves everyone; private: serves its own account', 'shared')
    .option('--private', 'the same as --kind private')
    .action((argument: string | undefined, options: AddOptions) =>
      withSession(shell, options, async (session, output) => {
        const name = onlyName(argument, options.name);
        const { pool, account } = options;
        const kind = options.private === true ? 'private' : (options.kind as 'shared' | 'private');
        showNewNode(output, await session.call('node.add', { name, kind, ...given({ pool, account }) }));
      }),
    );

  leaf(node, 'list', 'List nodes with their live state', [
    ['switchyard node list', 'those that may connect'],
    ['switchyard node list --removed', 'removed ones too'],
  ])
    .option('--removed', 'removed nodes too')
    .action((options: CommonOptions & { removed?: boolean }) =>
      withSession(shell, options, async (session, output) => {
        const list = await session.call('node.list', { removed: options.removed === true });
        output.result(list, (screen) => listNodes(screen, list.nodes));
      }),
    );

  leaf(node, 'show <node>', 'Show one node', [['switchyard node show gpu-1', 'by name or id']]).action(
    (reference: string, options: CommonOptions) =>
      withSession(shell, options, async (session, output) => {
        const found = await session.call('node.show', { node: reference });
        output.result(found, (screen) => showNode(screen, found));
      }),
  );

  leaf(node, 'suspend <node>', 'End its session and refuse it until it is resumed', [
    ['switchyard node suspend gpu-1 --reason "wrong answers"', 'takes effect at once'],
  ])
    .option('--reason <text>', 'why, for the records', 'suspended by the operator')
    .action((reference: string, options: CommonOptions & { reason: string }) =>
      withSession(shell, options, async (session, output) => {
        const changed = await session.call('node.suspend', { node: reference, reason: options.reason });
        output.result(changed, (screen) => screen.line(`Suspended ${changed.name} (${changed.id}).`));
      }),
    );

  addSimpleCommands(node, shell);
  addSanctionCommands(node, shell);
}

function addSimpleCommands(node: Command, shell: Shell): void {
  leaf(node, 'resume <node>', 'Let a suspended node in again', [
    ['switchyard node resume gpu-1', 'its connector comes back by itself'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const changed = await session.call('node.resume', { node: reference });
      output.result(changed, (screen) => screen.line(`Resumed ${changed.name} (${changed.id}).`));
    }),
  );

  leaf(node, 'rotate <node>', 'Give a node another token; the old one is refused at once', [
    ['switchyard node rotate gpu-1', 'when a token may have leaked'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      showNewNode(output, await session.call('node.rotate', { node: reference }));
    }),
  );

  leaf(node, 'remove <node>', 'Refuse its token for ever and end its session', [
    ['switchyard node remove gpu-1', 'its receipts stay'],
  ]).action((reference: string, options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const changed = await session.call('node.remove', { node: reference });
      output.result(changed, (screen) => screen.line(`Removed ${changed.name} (${changed.id}).`));
    }),
  );
}

function showNewNode(output: Output, made: NewNodeView): void {
  output.result(made, (screen) => {
    showNode(screen, made.node);
    screen.secret('token', made.token);
  });
  output.note(
    `\nTo connect it, paste this on its machine, in the folder of the program:\n\n  ${made.connect}`,
  );
}

function showNode(screen: Screen, node: NodeView): void {
  const { session } = node;
  const models = session?.models.map(
    ({ alias, busySlots, slots }) => `${alias} (${busySlots} of ${slots} slots busy)`,
  );
  screen.record([
    ['id', node.id],
    ['name', node.name],
    ['pool', node.pool === '' ? '-' : node.pool],
    ['kind', node.kind],
    ['account', `${node.account.name} (${node.account.id})`],
    ['state', node.state],
    ...(node.suspendedReason === null ? [] : [['suspended because', node.suspendedReason] as const]),
    ['share of jobs', `${Math.round(node.jobShare * 100)} % of the usual`],
    ...(node.banned === null
      ? []
      : [
          ['banned until (UTC)', showTime(node.banned.until)] as const,
          ['banned because', node.banned.because] as const,
        ]),
    ...(node.reduced === null
      ? []
      : [
          ['reduced until (UTC)', showTime(node.reduced.until)] as const,
          ['reduced because', node.reduced.because] as const,
        ]),
    ['token', `nk_${node.kid}_...`],
    ['created (UTC)', showTime(node.createdAt)],
    ['removed (UTC)', showTime(node.revokedAt)],
    ['connected (UTC)', showTime(session?.connectedAt ?? null)],
    ['engine', session?.engine ?? '-'],
    ['models', models === undefined || models.length === 0 ? '-' : models.join(', ')],
  ]);
}

function listNodes(screen: Screen, nodes: readonly NodeView[]): void {
  screen.table(
    [
      { title: 'NAME' },
      { title: 'ID' },
      { title: 'POOL' },
      { title: 'KIND' },
      { title: 'STATE' },
      { title: 'ENGINE' },
      { title: 'MODELS' },
      { title: 'CONNECTED (UTC)' },
    ],
    nodes.map((node) => [
      node.name,
      node.id,
      node.pool === '' ? '-' : node.pool,
      node.kind,
      node.state,
      node.session?.engine ?? '-',
      node.session?.models.map((model) => model.alias).join(',') ?? '-',
      showTime(node.session?.connectedAt ?? null),
    ]),
    'There are no nodes yet. Register one with: switchyard node add NAME --pool POOL',
  );
}
