import type { Account, ApiKey } from '../../accounts/account.ts';
import type { Model, Price, Route } from '../../catalog/model.ts';
import { micros } from '../../core/money.ts';
import type { NodeOwnership } from '../../fleet/trust/trust-book.ts';
import type { Random } from './random.ts';

/** Who pays, with which keys, and what can be bought in one world. */
export type People = {
  accounts: readonly Account[];
  keys: ReadonlyMap<string, { account: Account; key: ApiKey }>;
  models: ReadonlyMap<string, Model>;
  /** Who owns the nodes, by their ids. */
  nodes: ReadonlyMap<string, NodeOwnership>;
};

/** As many as a world can have. */
const NODES = ['node_0', 'node_1', 'node_2'];

const POOL: Route = { kind: 'pool', pool: 'main', remoteModel: 'remote' };
const CANCELS: Route = { kind: 'upstream', upstream: 'upstream-cancel', remoteModel: 'remote' };
const DRAINS: Route = { kind: 'upstream', upstream: 'upstream-drain', remoteModel: 'remote' };

/** A few accounts and keys, so that requests meet on the same money; some keys are short of everything. */
export function makePeople(random: Random, startMs: number): People {
  const accounts = Array.from({ length: random.int(1, 3) }, (_, index): Account => {
    return { id: `acc_${index}`, name: 'a', role: 'person', suspended: false, createdAtMs: 0 };
  });
  const keys = new Map<string, { account: Account; key: ApiKey }>();
  for (let index = 0; index < accounts.length + random.int(0, 2); index += 1) {
    const account = accounts[index] ?? random.pick(accounts);
    keys.set(`key_${index}`, { account, key: makeKey(random, `key_${index}`, account.id) });
  }
  const models = makeModels(random, startMs).map((model): [string, Model] => [model.id, model]);
  // All of the operator or none: what trusted nodes report changes what is believed of others, which has tests of its own.
  const isOperators = random.chance(0.4);
  const nodes = NODES.map((id): [string, NodeOwnership] => {
    const accountId = random.chance(0.4) ? random.pick(accounts).id : 'acc_owner';
    return [id, { accountId, kind: 'shared', isOperators }];
  });
  return { accounts, keys, models: new Map(models), nodes: new Map(nodes) };
}

function makeKey(random: Random, id: string, accountId: string): ApiKey {
  const limit = () => micros(random.int(3_000, 60_000));
  return {
    id,
    accountId,
    name: id,
    personId: undefined,
    last4: '0000',
    scopes: ['inference'],
    models: undefined,
    deployments: undefined,
    requestsPerMinute: random.chance(0.15) ? random.int(2, 12) : undefined,
    concurrency: random.chance(0.12) ? random.int(1, 4) : undefined,
    spendLimits: {
      ...(random.chance(0.35) ? { dayMicros: limit() } : {}),
      ...(random.chance(0.15) ? { weekMicros: limit() } : {}),
      ...(random.chance(0.15) ? { monthMicros: limit() } : {}),
    },
    createdAtMs: 0,
    expiresAtMs: undefined,
    revokedAtMs: undefined,
  };
}

function makeModels(random: Random, startMs: number): Model[] {
  const flat: Price = { type: 'flat', amountMicros: micros(random.int(500, 6_000)) };
  const perToken: Price = {
    type: 'per-token',
    inputMicrosPerMillion: micros(2_500_000),
    // Nobody sends pictures here: neither a hold nor a charge may be made of this.
    imageInputMicrosPerMillion: micros(9_000_000),
    cacheReadMicrosPerMillion: micros(250_000),
    cacheWriteMicrosPerMillion: micros(3_125_000),
    outputMicrosPerMillion: micros(10_000_000),
    reasoningMicrosPerMillion: micros(12_345_678),
    minimumMicros: micros(0),
  };
  const cheap: Price = {
    type: 'per-token',
    inputMicrosPerMillion: micros(random.int(0, 50_000)),
    imageInputMicrosPerMillion: micros(0),
    cacheReadMicrosPerMillion: micros(0),
    cacheWriteMicrosPerMillion: micros(0),
    outputMicrosPerMillion: micros(random.int(1, 90_000)),
    reasoningMicrosPerMillion: micros(random.int(0, 90_000)),
    minimumMicros: micros(random.int(0, 40)),
  };
  const dearer: Price = { type: 'flat', amountMicros: micros(random.int(6_001, 9_000)) };
  return [
    withNewPrice(makeModel('flat-pool', flat, [POOL]), dearer, startMs + random.int(0, 60_000)),
    makeModel('flat-drain', flat, [DRAINS, CANCELS]),
    makeModel('token-pool', perToken, [POOL, CANCELS]),
    withNewPrice(makeModel('token-drain', perToken, [DRAINS, POOL]), flat, startMs + random.int(0, 60_000)),
    makeModel('token-cancel', perToken, [CANCELS, DRAINS]),
    makeModel('cheap', cheap, [POOL, DRAINS]),
  ];
}

/** The context is wide enough to bound nothing here: how it does has tests of its own. */
function makeModel(id: string, price: Price, routes: readonly Route[]): Model {
  return {
    id,
    aliases: [],
    kind: 'text',
    displayName: id,
    description: '',
    ownedBy: 'test',
    contextTokens: 100_000,
    maxOutputTokens: 700,
    capabilities: { tools: false, vision: false, thinking: false, jsonSchema: false },
    prices: [{ version: 'v1', price, fromMs: -Infinity }],
    routes,
    nodeShareBps: 7_000,
    settings: {},
    variantOf: undefined,
    deployment: undefined,
    hidden: false,
    createdAtSeconds: 0,
  };
}

/** The price changes in the middle of the story. */
function withNewPrice(model: Model, price: Price, fromMs: number): Model {
  return { ...model, prices: [...model.prices, { version: 'v2', price, fromMs }] };
}
