import { endMembership } from '../accounts/personal-keys.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { note } from './audit.ts';
import { closeAccount } from './close-account.ts';
import type { PeopleDeps } from './deps.ts';
import { noteWithKeys, revokeStrayKeys } from './key-owners.ts';

/**
 * Forgets a person: how they sign in, their sessions, their roles, and revokes their keys. Accounts in which nobody else is are closed first.
 * Errors: `not_found`, `invalid_request` (they are the last owner of an account that others are in), and those of
 * `closeAccount`.
 */
export async function deletePerson(
  deps: PeopleDeps,
  personId: string,
  actor: string,
): Promise<Result<{ closedAccounts: string[] }, Fault>> {
  const { store, registry } = deps;
  if (store.person(personId) === undefined) return failed(fault('not_found'));
  const alone: string[] = [];
  for (const { accountId, role } of store.memberships(personId)) {
    const others = store.members(accountId).filter((member) => member.personId !== personId);
    const isOperators = registry.directory.account(accountId)?.role === 'operator';
    if (others.length === 0 && !isOperators) alone.push(accountId);
    const leavesNoOwner = role === 'owner' && !others.some((member) => member.role === 'owner');
    if (others.length > 0 && leavesNoOwner) return failed(LAST_OWNER);
  }
  for (const accountId of alone) {
    const closed = await closeAccount(deps, accountId, actor);
    if (!closed.ok && closed.error.code !== 'not_found') return closed;
  }
  await endMemberships(deps, personId, actor);
  store.transaction(() => store.deletePerson(personId));
  // A key that was made in between.
  await revokeStrayKeys(deps);
  await note(deps, { actor, action: 'person.remove', subject: personId, detail: '' });
  return ok({ closedAccounts: alone });
}

/** What is theirs must not go on paying from an account of others. */
async function endMemberships(deps: PeopleDeps, personId: string, actor: string): Promise<void> {
  for (const { accountId } of deps.store.memberships(personId)) {
    const audit = { actor, action: 'member.remove', subject: accountId, detail: personId };
    await noteWithKeys(deps, audit, (directory, nowMs) =>
      endMembership(directory, { accountId, personId }, nowMs),
    );
  }
}

const LAST_OWNER = fault('invalid_request', {
  message: 'This person is the last owner of an account with other members. Make one of them an owner first.',
});
