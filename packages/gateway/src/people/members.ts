import { endMembership, revokePersonalKeys } from '../accounts/personal-keys.ts';
import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import type { AccountPerson } from '@switchyard/protocol/console/members.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { PeopleDeps } from './deps.ts';
import { shownEmail } from './email-address.ts';
import { mayHaveKeys } from './key-rules.ts';
import { noteWithKeys } from './key-owners.ts';
import { personActor } from './person.ts';
import { refuseMemberChange, type Actor, type MemberChange } from './member-rules.ts';
import type { Membership, PeopleStore } from './store.ts';

type MembersDeps = Pick<PeopleDeps, 'clock' | 'store' | 'registry'>;

/** Everyone in an account, the longest there first. */
export function listMembers({ store }: Pick<PeopleDeps, 'store'>, accountId: string): AccountPerson[] {
  return store.members(accountId).flatMap((membership) => memberView(store, membership) ?? []);
}

/** The keys of one who is a viewer from now on are revoked: viewers have none. Errors: those of `refuseMemberChange`. */
export async function changeMemberRole(
  deps: MembersDeps,
  by: Actor,
  { accountId, personId, role }: { accountId: string; personId: string; role: MemberRole },
): Promise<Result<AccountPerson, Fault>> {
  const { store } = deps;
  const refused = changeMembers(store, accountId, { by, change: { do: 'set-role', personId, role } });
  if (refused !== undefined) return failed(refused);
  const audit = { actor: personActor(by.personId), action: 'member.role', subject: accountId };
  await noteWithKeys(deps, { ...audit, detail: `${personId} is ${role}` }, (directory, nowMs) =>
    mayHaveKeys(role) ? [] : revokePersonalKeys(directory, { accountId, personId }, nowMs),
  );
  const changed = store.members(accountId).find((member) => member.personId === personId);
  const view = changed === undefined ? undefined : memberView(store, changed);
  return view === undefined ? failed(fault('not_found')) : ok(view);
}

/** Takes a person out of an account; oneself, too. Their keys in it are revoked, the account's own stay. Errors: those of `refuseMemberChange`. */
export async function removeMember(
  deps: MembersDeps,
  by: Actor,
  { accountId, personId }: { accountId: string; personId: string },
): Promise<Result<undefined, Fault>> {
  const refused = changeMembers(deps.store, accountId, { by, change: { do: 'remove', personId } });
  if (refused !== undefined) return failed(refused);
  const action = by.personId === personId ? 'member.leave' : 'member.remove';
  const audit = { actor: personActor(by.personId), action, subject: accountId, detail: personId };
  await noteWithKeys(deps, audit, (directory, nowMs) =>
    endMembership(directory, { accountId, personId }, nowMs),
  );
  return ok(undefined);
}

/** Looks and writes in one transaction, so that two owners who leave at once cannot both go. */
function changeMembers(
  store: PeopleStore,
  accountId: string,
  { by, change }: { by: Actor; change: Extract<MemberChange, { do: 'set-role' | 'remove' }> },
): Fault | undefined {
  return store.transaction(() => {
    const members = store.members(accountId);
    const { personId } = change;
    const refused = refuseMemberChange(members, by, change);
    if (refused !== undefined) return refused;
    if (change.do === 'remove') store.deleteMembership({ accountId, personId });
    else store.putMembership({ accountId, personId, role: change.role, sinceMs: 0 });
    return undefined;
  });
}

function memberView(store: PeopleStore, { personId, role, sinceMs }: Membership): AccountPerson | undefined {
  const person = store.person(personId);
  if (person === undefined) return undefined;
  return {
    personId,
    name: person.name,
    email: shownEmail(person.email),
    role,
    since: new Date(sinceMs).toISOString(),
  };
}
