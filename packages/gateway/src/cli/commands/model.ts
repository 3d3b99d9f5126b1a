import type { Command } from 'commander';
import type { ModelState } from '../../admin/context.ts';
import type { ModelView } from '../../admin/models.ts';
import { group, leaf, withSession } from '../command.ts';
import type { Shell } from '../command.ts';
import type { Screen } from '../output.ts';
import type { CommonOptions } from '../session.ts';
import { priceText, showAbilities } from '../show.ts';

/** `switchyard model ...` */
export function addModelCommands(program: Command, shell: Shell): void {
  const model = group(program, 'model', 'The catalogue: models, prices, availability');

  leaf(model, 'list', 'List every model with its price', [
    ['switchyard model list --json', 'for programs'],
  ]).action((options: CommonOptions) =>
    withSession(shell, options, async (session, output) => {
      const list = await session.call('model.list', {});
      output.result(list, (screen) => listModels(screen, list.models));
    }),
  );

  leaf(model, 'show <model>', 'Show one model', [['switchyard model show demo', 'by id or alias']]).action(
    (name: string, options: CommonOptions) =>
      withSession(shell, options, async (session, output) => {
        const found = await session.call('model.show', { model: name });
        output.result(found, (screen) => showModel(screen, found));
      }),
  );
}

function listModels(screen: Screen, models: readonly ModelView[]): void {
  screen.table(
    [{ title: 'ID' }, { title: 'KIND' }, { title: 'PRICE' }, { title: 'AVAILABLE' }, { title: 'ROUTES' }],
    models.map((model) => [
      model.hidden ? `${model.id} (hidden)` : model.id,
      model.kind,
      priceText(model.price),
      stateText(model.state),
      model.routes.map(routeText).join(', '),
    ]),
    'The catalogue is empty. Add models to the configuration, under "models".',
  );
}

function showModel(screen: Screen, model: ModelView): void {
  screen.record([
    ['id', model.id],
    ['name', model.displayName],
    ['description', model.description === '' ? '-' : model.description],
    ['kind', model.kind],
    ['aliases', model.aliases.length === 0 ? '-' : model.aliases.join(', ')],
    ['variant of', model.variantOf ?? '-'],
    ['hidden', model.hidden ? 'yes' : 'no'],
    ['context tokens', String(model.contextTokens)],
    ['max output tokens', String(model.maxOutputTokens)],
    ['capabilities', showAbilities(model.capabilities)],
    ['price', priceText(model.price)],
    ['price version', model.price.version],
    [
      'next price',
      model.nextPrice === null ? '-' : `${priceText(model.nextPrice)} from ${model.nextPrice.from}`,
    ],
    ['routes', model.routes.map(routeText).join(', ')],
    ['available', stateText(model.state)],
  ]);
}

function stateText(state: ModelState | null): string {
  if (state === null) return 'unknown: no gateway runs';
  if (!state.available) return 'no';
  return state.slots === 0 ? 'yes' : `yes, ${state.freeSlots} of ${state.slots} slots free`;
}

function routeText(route: ModelView['routes'][number]): string {
  switch (route.kind) {
    case 'pool':
      return `pool ${route.pool}`;
    case 'upstream':
      return `upstream ${route.upstream}`;
    case 'deployment':
      return 'private nodes';
  }
}
