import { useQueryClient } from '@tanstack/react-query';
import { useState, useSyncExternalStore, type FormEvent } from 'react';
import { signInWithPasskey, signInWithPassword, verifyTotp } from '../api/auth.ts';
import { ApiError, messageOf } from '../api/client.ts';
import { passkeysWork } from '../api/passkeys.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogActions } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { useSessionQuery } from './session.tsx';

/** The server's word for "sign in again first". */
const WANTED = 'recent_sign_in_required';

type Waiting = { resolve: () => void; reject: (error: unknown) => void };
let waiting: Waiting | undefined;
const listeners = new Set<() => void>();

function setWaiting(next: Waiting | undefined): void {
  waiting = next;
  for (const listener of listeners) listener();
}

/** Does something dangerous. When the server wants a fresh sign-in, a dialog asks for it, and then it is done again. */
export async function withFreshSignIn<Answer>(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== WANTED) throw error;
    await new Promise<void>((resolve, reject) => setWaiting({ resolve, reject }));
    return await act();
  }
}

/** Stands once in the shell. */
export function FreshSignInDialog() {
  const asked = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting,
  );
  const cancel = () => {
    asked?.reject(
      new ApiError(401, { code: WANTED, message: 'Nothing was changed: you did not sign in again.' }),
    );
    setWaiting(undefined);
  };
  const done = () => {
    asked?.resolve();
    setWaiting(undefined);
  };
  return (
    <Dialog
      title="Sign in again"
      description="This change needs a sign-in of the last 10 minutes."
      open={asked !== undefined}
      onClose={cancel}
    >
      <FreshForm onDone={done} />
    </Dialog>
  );
}

function FreshForm({ onDone }: { onDone: () => void }) {
  const session = useSessionQuery().data;
  const email = session?.person?.email ?? '';
  const client = useQueryClient();
  const [secret, setSecret] = useState('');
  const [wantsCode, setWantsCode] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const attempt = async (act: () => Promise<'done' | 'second-factor'>) => {
    setBusy(true);
    setError(undefined);
    try {
      if ((await act()) === 'second-factor') {
        setWantsCode(true);
        setSecret('');
      } else {
        await client.invalidateQueries({ queryKey: ['session'] });
        onDone();
      }
    } catch (thrown) {
      setError(thrown);
    }
    setBusy(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void attempt(async () => {
      if (wantsCode) {
        await verifyTotp(secret);
        return 'done';
      }
      return (await signInWithPassword(email, secret)) === 'signed-in' ? 'done' : 'second-factor';
    });
  };
  const byPasskey = () =>
    void attempt(async () => {
      await signInWithPasskey();
      return 'done';
    });
  return (
    <form onSubmit={submit} className="grid gap-4">
      {error !== undefined && <Notice tone="bad">{messageOf(error)}</Notice>}
      <TextField
        key={wantsCode ? 'code' : 'password'}
        label={wantsCode ? 'Code of your authenticator app' : `Password of ${email}`}
        type={wantsCode ? 'text' : 'password'}
        inputMode={wantsCode ? 'numeric' : 'text'}
        autoComplete={wantsCode ? 'one-time-code' : 'current-password'}
        required
        value={secret}
        onChange={(event) => setSecret(event.target.value)}
      />
      <DialogActions>
        {session?.site.methods.passkey === true && passkeysWork() && (
          <Button onClick={byPasskey} disabled={busy}>
            Use a passkey
          </Button>
        )}
        <Button look="primary" type="submit" busy={busy}>
          Go on
        </Button>
      </DialogActions>
    </form>
  );
}
