import { useQueryClient } from '@tanstack/react-query';
import { MEMBER_ROLES, type MemberRole } from '@switchyard/protocol/console/common.ts';
import type { CreateInvitation, NewInvitation } from '@switchyard/protocol/console/members.ts';
import { useState } from 'react';
import { accountPath, sendJson } from '../../api/client.ts';
import { refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useSignedIn } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { SecretField } from '../../ui/copy.tsx';
import { Dialog, DialogActions, FormActions } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';

/** The form, then the link, once. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<MemberRole>('developer');
  const [made, setMade] = useState<NewInvitation>();
  const { busy, error, onSubmit } = useAttempt();
  const mine = MEMBER_ROLES.indexOf(account.role);
  const invite = async () => {
    const input: CreateInvitation = { email: email.trim(), role };
    setMade(
      await withFreshSignIn(() =>
        sendJson<NewInvitation>('POST', accountPath(account.id, 'invitations'), input),
      ),
    );
    await refresh(client, account.id, ['invitations']);
  };
  if (made !== undefined) {
    return (
      <Dialog
        title={`Invitation for ${made.invitation.email}`}
        description="Give this link to the person, if no mail reaches them. It cannot be shown again."
        open
        guarded
        onClose={onClose}
      >
        <SecretField label="Link" value={made.link} />
        <DialogActions>
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title={`Invite to ${account.name}`} open onClose={onClose}>
      <form onSubmit={onSubmit(invite)} className="grid gap-5">
        {error !== undefined && <ErrorNotice error={error} />}
        <TextField
          label="E-mail"
          type="email"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <SelectField
          label="Role"
          value={role}
          options={MEMBER_ROLES.slice(mine).map((one) => ({ value: one, label: one }))}
          onValue={(value) => setRole(MEMBER_ROLES.find((one) => one === value) ?? 'viewer')}
        />
        <FormActions action="Invite" busy={busy} onClose={onClose} />
      </form>
    </Dialog>
  );
}
