import { useMutation, useQueryClient } from '@tanstack/react-query';
import type {
  OperatorNode,
  PardonNode,
  SanctionNode,
  SetNodeTier,
} from '@switchyard/protocol/console/operator.ts';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { sendJson } from '../../api/client.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
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

const DAY_MS = 86_400_000;
/** `value`: days; empty: until somebody resumes it. */
const ENDS = [
  { value: '30', label: 'Ban it for 30 days' },
  { value: '7', label: 'Ban it for 7 days' },
  { value: '1', label: 'Ban it for 1 day' },
  { value: '365', label: 'Ban it for 365 days' },
  { value: '', label: 'Suspend it until it is resumed' },
];

export function SanctionDialog({ node, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const [days, setDays] = useState('30');
  const isBan = days !== '';
  const bodyNow = (): SanctionNode => ({
    reason: reason.trim(),
    until: isBan ? new Date(Date.now() + Number(days) * DAY_MS).toISOString() : null,
  });
  const ban = useNodeChange(
    () => sendJson<OperatorNode>('POST', operatorPath('nodes', node.id, 'sanction'), bodyNow()),
    isBan ? `Banned “${node.name}”` : `Suspended “${node.name}”`,
    onClose,
  );
  return (
    <ConfirmDialog
      title={`${isBan ? 'Ban' : 'Suspend'} the node “${node.name}”`}
      action={isBan ? 'Ban the node' : 'Suspend the node'}
      open
      busy={ban.isPending}
      error={ban.error}
      disabled={reason.trim() === ''}
      onConfirm={() => ban.mutate()}
      onClose={onClose}
    >
      <p>
        It belongs to “{node.account.name}”. It is disconnected at once and may not connect until it is over.
      </p>
      <SelectField label="What" value={days} onValue={setDays} options={ENDS} />
      <p>
        {isBan
          ? 'What it has pending is taken back. It begins on probation afterwards. A pardon gives back what was taken.'
          : 'What it earned stays.'}
      </p>
      <ReasonField hint="Its owner reads it." value={reason} onValue={setReason} />
    </ConfirmDialog>
  );
}

/** Trusts a node of others at once, or has it prove itself anew. */
export function TierDialog({ node, onClose }: DialogProps) {
  const [reason, setReason] = useState('');
  const approves = node.tier === 'probation';
  const body: SetNodeTier = { tier: approves ? 'verified' : 'probation', reason: reason.trim() };
  const change = useNodeChange(
    () => sendJson<OperatorNode>('POST', operatorPath('nodes', node.id, 'tier'), body),
    approves ? `“${node.name}” is verified` : `“${node.name}” is on probation`,
    onClose,
  );
  return (
    <ConfirmDialog
      title={approves ? `Approve the node “${node.name}”` : `Put the node “${node.name}” back on probation`}
      action={approves ? 'Approve the node' : 'Back to probation'}
      open
      busy={change.isPending}
      error={change.error}
      disabled={body.reason === ''}
      onConfirm={() => change.mutate()}
      onClose={onClose}
    >
      <p>
        {approves
          ? 'It gets full work and fewer test jobs, and its earnings wait as short as those of verified nodes. Failed tests take that back.'
          : 'Its record begins anew: more test jobs, half the work, longer waiting earnings.'}
      </p>
      <ReasonField hint="It stands in the audit log." value={reason} onValue={setReason} />
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
