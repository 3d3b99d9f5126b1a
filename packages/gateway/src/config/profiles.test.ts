import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCatalog } from '../catalog/catalog.ts';
import { viewModel } from '../catalog/model-view.ts';
import { priceAt } from '../catalog/price-schedule.ts';
import type { Config } from './config.ts';
import { checkConfig } from './check.ts';
import { loadConfig } from './load.ts';

const root = join(import.meta.dirname, '../../../..');
const profiles = readdirSync(join(root, 'profiles')).filter((name) => name.endsWith('.yaml'));
const everyFile = ['switchyard.yaml', ...profiles.map((name) => `profiles/${name}`)];

function loadProfile(path: string, environment: Record<string, string> = {}): Config {
  const loaded = loadConfig({ path, workingFolder: root, environment });
  if (!loaded.ok) throw new Error(`${path} is not valid`);
  return loaded.value.config;
}

/** Name, names besides it, credits per request. */
function flatPrices(config: Config): [string, string[], number][] {
  return createCatalog(config, { nowMs: () => 0 })
    .allModels()
    .map((model) => {
      const { pricing } = viewModel(model, { available: false, nowMs: 0 });
      return [model.id, [...model.aliases], pricing.type === 'per_message' ? pricing.credits : Number.NaN];
    });
}

/** USD per million tokens, input and output, to the cent: the form in which resellers quote them. */
function tokenPrices(config: Config): [string, string, string][] {
  return createCatalog(config, { nowMs: () => 0 })
    .allModels()
    .map((model) => {
      const { price } = priceAt(model, 0);
      if (price.type !== 'per-token') return [model.id, '', ''];
      return [model.id, toCents(price.inputMicrosPerMillion), toCents(price.outputMicrosPerMillion)];
    });
}

/** Half a cent goes up, as in a price list. */
function toCents(amountMicros: number): string {
  return (Math.floor((amountMicros + 5_000) / 10_000) / 100).toFixed(2);
}

test('there are profiles for four kinds of service', () => {
  expect(profiles).toEqual([
    'compute-network.yaml',
    'gpu-network.yaml',
    'private-connectors.yaml',
    'provider-resale.yaml',
  ]);
});

describe.each(everyFile)('%s', (path) => {
  test('is valid without any variable', () => {
    expect(checkConfig(path, { workingFolder: root, environment: {} })).toMatchObject({ ok: true });
  });

  test('names its schema on the first line, relative to itself', () => {
    const schema = path.startsWith('profiles/')
      ? './switchyard.schema.json'
      : './profiles/switchyard.schema.json';
    const [line] = readFileSync(join(root, path), 'utf8').split('\n');
    expect(line).toBe(`# yaml-language-server: $schema=${schema}`);
  });
});

test('switchyard.yaml', () => {
  const config = loadProfile('switchyard.yaml');
  expect(config.brand).toEqual({ name: 'Switchyard', keyPrefix: 'switchyard' });
  expect(config.data.dir).toBe(join(root, 'data'));
  expect(config.limits).toMatchObject({ requestsPerMinute: 60, concurrency: 16, queueWaitMs: 20_000 });
  expect(flatPrices(config)).toEqual([
    ['demo', ['mote'], 1],
    ['demo-think', [], 2],
    ['demo-metered', [], Number.NaN],
    ['demo-image', [], 18],
  ]);
  const [picture] = config.models.filter(({ kind }) => kind === 'image');
  expect(picture).toMatchObject({ safeOutput: true, routes: [{ remoteModel: 'demo-image@1' }] });
  for (const model of config.models.filter(({ kind }) => kind === 'text')) {
    expect(model).toMatchObject({
      contextTokens: 1024,
      maxOutputTokens: 512,
      capabilities: { tools: true, vision: false, thinking: true, jsonSchema: false },
      routes: [{ kind: 'pool', pool: 'demo', remoteModel: 'mote-chat' }],
    });
  }
  expect(config.models[0]?.variants[0]?.settings).toEqual({ reasoningEffort: 'medium' });
});

test('gpu-network.yaml', () => {
  const config = loadProfile('profiles/gpu-network.yaml');
  expect(config.limits.requestsPerMinute).toBe(90);
  expect(flatPrices(config)).toEqual([
    ['talos-light', [], 8],
    ['talos-heavy', [], 14],
    ['talos-heavy-think', [], 18],
    ['atlas-vision-27b', ['talos-heavy-vision'], 14],
    ['talos-code', ['atlas-code-24b'], 14],
    ['aperture-hd', [], 18],
  ]);
  expect(config.models.filter((model) => model.capabilities.vision).map((model) => model.id)).toEqual([
    'atlas-vision-27b',
  ]);
  expect(config.models.filter((model) => model.kind === 'image').map((model) => model.id)).toEqual([
    'aperture-hd',
  ]);
  const catalog = createCatalog(config, { nowMs: () => 0 });
  const think = catalog.resolveModel({ models: undefined }, 'talos-heavy-think');
  expect(think).toMatchObject({
    ok: true,
    value: {
      variantOf: 'talos-heavy',
      settings: { reasoningEffort: 'high' },
      routes: [{ pool: 'rig', remoteModel: 'talos-heavy' }],
    },
  });
});

test('compute-network.yaml', () => {
  const config = loadProfile('profiles/compute-network.yaml');
  expect(config.limits.requestsPerMinute).toBe(60);
  expect(flatPrices(config)).toEqual([
    ['c0mpute-pro', [], 10],
    ['c0mpute-max', [], 15],
    ['c0mpute-max-think', [], 20],
  ]);
  expect(config.models.map((model) => model.capabilities.vision)).toEqual([false, true]);
});

test('private-connectors.yaml', () => {
  const config = loadProfile('profiles/private-connectors.yaml');
  expect(config.models).toEqual([]);
  expect(config.deployments.prices).toMatchObject([{ price: { type: 'flat', amountMicros: 0 } }]);
});

describe('provider-resale.yaml', () => {
  const path = 'profiles/provider-resale.yaml';

  test('charges half of list: the quoted prices, and the first dollar is given', () => {
    const config = loadProfile(path);
    expect(config.accounts.welcomeMicros).toBe(1_000_000);
    expect(tokenPrices(config)).toEqual([
      ['opus-4.8', '2.50', '12.50'],
      ['opus-4.7', '2.50', '12.50'],
      ['opus-4.6', '2.50', '12.50'],
      ['sonnet-4.6', '1.50', '7.50'],
      ['haiku-4.5', '0.50', '2.50'],
      ['gpt-5.5', '2.50', '15.00'],
      ['gpt-5.4', '1.25', '7.50'],
      ['gpt-5.3', '0.88', '7.00'],
    ]);
  });

  test('switches on the providers whose keys are there', () => {
    const enabled = (environment: Record<string, string>): string[] =>
      loadProfile(path, environment)
        .upstreams.filter((upstream) => upstream.enabled)
        .map((upstream) => upstream.name);
    expect(enabled({})).toEqual([]);
    expect(enabled({ OPENAI_API_KEY: 'k' })).toEqual(['openai']);
    expect(enabled({ OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k' })).toEqual(['anthropic', 'openai']);
  });
});
