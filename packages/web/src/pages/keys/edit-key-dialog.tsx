import { useQueryClient } from '@tanstack/react-query';
import type { ConsoleKey, UpdateKey } from '@switchyard/protocol/console/keys.ts';
import { useState } from 'react';
import { accountPath, sendJson } from '../../api/client.ts';
import { refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useSignedIn } from '../../session/session.tsx';
import { Dialog, FormActions } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { LimitFields, limitTextsOf, readLimits, type LimitTexts } from './limits.tsx';

export function EditKeyDialog({ apiKey, onClose }: { apiKey: ConsoleKey; onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const [name, setName] = useState(apiKey.name);
  const [texts, setTexts] = useState<LimitTexts>(() => limitTextsOf(apiKey));
  const [wrong, setWrong] = useState<keyof LimitTexts>();
  const { busy, error, onSubmit } = useAttempt();
  const save = async () => {
    const limits = readLimits(texts);
    setWrong('wrong' in limits ? limits.wrong : undefined);
    if ('wrong' in limits) return;
    const input: UpdateKey = { name: name.trim(), ...limits };
    const path = accountPath(account.id, `keys/${encodeURIComponent(apiKey.id)}`);
    await withFreshSignIn(() => sendJson<ConsoleKey>('PATCH', path, input));
    await refresh(client, account.id, ['keys']);
    toast(`Saved “${input.name}”`);
    onClose();
  };
  return (
    <Dialog title={`Edit the key “${apiKey.name}”`} open onClose={onClose}>
      <form onSubmit={onSubmit(save)} className="grid gap-5">
        {error !== undefined && <ErrorNotice error={error} />}
        <TextField
          label="Name"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <LimitFields texts={texts} wrong={wrong} onTexts={setTexts} />
        <FormActions action="Save" busy={busy} onClose={onClose} />
      </form>
    </Dialog>
  );
}
