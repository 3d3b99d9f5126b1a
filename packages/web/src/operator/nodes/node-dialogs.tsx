import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { OperatorNode, PardonNode, SanctionNode } from '@switchyard/protocol/console/operator.ts';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { sendJson } from '../../api/client.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { TextField } from '../../ui/field.tsx';
import { toast } from '../../ui/toast.tsx';
import { operatorPath, refreshOperator } from '../operator-queries.ts';

type DialogProps = { node: OperatorNode; onClose: () => void };

const REASON_MAX_CHARS = 300;

function ReasonField(props: { hint: string; value: string; onValue: (value: string) => void }) {
  return (
    <TextField
      label="Reason"
      required
      maxLength={REASON_MAX_CHARS}
      hint={props.hint}
      value={props.value}
      onChange={(event) => props.onValue(event.target.value)}
    />
  );
}

/** One change of a node, after a fresh sign-in; then the lists are fetched again. */
function useNodeChange(change: () => Promise<OperatorNode>, done: string, onClose: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => withFreshSignIn(change),
    onSuccess: async () => {
      await refreshOperator(client, 'nodes');
      toast(done);
      onClose();
    },
  });
}

export function SanctionDialog({ node, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const body: SanctionNode = { reason: reason.trim() };
  const ban = useNodeChange(
    () => sendJson<OperatorNode>('POST', operatorPath('nodes', node.id, 'sanction'), body),
    `Banned “${node.name}”`,
    onClose,
  );
  return (
    <ConfirmDialog
      title={`Ban the node “${node.name}”`}
      action="Ban the node"
      open
      busy={ban.isPending}
      error={ban.error}
      disabled={body.reason === ''}
      onConfirm={() => ban.mutate()}
      onClose={onClose}
    >
      <p>
        It belongs to “{node.account.name}”. It is disconnected at once and may not connect until you let it
        again.
      </p>
      <ReasonField hint="Its owner reads it." value={reason} onValue={setReason} />
    </ConfirmDialog>
  );
}

export function PardonDialog({ node, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const body: PardonNode = { reason: reason.trim() };
  const pardon = useNodeChange(
    () => sendJson<OperatorNode>('POST', operatorPath('nodes', node.id, 'pardon'), body),
    `Pardoned “${node.name}”`,
    onClose,
  );
  return (
    <ConfirmDialog
      title={`Pardon the node “${node.name}”`}
      action="Pardon the node"
      open
      busy={pardon.isPending}
      error={pardon.error}
      disabled={body.reason === ''}
      onConfirm={() => pardon.mutate()}
      onClose={onClose}
    >
      <p>All its sanctions are lifted. What a ban took back is pending again.</p>
      <ReasonField hint="It stands in the audit log." value={reason} onValue={setReason} />
    </ConfirmDialog>
  );
}

export function RemoveDialog({ node, onClose }: DialogProps) {
  const [, go] = useLocation();
  const remove = useNodeChange(
    () => sendJson<OperatorNode>('DELETE', operatorPath('nodes', node.id)),
    `Removed “${node.name}”`,
    () => go('/operator/nodes'),
  );
  return (
    <ConfirmDialog
      title={`Remove the node “${node.name}”`}
      action="Remove the node"
      open
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>
        It belongs to “{node.account.name}”. Its token is refused for ever. What it earned stays. This cannot
        be taken back.
      </p>
    </ConfirmDialog>
  );
}
