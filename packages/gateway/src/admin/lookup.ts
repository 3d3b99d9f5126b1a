import type { Account } from '../accounts/account.ts';
import type { KeyDirectory, KeyEntry, NodeEntry } from '../accounts/key-directory.ts';
import type { Deployment } from '../catalog/deployment.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';

/** Finds things by id, or by a name that only one of them has. Error: `not_found`, `invalid_request` (ambiguous). */

export function findAccount(directory: KeyDirectory, reference: string): Result<Account, Fault> {
  const byId = directory.account(reference);
  if (byId !== undefined) return ok(byId);
  const byName = directory.accounts().filter((account) => account.name === reference);
  return single(byName, 'account');
}

/** A revoked key is found by its id only: names are free again once a key is revoked. `accountId`: only keys of this account. */
export function findKey(
  directory: KeyDirectory,
  reference: string,
  accountId?: string,
): Result<KeyEntry, Fault> {
  const byId = directory.key(reference);
  if (byId !== undefined && (accountId === undefined || byId.identity.account.id === accountId))
    return ok(byId);
  const byName = directory
    .keys(accountId)
    .filter(({ identity: { key } }) => key.revokedAtMs === undefined && key.name === reference);
  return single(byName, 'key');
}

/** A removed node is found by its id only. `accountId`: only nodes of this account. */
export function findNode(
  directory: KeyDirectory,
  reference: string,
  accountId?: string,
): Result<NodeEntry, Fault> {
  const isOwn = ({ node }: NodeEntry) => accountId === undefined || node.accountId === accountId;
  const byId = directory.node(reference);
  if (byId !== undefined && isOwn(byId)) return ok(byId);
  const byName = directory
    .nodes()
    .filter((entry) => isOwn(entry) && entry.node.revokedAtMs === undefined && entry.node.name === reference);
  return single(byName, 'node');
}

/** By id, or by name among those of the account, where one is given. */
export function findDeployment(
  directory: KeyDirectory,
  reference: string,
  account: string | undefined,
): Result<Deployment, Fault> {
  const owner = account === undefined ? undefined : findAccount(directory, account);
  if (owner?.ok === false) return owner;
  const accountId = owner?.value.id;
  const byId = directory.deployments.get(reference);
  if (byId !== undefined && (accountId === undefined || byId.accountId === accountId)) return ok(byId);
  const byName = directory.deployments.list(accountId).filter(({ name }) => name === reference);
  return single(byName, 'deployment');
}

/**
 * The ids of several things, each once. Undefined for undefined. An unknown one is refused and named by its place in
 * `field`: a misspelt name would silently stand for nothing. Errors: those of `find`.
 */
export function idsOf(
  references: readonly string[] | undefined,
  field: string,
  find: (reference: string) => Result<{ id: string }, Fault>,
): Result<readonly string[] | undefined, Fault> {
  if (references === undefined) return ok(undefined);
  const ids = new Set<string>();
  for (const [index, reference] of references.entries()) {
    const found = find(reference);
    if (!found.ok) return failed({ ...found.error, param: `${field}[${index}]` });
    ids.add(found.value.id);
  }
  return ok(Object.freeze([...ids]));
}

function single<Thing>(
  found: readonly Thing[],
  what: 'account' | 'key' | 'node' | 'deployment',
): Result<Thing, Fault> {
  const [only, another] = found;
  if (only === undefined) {
    return failed(fault('not_found', { message: `There is no ${what} of this id or name.`, param: what }));
  }
  if (another !== undefined) {
    return failed(
      fault('invalid_request', { message: `Several ${what}s have this name: give the id.`, param: what }),
    );
  }
  return ok(only);
}
