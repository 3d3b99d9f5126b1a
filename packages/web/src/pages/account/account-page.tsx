import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Done } from '@switchyard/protocol/console/common.ts';
import type { DeleteAccount } from '@switchyard/protocol/console/members.ts';
import { useState } from 'react';
import { accountPath, getJson, messageOf, sendJson } from '../../api/client.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { TextField } from '../../ui/field.tsx';
import { Card, Page, Section } from '../../ui/page.tsx';
import { saveFile } from '../../ui/save-file.ts';
import { toast } from '../../ui/toast.tsx';

export default function AccountPage() {
  const { account } = useSignedIn();
  const isOwner = useMay('owner');
  const [deletes, setDeletes] = useState(false);
  return (
    <Page title="Account">
      <Card>
        <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">
          <dt className="text-soft">Name</dt>
          <dd className="font-medium break-words">{account.name}</dd>
          <dt className="text-soft">Id</dt>
          <dd>
            <code className="font-mono break-all">{account.id}</code>
          </dd>
          <dt className="text-soft">Your role</dt>
          <dd>{account.role}</dd>
        </dl>
      </Card>
      <Section
        title="Export"
        hint="All that is kept of this account, as JSON: members, keys without secrets, movements, receipts."
      >
        <div>
          <Export />
        </div>
      </Section>
      {isOwner && (
        <Section
          title="Delete"
          hint="Keys and nodes end at once and the rest of the balance is lost. Receipts stay without a name, because the ledger must add up."
        >
          <div>
            <Button look="danger" onClick={() => setDeletes(true)}>
              Delete the account
            </Button>
          </div>
        </Section>
      )}
      {deletes && <DeleteDialog onClose={() => setDeletes(false)} />}
    </Page>
  );
}

/** The server wants a fresh sign-in for it, which a plain link could not ask for. */
function Export() {
  const { account } = useSignedIn();
  const fetched = useMutation({
    mutationFn: () => withFreshSignIn(() => getJson<object>(accountPath(account.id, 'export'))),
    onSuccess: (data) =>
      saveFile(`${account.id}.json`, new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' })),
    onError: (error) => toast(messageOf(error), 'bad'),
  });
  return (
    <Button busy={fetched.isPending} onClick={() => fetched.mutate()}>
      Download
    </Button>
  );
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const input: DeleteAccount = { confirm: typed };
  const remove = useMutation({
    mutationFn: () =>
      withFreshSignIn(() =>
        sendJson<Done>('DELETE', `/api/console/accounts/${encodeURIComponent(account.id)}`, input),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['session'] }),
  });
  return (
    <ConfirmDialog
      title={`Delete the account “${account.name}”`}
      action="Delete the account"
      open
      busy={remove.isPending}
      disabled={typed !== account.name}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>This cannot be taken back.</p>
      <TextField
        label={`Type ${account.name} to confirm`}
        autoComplete="off"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </ConfirmDialog>
  );
}
