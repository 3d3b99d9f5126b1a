import { z } from 'zod';
import type { Capabilities, Model, PriceEntry, Route } from '../catalog/model.ts';
import { nextPrice, priceAt } from '../catalog/price-schedule.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { NodeStatus } from '../fleet/fleet.ts';
import { historyOfModel, historyView, type HistoryView } from './availability.ts';
import type { AdminContext, ModelState } from './context.ts';
import { tokenField } from './fields.ts';
import { moneyView } from './views.ts';
import type { MoneyView } from './views.ts';

export const listModelsInput = z.strictObject({});
export const modelInput = z.strictObject({ model: tokenField(256) });

export type ModelView = {
  id: string;
  displayName: string;
  description: string;
  kind: Model['kind'];
  aliases: readonly string[];
  variantOf: string | null;
  hidden: boolean;
  contextTokens: number;
  maxOutputTokens: number;
  capabilities: Capabilities;
  price: PriceView;
  /** The next planned price, and since when it will hold (ISO 8601). null: none is planned. */
  nextPrice: ({ from: string } & PriceView) | null;
  routes: readonly Route[];
  /** null: no gateway runs, so nobody knows. */
  state: ModelState | null;
};

/** One model in full. */
export type ModelDetailView = ModelView & {
  /** Connected nodes that a route leads to, whether they may take jobs now or not. null: no gateway runs. */
  nodes: ModelNodeView[] | null;
  history: HistoryView | null;
};

export type ModelNodeView = {
  id: string;
  name: string;
  pool: string;
  /** `private`: it serves its own account only, and is not counted among the slots of all. */
  kind: 'shared' | 'private';
  state: NodeStatus['state'];
  slots: number;
  busySlots: number;
  loaded: boolean;
  /** null: nobody knows. */
  outputTokensPerSecond: number | null;
  failureRate: number;
  breaker: 'closed' | 'open' | 'half-open';
  restsForSeconds: number;
};

export type PriceView =
  | { type: 'flat'; version: string; perRequest: MoneyView }
  | {
      type: 'per-token';
      version: string;
      /** Per one million tokens. */
      perMillion: {
        input: MoneyView;
        imageInput: MoneyView;
        cacheRead: MoneyView;
        cacheWrite: MoneyView;
        output: MoneyView;
        reasoning: MoneyView;
      };
      minimum: MoneyView;
    };

/** The whole catalogue, hidden models included, in the order of the configuration. */
export function listModels(context: AdminContext): Result<{ models: ModelView[] }, Fault> {
  return ok({ models: viewModels(context) });
}

export function viewModels(context: AdminContext): ModelView[] {
  return context.models.all().map((model) => modelView(context, model));
}

/** By id or alias. Errors: `model_not_found`. */
export function showModel(
  context: AdminContext,
  input: z.output<typeof modelInput>,
): Result<ModelDetailView, Fault> {
  const model = context.models.find(input.model);
  if (model !== undefined) return ok(modelDetail(context, model));
  const message = 'The catalogue has no model of this id or alias.';
  return failed(fault('model_not_found', { message, param: 'model' }));
}

function modelView(context: AdminContext, model: Model): ModelView {
  const nowMs = context.clock.nowMs();
  const next = nextPrice(model, nowMs);
  return {
    id: model.id,
    displayName: model.displayName,
    description: model.description,
    kind: model.kind,
    aliases: model.aliases,
    variantOf: model.variantOf ?? null,
    hidden: model.hidden,
    contextTokens: model.contextTokens,
    maxOutputTokens: model.maxOutputTokens,
    capabilities: model.capabilities,
    price: priceView(priceAt(model, nowMs)),
    nextPrice: next === undefined ? null : { from: new Date(next.fromMs).toISOString(), ...priceView(next) },
    routes: model.routes,
    state: context.models.availability(model) ?? null,
  };
}

function modelDetail(context: AdminContext, model: Model): ModelDetailView {
  const { fleet, history } = context;
  return {
    ...modelView(context, model),
    nodes: fleet === undefined ? null : nodesOf(context, model, fleet.nodes()),
    history: history === undefined ? null : historyView(history.of(historyOfModel(model))),
  };
}

function nodesOf(context: AdminContext, { routes }: Model, live: readonly NodeStatus[]): ModelNodeView[] {
  return live.flatMap((status) => {
    const { nodeId: id, name, pool, state } = status;
    const kind = context.registry.directory.node(id)?.node.kind ?? 'shared';
    return status.models
      .filter(({ alias }) =>
        routes.some((route) => route.kind === 'pool' && route.pool === pool && route.remoteModel === alias),
      )
      .map(({ slots, busySlots, loaded, outputTokensPerSecond, failureRate, breaker, restsForMs }) => ({
        id,
        name,
        pool,
        kind,
        state,
        slots,
        busySlots,
        loaded,
        outputTokensPerSecond: outputTokensPerSecond ?? null,
        failureRate,
        breaker,
        restsForSeconds: Math.ceil(restsForMs / 1_000),
      }));
  });
}

export function priceView({ version, price }: PriceEntry): PriceView {
  if (price.type === 'flat') return { type: 'flat', version, perRequest: moneyView(price.amountMicros) };
  return {
    type: 'per-token',
    version,
    perMillion: {
      input: moneyView(price.inputMicrosPerMillion),
      imageInput: moneyView(price.imageInputMicrosPerMillion),
      cacheRead: moneyView(price.cacheReadMicrosPerMillion),
      cacheWrite: moneyView(price.cacheWriteMicrosPerMillion),
      output: moneyView(price.outputMicrosPerMillion),
      reasoning: moneyView(price.reasoningMicrosPerMillion),
    },
    minimum: moneyView(price.minimumMicros),
  };
}
