import type { KeyEntry } from '../accounts/key-directory.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { PeopleDeps } from './deps.ts';
import { listInvitations } from './invitations.ts';
import { listMembers } from './members.ts';

/** More than this are in `requests.csv`, page by page. */
const RECEIPTS_MAX = 10_000;

/**
 * All that is kept of an account, as plain data: no secret and no digest of one. Money is whole µ$, times are
 * milliseconds since 1970. Errors: `not_found`.
 */
export async function exportAccount(
  deps: Pick<PeopleDeps, 'store' | 'registry' | 'ledger' | 'clock' | 'receipts'>,
  accountId: string,
): Promise<Result<Record<string, unknown>, Fault>> {
  const { directory } = deps.registry;
  const account = directory.account(accountId);
  if (account === undefined) return failed(fault('not_found'));
  return ok({
    account,
    balance: deps.ledger.balance(accountId),
    members: listMembers(deps, accountId).map((member) => ({
      ...member,
      limits: directory.memberLimits({ accountId, personId: member.personId }) ?? null,
    })),
    invitations: listInvitations(deps, accountId),
    keys: directory.keys(accountId).map(keptOfKey),
    nodes: directory.nodes().flatMap(({ node }) => (node.accountId === accountId ? [node] : [])),
    deployments: directory.deployments.list(accountId),
    receipts: await deps.receipts(accountId, RECEIPTS_MAX),
  });
}

/** A key without its digest. */
function keptOfKey({ identity, lastUsedAtMs }: KeyEntry) {
  return { ...identity.key, lastUsedAtMs };
}

/** All that is kept of a person: their roles in accounts with the limits there, and their keys. Errors: `not_found`. */
export function exportPerson(
  { store, registry: { directory } }: Pick<PeopleDeps, 'store' | 'registry'>,
  personId: string,
): Result<Record<string, unknown>, Fault> {
  const person = store.person(personId);
  if (person === undefined) return failed(fault('not_found'));
  return ok({
    person: { ...person, site: store.standing(personId)?.site ?? 'person' },
    signIn: store.signInRecord(personId),
    memberships: store.memberships(personId).map((membership) => ({
      ...membership,
      limits: directory.memberLimits(membership) ?? null,
      keys: directory.memberKeys(membership).map(keptOfKey),
    })),
  });
}
