import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { historyOfModel, historyView } from '../admin/availability.ts';
import type { AdminContext } from '../admin/context.ts';
import { listModels, type ModelView } from '../admin/models.ts';
import { ok } from '../core/result.ts';
import { type ConsoleRow, openRow } from './row.ts';

/** The catalogue for everyone: prices, and how each model is doing. */
export function modelRow(): ConsoleRow {
  return openRow({
    method: 'GET',
    path: '/api/console/models',
    run({ admin }) {
      const all = listModels(admin);
      if (!all.ok) return all;
      const shown = all.value.models.filter(({ hidden }) => !hidden);
      return ok({ models: shown.map((model) => withHistory(admin, model)) });
    },
  });
}

function withHistory(admin: AdminContext, view: ModelView): ConsoleModel {
  const model = admin.models.find(view.id);
  const { history } = admin;
  const known = history === undefined || model === undefined ? undefined : history.of(historyOfModel(model));
  return { ...publicModel(view), history: known === undefined ? null : historyView(known) };
}

/** Without the operator's routes. */
export function publicModel(view: ModelView): Omit<ConsoleModel, 'history'> {
  const { hidden: _hidden, routes: _routes, state, ...model } = view;
  return {
    ...model,
    available: state?.available ?? false,
    expectedWaitSeconds: state?.expectedWaitSeconds ?? null,
    nodesOnline: state?.nodesOnline ?? 0,
    freeSlots: state?.freeSlots ?? 0,
  };
}
