import { z } from 'zod';
import type { OperatorModel } from '@switchyard/protocol/console/operator.ts';
import type { AdminContext } from '../admin/context.ts';
import { limitAmountField } from '../admin/fields.ts';
import { listModels, type ModelView, priceView } from '../admin/models.ts';
import type { PricePlan } from '../admin/price-plan.ts';
import type { Model, Price, Route } from '../catalog/model.ts';
import { fault, type Fault } from '../core/errors.ts';
import { ZERO_MICROS } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { dayOf, dayText } from '../receipts/days.ts';
import type { RecordReader } from '../receipts/reader.ts';
import { publicModel } from './models.ts';
import { type ConsoleRow, operatorRow, type PersonCall } from './row.ts';
import { readFault } from './usage.ts';

export type OperatorModelDeps = { plan: PricePlan; records: Pick<RecordReader, 'reprice'> };

const FIVE_YEARS_MS = 5 * 366 * 86_400_000;

const amount = limitAmountField;
/** Missing kinds of tokens cost what input or output costs, as in the configuration. */
const priceInput = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('flat'), amountMicros: amount() }),
  z
    .strictObject({
      type: z.literal('per-token'),
      inputMicrosPerMillion: amount(),
      outputMicrosPerMillion: amount(),
      imageInputMicrosPerMillion: amount().optional(),
      cacheReadMicrosPerMillion: amount().optional(),
      cacheWriteMicrosPerMillion: amount().optional(),
      reasoningMicrosPerMillion: amount().optional(),
      minimumMicros: amount().default(ZERO_MICROS),
    })
    .transform((price) => ({
      ...price,
      imageInputMicrosPerMillion: price.imageInputMicrosPerMillion ?? price.inputMicrosPerMillion,
      cacheReadMicrosPerMillion: price.cacheReadMicrosPerMillion ?? price.inputMicrosPerMillion,
      cacheWriteMicrosPerMillion: price.cacheWriteMicrosPerMillion ?? price.inputMicrosPerMillion,
      reasoningMicrosPerMillion: price.reasoningMicrosPerMillion ?? price.outputMicrosPerMillion,
    })),
]);
const preview = z.strictObject({ price: priceInput });
const change = z.strictObject({
  price: priceInput,
  from: z.iso.datetime('must be a time in UTC, as 2026-11-20T12:00:00Z').nullable(),
});

/** Models with all their prices, and how a price is changed. */
export function operatorModelRows(deps: OperatorModelDeps): ConsoleRow[] {
  return [
    operatorRow({ method: 'GET', path: 'models', run: ({ admin }) => shownModels(deps, admin) }),
    operatorRow({
      method: 'POST',
      path: 'models/:model/price/preview',
      input: preview,
      run: (call, { price }) => previewPrice(deps, call, price),
    }),
    operatorRow({
      method: 'PUT',
      path: 'models/:model/price',
      fresh: true,
      input: change,
      run: (call, input) => setPrice(deps, call, input),
    }),
  ];
}

function shownModels({ plan }: OperatorModelDeps, admin: AdminContext) {
  const all = listModels(admin);
  return all.ok ? ok({ models: all.value.models.map((model) => operatorModel(plan, admin, model)) }) : all;
}

function routesOf(admin: AdminContext, modelId: string): OperatorModel['routes'] {
  const routes = admin.models.all().find(({ id }) => id === modelId)?.routes ?? [];
  return routes.map((route) => {
    const { kind, remoteModel: model } = route;
    return { kind, target: targetOf(route), model };
  });
}

function targetOf(route: Route): string {
  switch (route.kind) {
    case 'pool':
      return route.pool;
    case 'upstream':
      return route.upstream;
    case 'deployment':
      return route.deployment;
  }
}

function operatorModel(plan: PricePlan, admin: AdminContext, view: ModelView): OperatorModel {
  return {
    ...publicModel(view),
    hidden: view.hidden,
    routes: routesOf(admin, view.id),
    slots: view.state?.slots ?? 0,
    waiting: view.state?.waiting ?? 0,
    prices: plan.versions(view.id).map(({ fromMs, source, ...entry }) => ({
      from: fromMs === -Infinity ? null : new Date(fromMs).toISOString(),
      source,
      ...priceView(entry),
    })),
  };
}

/** By id only: a price belongs to one model, whatever its aliases mean later. Errors: `model_not_found`, `invalid_request`. */
function pricedModel({ admin, params }: PersonCall, price: Price): Result<Model, Fault> {
  const model = admin.models.all().find(({ id }) => id === params['model']);
  if (model === undefined) return failed(fault('model_not_found', { param: 'model' }));
  if (model.kind === 'text' || price.type === 'flat') return ok(model);
  return failed(fault('invalid_request', { message: 'Pictures have a flat price.', param: 'price.type' }));
}

async function previewPrice({ records }: OperatorModelDeps, call: PersonCall, price: Price) {
  const model = pricedModel(call, price);
  if (!model.ok) return model;
  const day = dayOf(call.admin.clock.nowMs()) - 1;
  const told = await records.reprice({ modelId: model.value.id, day, price });
  return told.ok ? ok({ day: dayText(day), ...told.value }) : failed(readFault(told.error));
}

async function setPrice(
  { plan }: OperatorModelDeps,
  call: PersonCall,
  { price, from }: z.output<typeof change>,
): Promise<Result<OperatorModel, Fault>> {
  const { admin } = call;
  const model = pricedModel(call, price);
  if (!model.ok) return model;
  const nowMs = admin.clock.nowMs();
  const fromMs = from === null ? nowMs : Date.parse(from);
  if (fromMs < nowMs) return failed(PAST);
  if (fromMs > nowMs + FIVE_YEARS_MS) return failed(FAR);
  const set = await plan.set({ actor: admin.actor, nowMs }, model.value, { fromMs, price });
  if (!set.ok) return set;
  const all = listModels(admin);
  if (!all.ok) return all;
  const view = all.value.models.find(({ id }) => id === model.value.id);
  return view === undefined ? failed(fault('internal_error')) : ok(operatorModel(plan, admin, view));
}

const PAST = fault('invalid_request', { message: 'A price cannot begin in the past.', param: 'from' });
const FAR = fault('invalid_request', { message: 'That is more than five years away.', param: 'from' });
