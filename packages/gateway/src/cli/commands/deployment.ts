import type { Command } from 'commander';
import type { DeploymentView } from '../../admin/deployments.ts';
import { collect, group, leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { priceText, showAbilities, showTime } from '../show.ts';
import { given, splitList } from '../values.ts';

type AddOptions = CommonOptions & { account: string; model?: string; node?: string[] };
type OneOptions = CommonOptions & { account?: string };

/** `switchyard deployment ...` */
export function addDeploymentCommands(program: Command, shell: Shell): void {
  const deployment = group(
    program,
    'deployment',
    "Models of an account on the account's own machines: register, watch, remove",
  );

  leaf(deployment, 'add <name>', 'Give a model of private nodes a name that its account can ask for', [
    ['switchyard deployment add home --account alice --model qwen3:8b', 'then: "model": "home"'],
    ['switchyard deployment add home --account alice --node laptop', 'on this node only'],
  ])
    .requiredOption('--account <account>', 'whose it is')
    .option('--model <name>', 'what the nodes call the model (default: <name>)')
    .option('--node <node>', 'only this private node of the account; may be repeated', collect)
    .action((name: string, options: AddOptions) =>
      withSession(shell, options, async (session, output) => {
        const { account, model } = options;
        const nodes = options.node === undefined ? undefined : splitList(options.node);
        const made = await session.call('deployment.add', { name, account, ...given({ model, nodes }) });
        output.result(made, (screen) => showDeployment(screen, made));
      }),
    );

  leaf(deployment, 'list', 'List deployments with their live state', [
    ['switchyard deployment list --account alice', 'of one account'],
  ])
    .option('--account <account>', 'only those of this account')
    .action((options: OneOptions) =>
      withSession(shell, options, async (session, output) => {
        const list = await session.call('deployment.list', given({ account: options.account }));
        output.result(list, (screen) => listDeployments(screen, list.deployments));
      }),
    );

  leaf(deployment, 'show <deployment>', 'Show one deployment', [
    ['switchyard deployment show home --account alice', 'by name or id'],
  ])
    .option('--account <account>', 'whose it is, when several accounts use the name')
    .action((reference: string, options: OneOptions) =>
      withSession(shell, options, async (session, output) => {
        const found = await session.call('deployment.show', which(reference, options));
        output.result(found, (screen) => showDeployment(screen, found));
      }),
    );

  leaf(deployment, 'remove <deployment>', 'Take the name away; its receipts stay', [
    ['switchyard deployment remove home --account alice', 'requests get 404 from now on'],
  ])
    .option('--account <account>', 'whose it is, when several accounts use the name')
    .action((reference: string, options: OneOptions) =>
      withSession(shell, options, async (session, output) => {
        const gone = await session.call('deployment.remove', which(reference, options));
        output.result(gone, (screen) => screen.line(`Removed ${gone.name} (${gone.id}).`));
      }),
    );
}

function which(deployment: string, { account }: OneOptions) {
  return { deployment, ...given({ account }) };
}

function showDeployment(screen: Screen, deployment: DeploymentView): void {
  const { live } = deployment;
  screen.record([
    ['id', deployment.id],
    ['name', deployment.name],
    ['account', `${deployment.account.name} (${deployment.account.id})`],
    ['model of the nodes', deployment.model],
    ['nodes', showNodes(deployment)],
    ['state', showState(deployment)],
    ['slots', live === null ? '-' : `${live.freeSlots} of ${live.slots} free`],
    ['context tokens', live === null ? '-' : String(live.contextTokens)],
    ['max output tokens', live === null ? '-' : String(live.maxOutputTokens)],
    ['capabilities', live === null ? '-' : showAbilities(live.capabilities)],
    ['price', priceText(deployment.price)],
    ['created (UTC)', showTime(deployment.createdAt)],
  ]);
}

function showState({ state }: DeploymentView): string {
  return state === 'hidden' ? 'hidden: the catalogue has a model of this name' : state;
}

function showNodes({ nodes }: DeploymentView): string {
  if (nodes === null) return 'every private node of the account';
  return nodes.map(({ id, name }) => (name === '' ? id : name)).join(', ');
}

function listDeployments(screen: Screen, deployments: readonly DeploymentView[]): void {
  screen.table(
    [
      { title: 'NAME' },
      { title: 'ID' },
      { title: 'ACCOUNT' },
      { title: 'STATE' },
      { title: 'MODEL' },
      { title: 'NODES' },
    ],
    deployments.map((deployment) => [
      deployment.name,
      deployment.id,
      deployment.account.name,
      deployment.state,
      deployment.model,
      deployment.nodes === null ? 'all' : showNodes(deployment),
    ]),
    'There are no deployments yet. Add one with: switchyard deployment add NAME --account ACCOUNT',
  );
}
