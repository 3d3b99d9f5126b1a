import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ConsoleKey } from '@switchyard/protocol/console/keys.ts';
import { accountPath, sendJson } from '../../api/client.ts';
import { refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useSignedIn } from '../../session/session.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { toast } from '../../ui/toast.tsx';

export function RevokeKeyDialog({ apiKey, onClose }: { apiKey: ConsoleKey; onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      withFreshSignIn(() =>
        sendJson<ConsoleKey>('DELETE', accountPath(account.id, `keys/${encodeURIComponent(apiKey.id)}`)),
      ),
    onSuccess: async () => {
      await refresh(client, account.id, ['keys']);
      toast(`Revoked “${apiKey.name}”`);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Revoke the key “${apiKey.name}”`}
      action="Revoke the key"
      open
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      <p>
        It ends in <code className="font-mono">…{apiKey.last4}</code>. New requests with it are refused at
        once; those that run end by themselves. This cannot be taken back.
      </p>
    </ConfirmDialog>
  );
}
