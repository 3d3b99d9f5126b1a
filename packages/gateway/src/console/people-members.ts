import { fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import { askForEmail, confirmEmail } from '../people/add-email.ts';
import { closeAccount } from '../people/close-account.ts';
import { deletePerson } from '../people/delete-person.ts';
import type { PeopleDeps } from '../people/deps.ts';
import { exportAccount, exportPerson } from '../people/export.ts';
import { acceptInvitation, deleteInvitation, invite, listInvitations } from '../people/invitations.ts';
import { changeMemberRole, listMembers, removeMember } from '../people/members.ts';
import { type Person, personActor } from '../people/person.ts';
import type { PeopleMembers } from './people.ts';

/** The use cases of people's accounts as the console asks for them. */
export function createPeopleMembers(deps: PeopleDeps): PeopleMembers {
  return {
    members: (accountId) => Promise.resolve(listMembers(deps, accountId)),
    async changeRole(accountId, { by, ...change }) {
      const actor = actorIn(accountId, by);
      return actor === undefined ? NOT_FOUND : changeMemberRole(deps, actor, { accountId, ...change });
    },
    async removeMember(accountId, { by, personId }) {
      const actor = actorIn(accountId, by);
      if (actor === undefined) return NOT_FOUND;
      return nothing(await removeMember(deps, actor, { accountId, personId }));
    },
    invitations: (accountId) => Promise.resolve(listInvitations(deps, accountId)),
    async invite(accountId, { by, email, role }) {
      const actor = actorIn(accountId, by);
      return actor === undefined ? NOT_FOUND : invite(deps, actor, { accountId, email, role });
    },
    async withdrawInvitation(accountId, { by, invitationId }) {
      return nothing(await deleteInvitation(deps, { personId: by.id }, { accountId, invitationId }));
    },
    acceptInvitation: (person, token) => acceptInvitation(deps, person, token),
    askForEmail: (person, email) => askForEmail(deps, person, email),
    confirmEmail: (person, token) => confirmEmail(deps, person, token),
    exportAccount: (accountId) => exportAccount(deps, accountId),
    exportPerson: (person) => Promise.resolve(exportPerson(deps, person.id)),
    async deletePerson(person) {
      return nothing(await deletePerson(deps, person.id, personActor(person.id)));
    },
    async deleteAccount(accountId, by) {
      return nothing(await closeAccount(deps, accountId, personActor(by.id)));
    },
  };
}

function actorIn(accountId: string, person: Person): { personId: string; name: string } | undefined {
  const isMember = person.memberships.some((one) => one.accountId === accountId);
  return isMember ? { personId: person.id, name: person.name } : undefined;
}

const NOT_FOUND = failed(fault('not_found'));

function nothing<Problem>(result: { ok: true } | { ok: false; error: Problem }) {
  return result.ok ? ok(undefined) : result;
}
