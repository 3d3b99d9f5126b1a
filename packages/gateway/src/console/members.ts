import { z } from 'zod';
import { memberLimitsInput, memberShareView, setMemberLimits } from '../admin/members.ts';
import { MEMBER_ROLES } from '@switchyard/protocol/console/common.ts';
import type { AccountPerson, Member } from '@switchyard/protocol/console/members.ts';
import { fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { refuseMemberChange } from '../people/member-rules.ts';
import { roleCovers } from '../people/person.ts';
import type { EventHub } from './event-hub.ts';
import type { PeopleMembers } from './people.ts';
import { type AccountCall, type ConsoleRow, memberRow, personRow } from './row.ts';
import { refuseUnpaidEarnings } from './unpaid-earnings.ts';

const role = z.enum(MEMBER_ROLES);
const invitation = z.strictObject({ email: z.email('must be an e-mail address').max(254), role });
const acceptance = z.strictObject({ token: z.string().min(1).max(200) });
const limits = memberLimitsInput.omit({ account: true, person: true });
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
      run: (call) => membersOf(people, call),
    }),
    memberRow('owner', {
      method: 'PATCH',
      path: 'members/:person',
      fresh: true,
      input: z.strictObject({ role }),
      async run(call, input) {
        const changed = await people.changeRole(call.account.id, { ...member(call), ...input });
        if (!changed.ok) return changed;
        hub.membersChanged(call.account.id, changed.value.personId);
        return ok(memberView(call, changed.value));
      },
    }),
    memberRow('admin', {
      method: 'PATCH',
      path: 'members/:person/limits',
      fresh: true,
      input: limits,
      run: (call, input) => changeLimits(people, call, input),
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
      // With a stolen session somebody could make themselves an owner for good.
      fresh: true,
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
  if (removed.ok) hub.membersChanged(call.account.id, personId);
  return done(removed);
}

async function membersOf(people: PeopleMembers, call: AccountCall) {
  const members = await people.members(call.account.id);
  return ok({ members: members.map((one) => memberView(call, one)) });
}

/** What members spend is for themselves, admins and owners to see. */
function memberView({ admin, account, person, role: own }: AccountCall, one: AccountPerson): Member {
  const isShown = one.personId === person.id || roleCovers(own, 'admin');
  const { personId } = one;
  return { ...one, share: isShown ? memberShareView(admin, { accountId: account.id, personId }) : null };
}

async function changeLimits(people: PeopleMembers, call: AccountCall, input: z.output<typeof limits>) {
  const { admin, account, person } = call;
  const { personId } = member(call);
  const members = await people.members(account.id);
  const change = { do: 'set-limits', personId } as const;
  const refused = refuseMemberChange(members, { personId: person.id }, change);
  if (refused !== undefined) return failed(refused);
  const set = await setMemberLimits(admin, { ...input, account: account.id, person: personId });
  const changed = members.find((one) => one.personId === personId);
  if (!set.ok || changed === undefined) return failed(set.ok ? fault('not_found') : set.error);
  return ok(memberView(call, changed));
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
