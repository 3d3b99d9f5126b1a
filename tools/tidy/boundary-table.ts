/**
 * Which folder of the gateway may import which, as docs/architecture.md draws it. A folder may always import
 * itself and `@switchyard/protocol`. Tests are free.
 */

const pureParts = ['core', 'catalog', 'pricing'] as const;
const domainParts = [
  'ledger',
  'receipts',
  'accounts',
  'limits',
  'routing',
  'fleet',
  'safety',
  'payments',
  'people',
] as const;
const edges = ['surfaces', 'upstreams'] as const;
const belowInference = [...pureParts, ...domainParts, ...edges] as const;
const belowServer = [...belowInference, 'inference', 'observe', 'api-reference'] as const;

const everything = [
  ...belowServer,
  'admin',
  'console',
  'http',
  'config',
  'store',
  'cluster',
  'composition',
] as const;

/** `types` may be imported with `import type` only. */
type Allowance = { values: readonly string[]; types?: readonly string[] };

/** Keys are folders of `packages/gateway/src`, and `main` for `main.ts`. */
export const gatewayFolders: Readonly<Record<string, Allowance>> = {
  core: { values: [] },
  config: { values: ['core'], types: ['catalog', 'pricing'] },
  catalog: { values: ['core'], types: ['config'] },
  // The shapes of prices are part of a model.
  pricing: { values: ['core'], types: ['catalog'] },
  ledger: { values: pureParts },
  // A key carries the spend limits that the ledger enforces.
  accounts: { values: pureParts, types: ['ledger'] },
  // Views, reports and signatures of what the ledger keeps.
  receipts: { values: pureParts, types: ['ledger', 'accounts'] },
  limits: { values: pureParts },
  routing: { values: pureParts },
  fleet: { values: pureParts },
  safety: { values: pureParts },
  payments: { values: pureParts },
  // People own accounts, whose money and keys they may end.
  people: { values: [...pureParts, 'ledger', 'accounts', 'limits'], types: ['config'] },
  surfaces: { values: ['core'] },
  upstreams: { values: ['core'] },
  // What callers see, described: its schemas are checked by the types of the views.
  'api-reference': { values: ['core'], types: [...belowInference, 'inference'] },
  inference: { values: [...belowInference, 'observe'], types: ['config'] },
  observe: { values: ['core'], types: domainParts },
  // A store is outside of what it stores for: it may use the rules of the ledger, never the other way round.
  store: { values: [...pureParts, 'ledger', 'receipts'], types: domainParts },
  cluster: { values: pureParts, types: domainParts },
  http: { values: [...belowServer, 'admin'], types: ['config'] },
  admin: { values: belowServer, types: ['config'] },
  // What the web app speaks. Only the row type of the routes comes from the server.
  console: { values: [...belowServer, 'admin'], types: ['config', 'http'] },
  cli: { values: [...belowServer, 'admin', 'console', 'http', 'config', 'store', 'cluster', 'main'] },
  // The composition root knows all. Of it, only main.ts may be imported, and only by the command line.
  main: { values: everything },
  composition: { values: everything },
  testing: { values: [...belowServer, 'config', 'store', 'cluster'] },
};

/** Single files that may import more than their folder. */
export const gatewayFiles: Readonly<Record<string, Allowance>> = {
  'packages/gateway/src/admin/open-stores.ts': {
    values: [...belowServer, 'store', 'cluster'],
    types: ['config'],
  },
  // Puts the upstreams of the configuration together, so that main.ts need not know every kind.
  'packages/gateway/src/upstreams/open-upstreams.ts': { values: ['core'], types: ['config', 'routing'] },
};

/** Folders whose sub-folders are adapters beside each other: one never imports another. */
export const adapterFolders: readonly string[] = edges;

/** Sub-folders of those that are no adapters but tools of all of them. */
export const sharedFolders: readonly string[] = ['shared', 'transport'];

/** Which workspace packages a package may import, and whether it may import anything else at all. */
export const packages: Readonly<
  Record<string, { workspace: readonly string[]; others: 'any' | 'built-in' | 'none' }>
> = {
  protocol: { workspace: [], others: 'none' },
  'demo-engine': { workspace: [], others: 'built-in' },
  'demo-image-engine': { workspace: [], others: 'built-in' },
  connector: { workspace: ['protocol', 'demo-engine', 'demo-image-engine'], others: 'any' },
  gateway: { workspace: ['protocol', 'connector'], others: 'any' },
  web: { workspace: ['protocol'], others: 'any' },
};
