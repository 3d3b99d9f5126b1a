import type { Config } from '../config/config.ts';
import type { Capabilities, Model, PriceSchedule } from './model.ts';
import { priceSchedule } from './price-version.ts';

/**
 * A model of one account: its private nodes serve it under a name of the account's choice. Names are an account's own:
 * another one may use the same, and neither sees the other's.
 */
export type Deployment = {
  id: string;
  accountId: string;
  /** What requests call it. Unique within the account. */
  name: string;
  /** What the nodes call it. */
  remoteModel: string;
  /** Ids of the nodes that may serve it; undefined: every private node of the account. */
  nodes: readonly string[] | undefined;
  createdAtMs: number;
};

/** What the nodes that offer a model can do, all of them together. */
export type NodeFacts = {
  /** Tokens of input and output together. */
  contextTokens: number;
  maxOutputTokens: number;
  capabilities: Capabilities;
};

/**
 * The one price of all deployments, of the configuration. It belongs to no model of the catalogue, so its versions are
 * made of a name that no model has.
 */
export function deploymentPrices({ deployments }: Pick<Config, 'deployments'>): PriceSchedule {
  return priceSchedule('(deployment)', deployments.prices);
}

/** Nothing is refused as impossible before a node has said what is. */
const UNKNOWN: NodeFacts = {
  contextTokens: 0,
  maxOutputTokens: 0,
  capabilities: { tools: true, vision: true, thinking: true, jsonSchema: true },
};

/**
 * A deployment as a model that requests can be served with.
 * @param facts undefined when no node has offered it yet: then it has 0 tokens of context and can do everything
 */
export function deploymentModel(
  deployment: Deployment,
  facts: NodeFacts | undefined,
  prices: PriceSchedule,
): Model {
  const { id, accountId, name, remoteModel, nodes } = deployment;
  const known = facts ?? UNKNOWN;
  return {
    id: name,
    aliases: [],
    kind: 'text',
    displayName: name,
    description: '',
    ownedBy: accountId,
    contextTokens: known.contextTokens,
    maxOutputTokens: known.maxOutputTokens,
    capabilities: known.capabilities,
    prices,
    routes: [{ kind: 'deployment', deployment: id, accountId, nodes, remoteModel }],
    nodeShareBps: 0,
    settings: {},
    variantOf: undefined,
    deployment: id,
    hidden: false,
    createdAtSeconds: Math.floor(deployment.createdAtMs / 1000),
  };
}
