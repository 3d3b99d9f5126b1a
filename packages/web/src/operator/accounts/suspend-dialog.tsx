import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { OperatorAccount } from '@switchyard/protocol/console/operator.ts';
import { sendJson } from '../../api/client.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { toast } from '../../ui/toast.tsx';
import { operatorPath, refreshOperator } from '../operator-queries.ts';

/** Suspends an account, or lets it work again. */
export function SuspendDialog({ account, onClose }: { account: OperatorAccount; onClose: () => void }) {
  const client = useQueryClient();
  const suspends = account.state === 'active';
  const verb = suspends ? 'suspend' : 'resume';
  const change = useMutation({
    mutationFn: () =>
      withFreshSignIn(() => sendJson<OperatorAccount>('POST', operatorPath('accounts', account.id, verb))),
    onSuccess: async () => {
      await refreshOperator(client, 'accounts');
      toast(suspends ? `Suspended “${account.name}”` : `“${account.name}” works again`);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={
        suspends ? `Suspend the account “${account.name}”` : `Let the account “${account.name}” work again`
      }
      action={suspends ? 'Suspend the account' : 'Let it work again'}
      open
      busy={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate()}
      onClose={onClose}
    >
      {suspends ? (
        <p>
          New requests with its keys are refused at once; those that run end by themselves. Its balance and
          its keys stay. Its members still see their pages.
        </p>
      ) : (
        <p>Its keys are taken again at once.</p>
      )}
    </ConfirmDialog>
  );
}
