import { describe, expect, it } from 'vitest';
import type { ApiKey } from '../accounts/account.ts';
import { createDeploymentIndex } from '../accounts/deployment-index.ts';
import { testDeployment, testKey } from '../accounts/fixtures.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { deploymentPrices } from '../catalog/deployment.ts';
import { loadConfigText } from '../config/load.ts';
import { createSessionBench, IDENTITY } from '../testing/session-setup.ts';
import { capabilitiesOf, modelOf } from '../testing/raw-node.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createModelDirectory } from './model-directory.ts';

const loaded = loadConfigText(
  `
pools: { main: {} }
models:
  - id: demo
    aliases: [taken]
    context_tokens: 1024
    max_output_tokens: 512
    price: { credits: 1 }
    routes: [{ pool: main }]
deployments: { price: { credits: 0.1 } }
`,
  { name: 'test.yaml', environment: {}, overrides: {}, workingFolder: '/' },
);
if (!loaded.ok) throw new Error('the test configuration is wrong');
const { config } = loaded.value;

const DEPLOYMENTS = [
  testDeployment({ id: 'dep_a', accountId: 'acc_a', name: 'home' }),
  testDeployment({ id: 'dep_a2', accountId: 'acc_a', name: 'lab', nodes: ['node_9'], createdAtMs: 5_000 }),
  testDeployment({ id: 'dep_a3', accountId: 'acc_a', name: 'taken', createdAtMs: 6_000 }),
  testDeployment({ id: 'dep_b', accountId: 'acc_b', name: 'home' }),
  testDeployment({ id: 'dep_b2', accountId: 'acc_b', name: 'attic', createdAtMs: 7_000 }),
];

function setUp() {
  const bench = createSessionBench();
  const models = createModelDirectory({
    catalog: createCatalog(config, createVirtualClock()),
    deployments: createDeploymentIndex(DEPLOYMENTS),
    nodes: bench.registry,
    prices: deploymentPrices(config),
  });
  return { bench, models };
}

const keyOf = (accountId: string, bound: Partial<ApiKey> = {}): ApiKey =>
  testKey({ accountId, ...bound }).key;

const KEYS = {
  'a, unbound': keyOf('acc_a'),
  'a, bound to models': keyOf('acc_a', { models: ['demo'] }),
  'a, bound to home': keyOf('acc_a', { deployments: ['dep_a'] }),
  'a, bound to both': keyOf('acc_a', { models: ['demo'], deployments: ['dep_a2'] }),
  'a, bound to what is gone': keyOf('acc_a', { deployments: ['dep_gone'] }),
  'a, bound to b’s': keyOf('acc_a', { deployments: ['dep_b', 'dep_b2'] }),
  'b, unbound': keyOf('acc_b'),
  'c, unbound': keyOf('acc_c'),
};

describe('who gets what by a name', () => {
  it.each<[keyof typeof KEYS, Record<string, string>]>([
    ['a, unbound', { home: 'dep_a', lab: 'dep_a2', attic: 'model_not_found', demo: 'demo', taken: 'demo' }],
    [
      'a, bound to models',
      { home: 'model_not_allowed', lab: 'model_not_allowed', attic: 'model_not_found', demo: 'demo' },
    ],
    ['a, bound to home', { home: 'dep_a', lab: 'model_not_allowed', attic: 'model_not_found', demo: 'demo' }],
    ['a, bound to both', { home: 'model_not_allowed', lab: 'dep_a2', demo: 'demo', taken: 'demo' }],
    ['a, bound to what is gone', { home: 'model_not_allowed', lab: 'model_not_allowed', demo: 'demo' }],
    ['a, bound to b’s', { home: 'model_not_allowed', lab: 'model_not_allowed', attic: 'model_not_found' }],
    ['b, unbound', { home: 'dep_b', lab: 'model_not_found', attic: 'dep_b2', demo: 'demo', taken: 'demo' }],
    [
      'c, unbound',
      { home: 'model_not_found', lab: 'model_not_found', attic: 'model_not_found', demo: 'demo' },
    ],
  ])('%s', (name, expected) => {
    const { models } = setUp();
    const got = Object.keys(expected).map((asked) => {
      const found = models.resolveModel(KEYS[name], asked);
      return [asked, found.ok ? (found.value.deployment ?? found.value.id) : found.error];
    });
    expect(Object.fromEntries(got)).toEqual(expected);
  });

  it.each<[keyof typeof KEYS, string[]]>([
    ['a, unbound', ['demo', 'home', 'lab']],
    ['a, bound to models', ['demo']],
    ['a, bound to home', ['demo', 'home']],
    ['a, bound to both', ['demo', 'lab']],
    ['a, bound to what is gone', ['demo']],
    ['a, bound to b’s', ['demo']],
    ['b, unbound', ['demo', 'home', 'attic']],
    ['c, unbound', ['demo']],
  ])('%s: the list', (name, expected) => {
    const { models } = setUp();
    expect(models.listModels(KEYS[name]).map(({ id }) => id)).toEqual(expected);
  });
});

describe('a deployment as a model', () => {
  const OWN = { ...IDENTITY, kind: 'private', pool: '', accountId: 'acc_a' } as const;
  const offer = (fields: Parameters<typeof modelOf>[0]) =>
    capabilitiesOf([modelOf({ alias: 'qwen3:8b', ...fields })]);

  it('has the operator’s price and leads to private nodes of its account only', () => {
    const { models } = setUp();
    expect(models.modelOf(DEPLOYMENTS[1] ?? testDeployment())).toMatchObject({
      id: 'lab',
      prices: [{ price: { type: 'flat', amountMicros: 1_000 } }],
      routes: [
        {
          kind: 'deployment',
          deployment: 'dep_a2',
          accountId: 'acc_a',
          nodes: ['node_9'],
          remoteModel: 'qwen3:8b',
        },
      ],
    });
  });

  it('can what its nodes can together, refuses nothing before one came, and remembers one that left', async () => {
    const { bench, models } = setUp();
    const home = () => models.modelOf(DEPLOYMENTS[0] ?? testDeployment());
    expect(home()).toMatchObject({ contextTokens: 0, capabilities: { tools: true, vision: true } });

    const first = await bench.ready(OWN);
    first.node.capabilities(
      offer({ contextTokens: 4_096, maxOutputTokens: 9_999, tools: false, vision: true }),
    );
    expect(home()).toMatchObject({
      contextTokens: 4_096,
      // A node cannot promise more than its context.
      maxOutputTokens: 4_096,
      capabilities: { tools: false, vision: true, thinking: false, jsonSchema: true },
    });

    const second = await bench.ready({ ...OWN, nodeId: 'node_2' });
    second.node.capabilities(offer({ contextTokens: 8_192, maxOutputTokens: 1_000, tools: true }));
    const both = {
      contextTokens: 8_192,
      maxOutputTokens: 4_096,
      capabilities: { tools: true, vision: true },
    };
    expect(home()).toMatchObject(both);

    first.line.onSocketClosed(1006);
    second.line.onSocketClosed(1006);
    expect(home()).toMatchObject(both);
  });

  it('learns nothing of nodes that may not serve it', async () => {
    const { bench, models } = setUp();
    for (const identity of [
      { ...IDENTITY, nodeId: 'shared', accountId: 'acc_a' },
      { ...OWN, nodeId: 'others', accountId: 'acc_b' },
      { ...OWN, nodeId: 'own_in_pool', pool: 'main', accountId: 'acc_b' },
    ])
      (await bench.ready(identity)).node.capabilities(offer({ contextTokens: 4_096 }));
    for (const deployment of DEPLOYMENTS.slice(0, 2))
      expect(models.modelOf(deployment).contextTokens).toBe(0);
  });
});
