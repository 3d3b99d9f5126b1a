import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { MEMBER_ROLES, type Done, type MemberRole } from '@switchyard/protocol/console/common.ts';
import type { Invitation, Member } from '@switchyard/protocol/console/members.ts';
import { useState } from 'react';
import { accountPath, messageOf, sendJson } from '../../api/client.ts';
import { invitationsQuery, membersQuery, refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { InlineSelect } from '../../ui/field.tsx';
import { Page, Section } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { LongTable } from '../../ui/long-table.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { MemberLimitsDialog } from './limits-dialog.tsx';
import { Limits, Spent } from './share.tsx';

type Opened = { dialog: 'remove' | 'limits'; member: Member };

export default function MembersPage() {
  const { account } = useSignedIn();
  const members = useQuery(membersQuery(account.id));
  const mayInvite = useMay('admin');
  const isOwner = useMay('owner');
  const [invites, setInvites] = useState(false);
  const [opened, setOpened] = useState<Opened>();
  const close = () => setOpened(undefined);
  return (
    <Page
      title="Members"
      lead="Viewers see what is used and spent; developers also make keys of their own and nodes; admins also manage all keys, limits and invitations; owners do all."
      action={
        mayInvite && (
          <Button look="primary" onClick={() => setInvites(true)}>
            Invite
          </Button>
        )
      }
    >
      <Loaded query={members} lines={4}>
        {({ members: rows }) => (
          <LongTable
            label="Members"
            noun="member"
            rows={rows}
            textOf={({ name, email, role }) => `${name} ${email} ${role}`}
            keyOf={({ personId }) => personId}
            columns={memberColumns({ me: account.role, isOwner, onOpen: setOpened })}
          />
        )}
      </Loaded>
      {mayInvite && <Invitations />}
      {invites && <InviteDialog onClose={() => setInvites(false)} />}
      {opened?.dialog === 'remove' && <RemoveDialog member={opened.member} onClose={close} />}
      {opened?.dialog === 'limits' && <MemberLimitsDialog member={opened.member} onClose={close} />}
    </Page>
  );
}

type Columns = { me: MemberRole; isOwner: boolean; onOpen: (opened: Opened) => void };

function memberColumns({ me, isOwner, onOpen }: Columns): Column<Member>[] {
  return [
    {
      name: 'Person',
      cell: ({ name, email }) => (
        <>
          <span className="block font-medium break-words">{name}</span>
          <span className="block text-xs break-all text-soft">{email}</span>
        </>
      ),
    },
    { name: 'Role', cell: (member) => (isOwner ? <RoleSelect member={member} /> : member.role) },
    { name: 'This month', right: true, cell: ({ share }) => <Spent share={share} /> },
    { name: 'Limits', wide: true, cell: ({ share }) => <Limits share={share} /> },
    { name: 'Since', cell: ({ since }) => <Time at={since} form="date" /> },
    ...(mayLimit(me, 'developer')
      ? [
          {
            name: 'Actions',
            hidden: true,
            wide: true,
            right: true,
            cell: (member: Member) => (
              <span className="flex flex-wrap gap-1 sm:justify-end">
                {mayLimit(me, member.role) && (
                  <Button look="quiet" onClick={() => onOpen({ dialog: 'limits', member })}>
                    Limits<span className="sr-only"> of {member.name}</span>
                  </Button>
                )}
                {isOwner && (
                  <Button look="quiet" onClick={() => onOpen({ dialog: 'remove', member })}>
                    Take out<span className="sr-only"> {member.name}</span>
                  </Button>
                )}
              </span>
            ),
          },
        ]
      : []),
  ];
}

/** Owners limit everyone, admins those below them. The server decides; this hides buttons. */
function mayLimit(mine: MemberRole, theirs: MemberRole): boolean {
  if (mine === 'owner') return true;
  return mine === 'admin' && (theirs === 'developer' || theirs === 'viewer');
}

function RoleSelect({ member }: { member: Member }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (role: MemberRole) =>
      withFreshSignIn(() =>
        sendJson<Member>('PATCH', accountPath(account.id, `members/${encodeURIComponent(member.personId)}`), {
          role,
        }),
      ),
    onSuccess: () => refresh(client, account.id, ['members', 'keys']),
    onError: (error) => toast(messageOf(error), 'bad'),
  });
  return (
    <InlineSelect
      label={`Role of ${member.name}`}
      value={member.role}
      options={MEMBER_ROLES.map((role) => ({ value: role, label: role }))}
      onValue={(value) => {
        const role = MEMBER_ROLES.find((one) => one === value);
        if (role !== undefined) change.mutate(role);
      }}
    />
  );
}

function RemoveDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      withFreshSignIn(() =>
        sendJson<Done>('DELETE', accountPath(account.id, `members/${encodeURIComponent(member.personId)}`)),
      ),
    onSuccess: async () => {
      await refresh(client, account.id, ['members', 'keys']);
      await client.invalidateQueries({ queryKey: ['session'] });
      toast(`${member.name} is out`);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Take ${member.name} out of ${account.name}`}
      action="Take out"
      open
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>
        {member.email ?? member.name} loses access at once, and their own keys in {account.name} are revoked.
        Keys of the account stay.
      </p>
    </ConfirmDialog>
  );
}

function Invitations() {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const invitations = useQuery(invitationsQuery(account.id));
  const withdraw = useMutation({
    mutationFn: (invitation: Invitation) =>
      sendJson<Done>('DELETE', accountPath(account.id, `invitations/${encodeURIComponent(invitation.id)}`)),
    onSuccess: () => refresh(client, account.id, ['invitations']),
    onError: (error) => toast(messageOf(error), 'bad'),
  });
  return (
    <Section title="Open invitations">
      <Loaded query={invitations}>
        {({ invitations: rows }) =>
          rows.length === 0 ? (
            <Empty>Nobody is invited at present.</Empty>
          ) : (
            <Table
              label="Open invitations"
              rows={rows}
              keyOf={({ id }) => id}
              columns={invitationColumns(withdraw.isPending, withdraw.mutate)}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

function invitationColumns(
  busy: boolean,
  onWithdraw: (invitation: Invitation) => void,
): Column<Invitation>[] {
  return [
    { name: 'E-mail', cell: ({ email }) => <span className="break-all">{email}</span> },
    { name: 'Role', cell: ({ role }) => role },
    { name: 'Ends', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
    {
      name: 'Actions',
      hidden: true,
      right: true,
      cell: (invitation) => (
        <Button look="quiet" disabled={busy} onClick={() => onWithdraw(invitation)}>
          Withdraw<span className="sr-only"> the invitation of {invitation.email}</span>
        </Button>
      ),
    },
  ];
}
