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
  const { store } = deps;
  if (store.person(personId) === undefined) return failed(fault('not_found'));
  const closed = new Set<string>();
  for (;;) {
    // Looked at anew each time: while an account is closed, others may leave one that they shared.
    const { alone, isNeeded } = placesOf(deps, personId);
    if (isNeeded) return failed(LAST_OWNER);
    const accountId = alone.find((id) => !closed.has(id));
    if (accountId === undefined) break;
    closed.add(accountId);
    const outcome = await closeAccount(deps, accountId, actor);
    if (!outcome.ok && outcome.error.code !== 'not_found') return outcome;
  }
  await endMemberships(deps, personId, actor);
  store.transaction(() => store.deletePerson(personId));
  // Keys that were made in between, or left by an end that failed half-way.
  await revokeStrayKeys(deps);
  await note(deps, { actor, action: 'person.remove', subject: personId, detail: '' });
  return ok({ closedAccounts: [...closed] });
}

/** The accounts in which nobody else is, and whether others would be left without an owner. */
function placesOf({ store, registry }: PeopleDeps, personId: string): { alone: string[]; isNeeded: boolean } {
  const alone: string[] = [];
  let isNeeded = false;
  for (const { accountId, role } of store.memberships(personId)) {
    const others = store.members(accountId).filter((member) => member.personId !== personId);
    const isOperators = registry.directory.account(accountId)?.role === 'operator';
    if (others.length === 0 && !isOperators) alone.push(accountId);
    const leavesNoOwner = role === 'owner' && !others.some((member) => member.role === 'owner');
    if (others.length > 0 && leavesNoOwner) isNeeded = true;
  }
  return { alone, isNeeded };
}

/**
 * What is theirs must not go on paying from an account of others. The roles go first, in one go with the look that allowed
 * it, so that two owners who are forgotten at once cannot both leave an account behind.
 */
async function endMemberships(
  { store, ...deps }: PeopleDeps,
  personId: string,
  actor: string,
): Promise<void> {
  const memberships = store.memberships(personId);
  store.transaction(() => memberships.forEach((membership) => store.deleteMembership(membership)));
  for (const { accountId } of memberships) {
    const audit = { actor, action: 'member.remove', subject: accountId, detail: personId };
    await noteWithKeys(deps, audit, (directory, nowMs) =>
      endMembership(directory, { accountId, personId }, nowMs),
    );
  }
}

const LAST_OWNER = fault('invalid_request', {
  message: 'This person is the last owner of an account with other members. Make one of them an owner first.',
});
