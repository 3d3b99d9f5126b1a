import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import { fault, type Fault } from '../core/errors.ts';
import { roleCovers } from './person.ts';
import type { Membership } from './store.ts';

/** Who wants to change something in an account. Their role there is looked up when it is changed. */
export type Actor = { personId: string };

export type MemberChange =
  | { do: 'set-role'; personId: string; role: MemberRole }
  | { do: 'remove'; personId: string }
  | { do: 'set-limits'; personId: string }
  | { do: 'invite'; role: MemberRole };

/**
 * Whether the change may be made; undefined: it may. Owners change everything, but an account keeps an owner. Admins
 * invite up to their own role; they remove those below it and set their limits. Everyone may leave. The role of whoever
 * wants it is that among `members`: what their session said may be a moment old, and they may be out by now.
 * Errors: `permission_denied`, `not_found` (no such member), `invalid_request` (the last owner).
 */
export function refuseMemberChange(
  members: readonly Pick<Membership, 'personId' | 'role'>[],
  { personId: byPersonId }: Actor,
  change: MemberChange,
): Fault | undefined {
  const by = members.find(({ personId }) => personId === byPersonId);
  if (by === undefined) return NOT_ALLOWED;
  if (change.do === 'invite') {
    return roleCovers(by.role, 'admin') && roleCovers(by.role, change.role) ? undefined : NOT_ALLOWED;
  }
  const leaves = change.do === 'remove' && change.personId === by.personId;
  if (!leaves && !roleCovers(by.role, change.do === 'set-role' ? 'owner' : 'admin')) return NOT_ALLOWED;
  const member = members.find(({ personId }) => personId === change.personId);
  if (member === undefined) return fault('not_found', { message: 'There is no such member.' });
  if (!leaves && by.role === 'admin' && roleCovers(member.role, 'admin')) return NOT_ALLOWED;
  const staysOwner = change.do === 'set-limits' || (change.do === 'set-role' && change.role === 'owner');
  if (member.role !== 'owner' || staysOwner) return undefined;
  return members.filter(({ role }) => role === 'owner').length > 1 ? undefined : LAST_OWNER;
}

const NOT_ALLOWED = fault('permission_denied', { message: 'Your role in this account does not allow this.' });
const LAST_OWNER = fault('invalid_request', {
  message: 'An account keeps at least one owner. Make somebody else an owner first, or close the account.',
});
