import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { historyOfModel, historyView } from '../admin/availability.ts';
import type { AdminContext } from '../admin/context.ts';
import { viewModels, type ModelView } from '../admin/models.ts';
import { timeView } from '../admin/views.ts';
import { ok } from '../core/result.ts';
import { type ConsoleRow, openRow } from './row.ts';

/** The catalogue for everyone: prices, and how each model is doing. */
export function modelRow(): ConsoleRow {
  return openRow({
    method: 'GET',
    path: '/api/console/models',
    run: ({ admin }) => ok({ models: shownModels(admin) }),
  });
}

/** All that everyone may know of the models, and how each is doing. */
export function shownModels(admin: AdminContext): ConsoleModel[] {
  return viewModels(admin)
    .filter(({ hidden }) => !hidden)
    .map((view) => withHistory(admin, view));
}

function withHistory({ history, firstContent }: AdminContext, view: ModelView): ConsoleModel {
  const model = publicModel(view);
  const name = historyOfModel(view);
  const state = history?.now(name);
  const known = history?.of(name);
  return {
    ...model,
    availableSince: state?.available === model.available ? timeView(state.sinceMs) : null,
    firstContentMs: firstContent?.medianMs(view.id) ?? null,
    history: known === undefined ? null : historyView(known),
  };
}

/** Without the operator's routes. */
export function publicModel(
  view: ModelView,
): Omit<ConsoleModel, 'history' | 'availableSince' | 'firstContentMs'> {
  const { hidden: _hidden, routes: _routes, state, ...model } = view;
  return {
    ...model,
    available: state?.available ?? false,
    expectedWaitSeconds: state?.expectedWaitSeconds ?? null,
    nodesOnline: state?.nodesOnline ?? 0,
    freeSlots: state?.freeSlots ?? 0,
  };
}
