import { describe, expect, test } from 'vitest';
import { loadConfigText } from '../config/load.ts';
import { createCatalog } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { viewModel } from './model-view.ts';
import { priceAt } from './price-schedule.ts';

const FILE = `
pools: { p: {} }
models:
  - id: small
    aliases: [tiny, little]
    context_tokens: 100
    max_output_tokens: 50
    price: { credits: 1.5 }
    routes: [{ pool: p }]
  - id: big
    aliases: [huge]
    display_name: Big
    description: A big one.
    owned_by: somebody
    context_tokens: 1000
    max_output_tokens: 500
    capabilities: { tools: true, thinking: true }
    settings: { reasoning_effort: low }
    price: { per_million_usd: { input: 2, output: 8.25 }, minimum_usd: 0.0001 }
    routes: [{ pool: p, model: big-there }]
    variants:
      - { id: big-think, aliases: [bt], settings: { reasoning_effort: high }, price: { credits: 3 }, max_output_tokens: 900 }
      - { id: big-same, price: { credits: 2 } }
  - id: secret
    context_tokens: 10
    max_output_tokens: 5
    hidden: true
    price: { free: true }
    routes: [{ pool: p }]
  - id: picture
    kind: image
    price: { credits: 18 }
    routes: [{ pool: p }]
`;

function catalogOf(text: string): Catalog {
  const loaded = loadConfigText(text, { name: 'x', environment: {}, overrides: {}, workingFolder: '/' });
  if (!loaded.ok) throw new Error('the test file is not valid');
  return createCatalog(loaded.value.config, { nowMs: () => 1_795_000_000_999 });
}

const catalog = catalogOf(FILE);
const ALL = { models: undefined };

/** The id of the model, or the error. */
function resolved(models: string[] | undefined, name: string): string {
  const result = catalog.resolveModel({ models }, name);
  return result.ok ? result.value.id : result.error;
}

describe('resolveModel', () => {
  test.each<[string[] | undefined, string, string]>([
    [undefined, 'small', 'small'],
    [undefined, 'tiny', 'small'],
    [undefined, 'little', 'small'],
    [undefined, 'big-think', 'big-think'],
    [undefined, 'bt', 'big-think'],
    [undefined, 'secret', 'secret'],
    [undefined, 'Small', 'model_not_found'],
    [undefined, ' small', 'model_not_found'],
    [undefined, '', 'model_not_found'],
    [undefined, '__proto__', 'model_not_found'],
    [undefined, 'constructor', 'model_not_found'],
    [undefined, 'toString', 'model_not_found'],
    [['small'], 'small', 'small'],
    [['small'], 'tiny', 'small'],
    [['tiny'], 'small', 'small'],
    [['tiny'], 'little', 'small'],
    [['small'], 'big', 'model_not_allowed'],
    [['small'], 'nothing', 'model_not_found'],
    // A variant has its own price, so it must be allowed by its own name.
    [['big'], 'big-think', 'model_not_allowed'],
    [['big-think'], 'big', 'model_not_allowed'],
    [['bt'], 'big-think', 'big-think'],
    [[], 'small', 'model_not_allowed'],
    [['gone', '__proto__'], 'small', 'model_not_allowed'],
    [['gone'], 'gone', 'model_not_found'],
  ])('a key for %s asks for %s: %s', (models, name, expected) => {
    expect(resolved(models, name)).toBe(expected);
  });

  test('a variant is its model with its own name, price, settings and output', () => {
    const variant = catalog.resolveModel(ALL, 'big-think');
    const base = catalog.resolveModel(ALL, 'big');
    if (!variant.ok || !base.ok) throw new Error('not found');
    expect(variant.value).toEqual({
      ...base.value,
      id: 'big-think',
      aliases: ['bt'],
      displayName: 'big-think',
      settings: { reasoningEffort: 'high' },
      prices: [
        {
          version: priceAt(variant.value, 0).version,
          price: { type: 'flat', amountMicros: 30_000 },
          fromMs: -Infinity,
        },
      ],
      maxOutputTokens: 900,
      variantOf: 'big',
    });
    expect(variant.value.routes).toEqual([{ kind: 'pool', pool: 'p', remoteModel: 'big-there' }]);
    const same = catalog.resolveModel(ALL, 'big-same');
    expect(same).toMatchObject({
      ok: true,
      value: { settings: { reasoningEffort: 'low' }, maxOutputTokens: 500, description: 'A big one.' },
    });
  });

  test('models are frozen', () => {
    for (const model of catalog.allModels()) {
      for (const part of [
        model,
        model.prices,
        ...model.prices,
        ...model.prices.map(({ price }) => price),
        model.routes,
        model.aliases,
        model.settings,
      ]) {
        expect(Object.isFrozen(part)).toBe(true);
      }
    }
  });
});

describe('listModels', () => {
  const ids = (models: string[] | undefined): string[] =>
    catalog.listModels({ models }).map((model) => model.id);

  test('leaves out what is hidden or not allowed, in the order of the file', () => {
    const all = ['small', 'big', 'big-think', 'big-same', 'picture'];
    expect(ids(undefined)).toEqual(all);
    expect(catalog.listModels(undefined).map((model) => model.id)).toEqual(all);
    expect(ids(['bt', 'tiny', 'small', 'gone'])).toEqual(['small', 'big-think']);
    expect(ids(['secret'])).toEqual([]);
    expect(ids([])).toEqual([]);
    expect(catalog.allModels().map((model) => model.id)).toContain('secret');
  });
});

describe('price versions', () => {
  const versionOf = (text: string, id: string): string | undefined => {
    const model = catalogOf(text)
      .allModels()
      .find((entry) => entry.id === id);
    return model === undefined ? undefined : priceAt(model, 0).version;
  };

  test('are the same for the same price, whatever else changes', () => {
    expect(versionOf(FILE, 'small')).toBe('edceccafd1b0');
    const other = FILE.replace('credits: 1.5', 'credits: "1.50"').replace('[tiny, little]', '[]');
    expect(versionOf(other, 'small')).toBe('edceccafd1b0');
    // The name of a price per token is older than the price of pictures.
    const spelledOut = FILE.replace('input: 2,', 'input: 2, image_input: 2,');
    expect(versionOf(spelledOut, 'big')).toBe(versionOf(FILE, 'big'));
  });

  test.each([
    ['credits: 1.5', 'credits: 1.5001', 'small'],
    ['credits: 1.5', 'free: true', 'small'],
    ['id: small', 'id: smaller', 'smaller'],
    ['input: 2,', 'input: 2.000001,', 'big'],
    ['input: 2,', 'input: 2, cached_input: 1,', 'big'],
    ['input: 2,', 'input: 2, cache_write: 3,', 'big'],
    ['input: 2,', 'input: 2, image_input: 3,', 'big'],
    ['output: 8.25', 'output: 8.24', 'big'],
    ['output: 8.25', 'output: 8.25, reasoning: 9', 'big'],
    ['minimum_usd: 0.0001', 'minimum_usd: 0.0002', 'big'],
    ['minimum_usd: 0.0001', 'list_discount_percent: 1, minimum_usd: 0.0001', 'big'],
  ])('change with %s -> %s', (from, to, id) => {
    const before = id === 'smaller' ? 'small' : id;
    expect(versionOf(FILE.replace(from, to), id)).toMatch(/^[0-9a-f]{12}$/);
    expect(versionOf(FILE.replace(from, to), id)).not.toBe(versionOf(FILE, before));
  });
});

describe('viewModel', () => {
  const view = (name: string) => {
    const model = catalog.resolveModel(ALL, name);
    if (!model.ok) throw new Error('not found');
    return JSON.parse(JSON.stringify(viewModel(model.value, { available: true, nowMs: 0 }))) as unknown;
  };

  test('a flat price', () => {
    expect(view('tiny')).toEqual({
      id: 'small',
      object: 'model',
      created: 1_795_000_000,
      owned_by: 'Switchyard',
      type: 'model',
      display_name: 'small',
      created_at: '2026-11-18T11:06:40.000Z',
      description: '',
      kind: 'text',
      available: true,
      pricing: { type: 'per_message', credits: 1.5, usd: 0.015 },
      context_length: 100,
      max_output_tokens: 50,
      capabilities: { tools: false, vision: false, thinking: false, json_schema: false },
      aliases: ['tiny', 'little'],
      variant_of: null,
    });
  });

  test('a price per token', () => {
    expect(view('big')).toMatchObject({
      owned_by: 'somebody',
      pricing: {
        type: 'per_token',
        currency: 'usd',
        input_per_million: 2,
        image_input_per_million: 2,
        cached_input_per_million: 2,
        cache_write_per_million: 2,
        output_per_million: 8.25,
        reasoning_per_million: 8.25,
        minimum: 0.0001,
      },
    });
  });

  test('a variant and a picture model', () => {
    expect(view('big-think')).toMatchObject({ variant_of: 'big', max_output_tokens: 900 });
    expect(view('picture')).not.toHaveProperty('context_length');
    expect(view('picture')).toMatchObject({ kind: 'image', pricing: { credits: 18, usd: 0.18 } });
  });
});
