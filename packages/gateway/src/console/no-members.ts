import { fault, type Fault } from '../core/errors.ts';
import { failed, type Result } from '../core/result.ts';
import type { PeopleMembers } from './people.ts';

/** For a gateway whose accounts have no members to manage. */
export const NO_MEMBERS: PeopleMembers = {
  members: () => Promise.resolve([]),
  invitations: () => Promise.resolve([]),
  exportAccount: () => Promise.resolve({}),
  changeRole: refuse,
  removeMember: refuse,
  invite: refuse,
  withdrawInvitation: refuse,
  acceptInvitation: refuse,
  deleteAccount: refuse,
};

function refuse(): Promise<Result<never, Fault>> {
  return Promise.resolve(failed(fault('not_found')));
}
