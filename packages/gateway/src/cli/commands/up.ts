import type { Command } from 'commander';
import type { FirstRunSecrets } from '../../admin/first-run.ts';
import { localAddress } from '../../admin/gateway-url.ts';
import type { Config, LoadedConfig } from '../../config/config.ts';
import { faultMessage } from '../../core/errors.ts';
import type { RunningGateway } from '../../main.ts';
import { examplesText } from '../command.ts';
import type { Shell } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { createOutput } from '../output.ts';
import type { Output } from '../output.ts';
import type { DemoConnector } from '../demo-connector.ts';
import { nextStopSignal } from '../signals.ts';
import { firstRunText } from '../welcome.ts';
import { DEMO_POOL, orStop, startFromFile, startOptions } from './start.ts';
import type { StartOptions } from './start.ts';

const DEMO_SLOTS = 2;

/** `switchyard up`: the gateway and, in a process of its own, a connector that serves the demo model through it. */
export function addUpCommand(program: Command, shell: Shell): void {
  startOptions(program.command('up').description('Try it out: run the gateway with the demo model beside it'))
    .addHelpText(
      'after',
      examplesText([
        ['switchyard up', 'shows a first key and an example request'],
        ['switchyard up --port 0 --data ./scratch', 'on a free port, with a data folder of its own'],
      ]),
    )
    .action((options: StartOptions) => up(shell, options));
}

async function up(shell: Shell, options: StartOptions): Promise<void> {
  const output = createOutput({ stdout: shell.streams.stderr, stderr: shell.streams.stderr }, false);
  // People watch this terminal: they want to hear of troubles, not of each request.
  const started = await startFromFile({ logLevel: 'warn', ...options }, output);
  const { gateway, loaded } = started;
  const firstRun = await orStop(started, () => prepareDataFolder(gateway, loaded, output));
  const address = localAddress(gateway.host, gateway.port);
  output.note(`The gateway listens on ${address}. Ctrl-C stops it.`);
  const { demoNodeToken } = await import('../../admin/first-run.ts');
  const token =
    firstRun?.node?.token ?? (await orStop(started, () => demoNodeToken({ ...gateway.admin, actor: 'up' })));
  const connector =
    token === undefined ? undefined : await startDemo({ address, token, config: loaded.config, output });
  if (connector === undefined) {
    output.note(
      `The demo model is off: it needs a pool "${DEMO_POOL}" with a model in the configuration, and its node.`,
    );
  }
  await nextStopSignal();
  await stopAll(gateway, connector);
  shell.endsAtOnce = true;
}

/** Makes a new data folder usable at once and shows its secrets, this once. */
async function prepareDataFolder(
  gateway: RunningGateway,
  loaded: LoadedConfig,
  output: Output,
): Promise<FirstRunSecrets | undefined> {
  const { firstRun } = await import('../../admin/first-run.ts');
  const demoPool = loaded.config.pools.some((pool) => pool.name === DEMO_POOL) ? DEMO_POOL : undefined;
  const made = await firstRun({ ...gateway.admin, actor: 'first-run' }, { demoPool });
  if (!made.ok) {
    throw new CommandFailure(`The data folder could not be prepared: ${faultMessage(made.error)}`, {
      code: made.error.code,
    });
  }
  if (made.value === undefined) return undefined;
  const model = loaded.config.models.find((one) => one.kind === 'text' && !one.hidden)?.id;
  const { makeOperatorLink } = await import('../../people/operator-link.ts');
  const { link } = await makeOperatorLink(gateway.people.deps, 'first-run');
  const address = localAddress(gateway.host, gateway.port);
  output.text(firstRunText(made.value, { address, model, operatorLink: link }));
  return made.value;
}

/** Requests that run need the connector to the end, so the gateway stops first. */
async function stopAll(gateway: RunningGateway, connector: DemoConnector | undefined): Promise<void> {
  await gateway.stop();
  await connector?.stop();
}

async function startDemo(options: {
  address: string;
  token: string;
  config: Config;
  output: Output;
}): Promise<DemoConnector | undefined> {
  const { address, token, config, output } = options;
  const aliases = demoAliases(config);
  if (aliases.length === 0) return undefined;
  const { DEMO_MODEL_NAME } = await import('@switchyard/connector/engines/demo-model.ts');
  const { startDemoConnector } = await import('../demo-connector.ts');
  return startDemoConnector({
    address,
    token,
    aliases,
    modelName: DEMO_MODEL_NAME,
    slots: DEMO_SLOTS,
    pictures: config.models.some(
      ({ kind, routes }) =>
        kind === 'image' && routes.some((route) => route.kind === 'pool' && route.pool === DEMO_POOL),
    ),
    writeLine: (line) => output.note(`demo node: ${line}`),
  });
}

/** The names under which models of the catalogue are asked of the demo pool. */
function demoAliases(config: Config): string[] {
  const aliases = new Set<string>();
  for (const model of config.models) {
    // Recipes have their own names.
    if (model.kind === 'image') continue;
    for (const route of model.routes) {
      if (route.kind === 'pool' && route.pool === DEMO_POOL) aliases.add(route.remoteModel);
    }
  }
  return [...aliases];
}
