import { useQueryClient } from '@tanstack/react-query';
import type { ConsoleKey, NewKey, RotateKey } from '@switchyard/protocol/console/keys.ts';
import { useState } from 'react';
import { accountPath, sendJson } from '../../api/client.ts';
import { refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useSignedIn } from '../../session/session.tsx';
import { Dialog, FormActions } from '../../ui/dialog.tsx';
import { SelectField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { SecretDialog } from './secret-dialog.tsx';

const OVERLAPS = [
  { value: '24', label: 'After 24 hours' },
  { value: '0', label: 'At once' },
  { value: '1', label: 'After 1 hour' },
  { value: '168', label: 'After 7 days' },
];

/** A new secret with the same rights; the old one works on for a while, so that no program stops. */
export function RotateKeyDialog({ apiKey, onClose }: { apiKey: ConsoleKey; onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const [hours, setHours] = useState('24');
  const [made, setMade] = useState<NewKey>();
  const { busy, error, onSubmit } = useAttempt();
  const rotate = async () => {
    const input: RotateKey = { overlapHours: Number(hours) };
    const path = accountPath(account.id, `keys/${encodeURIComponent(apiKey.id)}/rotate`);
    setMade(await withFreshSignIn(() => sendJson<NewKey>('POST', path, input)));
    await refresh(client, account.id, ['keys']);
  };
  if (made !== undefined) return <SecretDialog made={made} onClose={onClose} />;
  return (
    <Dialog
      title={`Rotate the key “${apiKey.name}”`}
      description="You get a new secret with the same limits. Put it in place, then the old one may end."
      open
      onClose={onClose}
    >
      <form onSubmit={onSubmit(rotate)} className="grid gap-5">
        {error !== undefined && <ErrorNotice error={error} />}
        <SelectField label="The old secret ends" options={OVERLAPS} value={hours} onValue={setHours} />
        <FormActions action="Make the new secret" busy={busy} onClose={onClose} />
      </form>
    </Dialog>
  );
}
