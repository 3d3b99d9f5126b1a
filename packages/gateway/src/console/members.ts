import { z } from 'zod';
import { MEMBER_ROLES } from '@switchyard/protocol/console/common.ts';
import { fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { EventHub } from './event-hub.ts';
import { endBrowserKey } from './keys.ts';
import type { PeopleMembers } from './people.ts';
import { type AccountCall, type ConsoleRow, memberRow, personRow } from './row.ts';
import { refuseUnpaidEarnings } from './unpaid-earnings.ts';

const role = z.enum(MEMBER_ROLES);
const invitation = z.strictObject({ email: z.email('must be an e-mail address').max(254), role });
const acceptance = z.strictObject({ token: z.string().min(1).max(200) });
const deletion = z.strictObject({ confirm: z.string().max(200) });

const DONE = { done: true };

/** Streams of open pages, which end with the membership. */
type Streams = Pick<EventHub, 'membersChanged'>;

/** Members of an account, invitations to it, its export and its end. */
export function memberRows(people: PeopleMembers, hub: Streams): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'members',
      run: async ({ account }) => ok({ members: await people.members(account.id) }),
    }),
    memberRow('owner', {
      method: 'PATCH',
      path: 'members/:person',
      fresh: true,
      input: z.strictObject({ role }),
      async run(call, input) {
        const changed = await people.changeRole(call.account.id, { ...member(call), ...input });
        if (changed.ok && input.role === 'viewer') await endKeyOf(call);
        if (changed.ok) hub.membersChanged(call.account.id, changed.value.personId);
        return changed;
      },
    }),
    memberRow('viewer', {
      method: 'DELETE',
      path: 'members/:person',
      run: (call) => remove(people, hub, call),
    }),
    memberRow('admin', {
      method: 'GET',
      path: 'invitations',
      run: async ({ account }) => ok({ invitations: await people.invitations(account.id) }),
    }),
    memberRow('admin', {
      method: 'POST',
      path: 'invitations',
      input: invitation,
      run: ({ account, person }, input) => people.invite(account.id, { ...input, by: person }),
    }),
    memberRow('admin', {
      method: 'DELETE',
      path: 'invitations/:invitation',
      run: async ({ account, person, params }) =>
        done(
          await people.withdrawInvitation(account.id, {
            invitationId: params['invitation'] ?? '',
            by: person,
          }),
        ),
    }),
    personRow({
      method: 'POST',
      path: '/api/console/invitations/accept',
      input: acceptance,
      run: ({ person }, { token }) => people.acceptInvitation(person, token),
    }),
    memberRow('owner', {
      method: 'GET',
      path: 'export',
      fresh: true,
      run: ({ account }) => people.exportAccount(account.id),
    }),
    memberRow('owner', {
      method: 'DELETE',
      path: '',
      fresh: true,
      input: deletion,
      run: (call, { confirm }) => deleteAccount(people, hub, call, confirm),
    }),
  ];
}

const member = ({ person, params }: AccountCall) => ({ personId: params['person'] ?? '', by: person });

/** Everyone may leave; only owners take others out. */
async function remove(people: PeopleMembers, hub: Streams, call: AccountCall) {
  const { personId, by } = member(call);
  if (personId !== by.id && call.role !== 'owner')
    return failed(fault('permission_denied', { message: 'Only owners take other members out.' }));
  const removed = await people.removeMember(call.account.id, { personId, by });
  if (removed.ok) {
    await endKeyOf(call);
    hub.membersChanged(call.account.id, personId);
  }
  return done(removed);
}

/** A page that is still open must not go on paying from the account. */
function endKeyOf({ admin, account, params }: AccountCall): Promise<void> {
  return endBrowserKey(admin, { accountId: account.id, personId: params['person'] ?? '' });
}

async function deleteAccount(
  people: PeopleMembers,
  hub: Streams,
  { admin, account, person }: AccountCall,
  confirm: string,
) {
  if (confirm !== account.name)
    return failed(fault('invalid_request', { message: 'Type the name of the account.', param: 'confirm' }));
  const refused = await refuseUnpaidEarnings(admin, account.id);
  if (refused !== undefined) return failed(refused);
  const deleted = await people.deleteAccount(account.id, person);
  if (deleted.ok) hub.membersChanged(account.id);
  return done(deleted);
}

function done<Problem>(result: Result<void, Problem>): Result<typeof DONE, Problem> {
  return result.ok ? ok(DONE) : result;
}
