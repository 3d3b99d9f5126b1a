import type { Config, ModelConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { Model, PriceSchedule } from './model.ts';
import { priceSchedule } from './price-version.ts';

/** What the catalogue needs to know of a key. Entries of `models` may be ids or aliases; undefined: all models. */
export type KeyScope = { models: readonly string[] | undefined };

/** The operator's models. Everything in it is frozen. */
export type Catalog = {
  /**
   * The only way from a name to a model. Names are matched exactly, capitals included.
   * Errors: `model_not_found` (no such name), `model_not_allowed` (the key may not use it).
   */
  resolveModel(key: KeyScope, name: string): Result<Model, 'model_not_found' | 'model_not_allowed'>;
  /** Models that lists show: not hidden, and allowed to the key. Without a key: all that are not hidden. */
  listModels(key: KeyScope | undefined): readonly Model[];
  /** Every model, hidden ones too, in the order of the file, each before its variants. */
  allModels(): readonly Model[];
  /**
   * Gives a model other prices, from the next request on; requests that run keep the price of their hold. Nothing happens when
   * there is no such model.
   */
  setPrices(modelId: string, prices: PriceSchedule): void;
};

/**
 * Expands the configured models and their variants. `createdAtSeconds` of all of them is now: a configuration
 * says nothing about the age of a model.
 */
export function createCatalog(config: Pick<Config, 'models'>, clock: Pick<Clock, 'nowMs'>): Catalog {
  const createdAtSeconds = Math.floor(clock.nowMs() / 1000);
  let models: readonly Model[] = Object.freeze(
    config.models.flatMap((model) => expand(model, createdAtSeconds)),
  );
  let listed: readonly Model[] = Object.freeze(models.filter((model) => !model.hidden));
  // A map has no inherited names, so `constructor` and `__proto__` find nothing.
  const byName = new Map<string, Model>();
  for (const model of models) {
    for (const name of [model.id, ...model.aliases]) {
      if (byName.has(name)) throw new Error('a model name is used twice; the configuration was not checked');
      byName.set(name, model);
    }
  }
  const allowed = (key: KeyScope, model: Model): boolean =>
    key.models === undefined || key.models.some((name) => byName.get(name) === model);

  return {
    resolveModel(key, name) {
      const model = byName.get(name);
      if (model === undefined) return failed('model_not_found');
      return allowed(key, model) ? ok(model) : failed('model_not_allowed');
    },
    listModels: (key) => (key?.models === undefined ? listed : listed.filter((model) => allowed(key, model))),
    allModels: () => models,
    setPrices(modelId, prices) {
      models = Object.freeze(
        models.map((model) => (model.id === modelId ? Object.freeze({ ...model, prices }) : model)),
      );
      listed = Object.freeze(models.filter((model) => !model.hidden));
      for (const model of models) for (const name of [model.id, ...model.aliases]) byName.set(name, model);
    },
  };
}

/** A model and its variants. A variant shares context, capabilities, routes and visibility with its model. */
function expand(config: ModelConfig, createdAtSeconds: number): Model[] {
  const base: Model = Object.freeze({
    id: config.id,
    aliases: config.aliases,
    kind: config.kind,
    displayName: config.displayName,
    description: config.description,
    ownedBy: config.ownedBy,
    contextTokens: config.contextTokens,
    maxOutputTokens: config.maxOutputTokens,
    capabilities: config.capabilities,
    prices: priceSchedule(config.id, config.prices),
    routes: config.routes,
    nodeShareBps: config.nodeShareBps,
    continueElsewhere: config.continueElsewhere,
    settings: config.settings,
    variantOf: undefined,
    deployment: undefined,
    hidden: config.hidden,
    safeOutput: config.safeOutput,
    createdAtSeconds,
  });
  const variants = config.variants.map((variant): Model =>
    Object.freeze({
      ...base,
      id: variant.id,
      aliases: variant.aliases,
      displayName: variant.displayName,
      description: variant.description,
      maxOutputTokens: variant.maxOutputTokens,
      settings: variant.settings,
      prices: priceSchedule(variant.id, variant.prices),
      variantOf: config.id,
    }),
  );
  return [base, ...variants];
}
