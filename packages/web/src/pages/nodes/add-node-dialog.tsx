import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { AddNode, NewNode } from '@switchyard/protocol/console/nodes.ts';
import { useState } from 'react';
import { accountPath, sendJson } from '../../api/client.ts';
import { nodeQuery, refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useSignedIn } from '../../session/session.tsx';
import { Button, Spinner } from '../../ui/button.tsx';
import { Code, SecretField } from '../../ui/copy.tsx';
import { Dialog, DialogActions, FormActions } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Notice } from '../../ui/notice.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { nodeStateMeaning } from './node-state.tsx';

const KINDS = [
  { value: 'private', label: 'Only this account' },
  { value: 'shared', label: 'A pool, and earns' },
];
/** The live stream tells of the node sooner; this is for when the stream is down. */
const LOOK_EVERY_MS = 5_000;

/** The form, then the command with its token, shown once, while the page waits for the node to come. */
export function AddNodeDialog({ onClose }: { onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [kind, setKind] = useState('private');
  const [pool, setPool] = useState('');
  const [made, setMade] = useState<NewNode>();
  const { busy, error, onSubmit } = useAttempt();
  const add = async () => {
    const input: AddNode =
      kind === 'shared'
        ? { name: name.trim(), kind: 'shared', pool: pool.trim() }
        : { name: name.trim(), kind: 'private' };
    setMade(await withFreshSignIn(() => sendJson<NewNode>('POST', accountPath(account.id, 'nodes'), input)));
    await refresh(client, account.id, ['nodes']);
  };
  if (made !== undefined) return <ConnectDialog made={made} onClose={onClose} />;
  return (
    <Dialog title="Add a node" open onClose={onClose}>
      <form onSubmit={onSubmit(add)} className="grid gap-5">
        {error !== undefined && <ErrorNotice error={error} />}
        <TextField
          label="Name"
          hint="Such as the machine's."
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField
          label="It serves"
          options={KINDS}
          value={kind}
          onValue={setKind}
          hint="A private node answers this account's deployments only. While it is off, they answer 503."
        />
        {kind === 'shared' && (
          <TextField
            label="Pool"
            hint="The operator says which pools there are."
            required
            value={pool}
            onChange={(event) => setPool(event.target.value)}
          />
        )}
        <FormActions action="Add" busy={busy} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function ConnectDialog({ made, onClose }: { made: NewNode; onClose: () => void }) {
  return (
    <Dialog
      title={`Connect “${made.node.name}”`}
      description="Run this on the machine, beside its engine. The token cannot be shown again."
      open
      guarded
      onClose={onClose}
    >
      <Code label="Shell" text={made.connect} />
      <SecretField label="Token alone" value={made.token} />
      <Arrival nodeId={made.node.id} />
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          I saved it
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** Watches until the node has come. */
function Arrival({ nodeId }: { nodeId: string }) {
  const { account } = useSignedIn();
  const node = useQuery({ ...nodeQuery(account.id, nodeId), refetchInterval: LOOK_EVERY_MS }).data;
  if (node === undefined || node.state === 'offline' || node.state === 'unknown') {
    return (
      <p role="status" className="flex items-center gap-3 text-sm text-soft">
        <Spinner />
        Waiting for the machine to connect …
      </p>
    );
  }
  const models = node.session?.models.map(({ alias }) => alias).join(', ') ?? '';
  return (
    <div role="status">
      <Notice tone={node.state === 'ready' ? 'good' : 'warn'}>
        {node.state === 'ready'
          ? `It is connected with ${node.session?.engine ?? 'its engine'}${models === '' ? '' : ` and serves ${models}`}.`
          : nodeStateMeaning(node.state)}
      </Notice>
    </div>
  );
}
