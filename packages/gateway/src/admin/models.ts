import { z } from 'zod';
import type { Capabilities, Model, PriceEntry, Route } from '../catalog/model.ts';
import { nextPrice, priceAt } from '../catalog/price-schedule.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
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
  return ok({ models: context.models.all().map((model) => modelView(context, model)) });
}

/** By id or alias. Errors: `model_not_found`. */
export function showModel(
  context: AdminContext,
  input: z.output<typeof modelInput>,
): Result<ModelView, Fault> {
  const model = context.models.find(input.model);
  if (model !== undefined) return ok(modelView(context, model));
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
