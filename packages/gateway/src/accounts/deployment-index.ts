import type { Deployment } from '../catalog/deployment.ts';

/** Deployments in memory, by id and by the name that their own account calls them. */
export type DeploymentIndex = {
  get(id: string): Deployment | undefined;
  /** The one way from a name to a deployment: there is none without the account. */
  named(accountId: string, name: string): Deployment | undefined;
  /** Of one account, or all, the oldest first. */
  list(accountId?: string): Deployment[];
  put(deployment: Deployment): void;
  delete(id: string): void;
};

export function createDeploymentIndex(initial: readonly Deployment[]): DeploymentIndex {
  const byId = new Map<string, Deployment>();
  const byAccount = new Map<string, Map<string, Deployment>>();

  function remove(id: string): void {
    const known = byId.get(id);
    if (known === undefined) return;
    byId.delete(id);
    const names = byAccount.get(known.accountId);
    names?.delete(known.name);
    if (names?.size === 0) byAccount.delete(known.accountId);
  }

  function put(deployment: Deployment): void {
    const names = byAccount.get(deployment.accountId) ?? new Map<string, Deployment>();
    const holder = names.get(deployment.name);
    if (holder !== undefined && holder.id !== deployment.id)
      throw new Error('two deployments of one account have the same name');
    remove(deployment.id);
    byId.set(deployment.id, deployment);
    byAccount.set(deployment.accountId, names.set(deployment.name, deployment));
  }

  for (const deployment of initial) put(deployment);

  return {
    get: (id) => byId.get(id),
    named: (accountId, name) => byAccount.get(accountId)?.get(name),
    list(accountId) {
      const all = accountId === undefined ? byId.values() : (byAccount.get(accountId)?.values() ?? []);
      return [...all].sort((one, other) => one.createdAtMs - other.createdAtMs);
    },
    put,
    delete: remove,
  };
}
