import type { ApiKey } from '../accounts/account.ts';
import type { DeploymentIndex } from '../accounts/deployment-index.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { deploymentModel, type Deployment, type NodeFacts } from '../catalog/deployment.ts';
import type { Model, PriceSchedule } from '../catalog/model.ts';
import { privateNodesOf } from '../core/node-group.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { NodePools } from '../routing/target.ts';

/** All that a key can ask for: the operator's catalogue, and the deployments of its own account. */
export type ModelDirectory = {
  /**
   * The only way from a name to a model. The catalogue is asked first, so a name of it never means a deployment.
   * Errors: `model_not_found` (also for what is another account's), `model_not_allowed` (the key may not use it).
   */
  resolveModel(key: ApiKey, name: string): Result<Model, 'model_not_found' | 'model_not_allowed'>;
  /** The catalogue as lists show it, then the deployments; both as far as the key may use them. */
  listModels(key: ApiKey): readonly Model[];
  /** A deployment as the model that it is now. */
  modelOf(deployment: Deployment): Model;
};

export type ModelDirectoryParts = {
  catalog: Pick<Catalog, 'resolveModel' | 'listModels'>;
  deployments: Pick<DeploymentIndex, 'get' | 'named' | 'list'>;
  nodes: Pick<NodePools, 'facts'>;
  /** Of every deployment. */
  prices: PriceSchedule;
};

/** Deployments whose facts are kept. Beyond it the one that was asked for longest ago is forgotten. */
const REMEMBERED_MAX = 10_000;

export function createModelDirectory(parts: ModelDirectoryParts): ModelDirectory {
  const { catalog, deployments, nodes, prices } = parts;
  /** As last seen, by deployment, so that one whose node is away still says what it can do. */
  const lastFacts = new Map<string, NodeFacts>();

  function factsOf(deployment: Deployment): NodeFacts | undefined {
    const { id, accountId, remoteModel } = deployment;
    const view = { accountId, ...(deployment.nodes === undefined ? {} : { nodes: deployment.nodes }) };
    const facts = nodes.facts(privateNodesOf(accountId), remoteModel, view);
    if (facts === undefined) return lastFacts.get(id);
    lastFacts.delete(id);
    lastFacts.set(id, facts);
    const [oldest] = lastFacts.keys();
    if (lastFacts.size > REMEMBERED_MAX && oldest !== undefined) lastFacts.delete(oldest);
    return facts;
  }

  const modelOf = (deployment: Deployment): Model => deploymentModel(deployment, factsOf(deployment), prices);

  return {
    modelOf,
    resolveModel(key, name) {
      const model = catalog.resolveModel(key, name);
      if (model.ok || model.error !== 'model_not_found') return model;
      const deployment = deployments.named(key.accountId, name);
      if (deployment === undefined) return model;
      return mayUse(key, deployment) ? ok(modelOf(deployment)) : failed('model_not_allowed');
    },
    listModels(key) {
      const own = deployments
        .list(key.accountId)
        .filter((deployment) => mayUse(key, deployment) && isReachable(catalog, deployment));
      // Most accounts have none: they get the catalogue's own list.
      return own.length === 0 ? catalog.listModels(key) : [...catalog.listModels(key), ...own.map(modelOf)];
    },
  };
}

/**
 * A key that lists deployments may use those. One that lists models but no deployments is bound to its models: what an
 * account registers later must not widen it.
 */
function mayUse(key: ApiKey, { id }: Deployment): boolean {
  return key.deployments === undefined ? key.models === undefined : key.deployments.includes(id);
}

/** False: the operator gave a model of the catalogue this name later, and the name means that one now. */
function isReachable(catalog: Pick<Catalog, 'resolveModel'>, { name }: Deployment): boolean {
  const model = catalog.resolveModel({ models: undefined }, name);
  return !model.ok && model.error === 'model_not_found';
}
