import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState, type FormEvent } from 'react';
import { signInWithPasskey, signInWithPassword, verifyTotp, type SignInOutcome } from '../api/auth.ts';
import { ApiError, messageOf } from '../api/client.ts';
import { passkeysWork } from '../api/passkeys.ts';
import { Button } from '../ui/button.tsx';
import { DialogActions } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { setInterlude } from '../ui/interlude.ts';
import { Notice } from '../ui/notice.tsx';
import { useSessionQuery } from './session.tsx';

const WalletButton = lazy(() => import('../wallet/wallet-button.tsx'));

/** The server's word for "sign in again first". */
const WANTED = 'recent_sign_in_required';

/**
 * Does something dangerous. When the server wants a fresh sign-in, the dialog that is open asks for it as its next step,
 * and then it is done again.
 */
export async function withFreshSignIn<Answer>(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== WANTED) throw error;
    await signInAgain();
    return await act();
  }
}

function signInAgain(): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDone = () => {
      setInterlude(undefined);
      resolve();
    };
    const onCancel = () => {
      setInterlude(undefined);
      reject(new ApiError(401, { code: WANTED, message: 'Nothing was changed: you did not sign in again.' }));
    };
    setInterlude({
      title: 'Sign in again',
      description: 'This change needs a sign-in of the last 10 minutes.',
      content: <FreshForm onDone={onDone} onCancel={onCancel} />,
      onCancel,
    });
  });
}

/** It comes into a dialog that is open already, whose focus was elsewhere. */
function focusFirst(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>('input, button')?.focus();
}

function FreshForm({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const session = useSessionQuery().data;
  const email = session?.person?.email ?? '';
  const wallets = session?.person?.wallets ?? [];
  const site = session?.site;
  const client = useQueryClient();
  const [secret, setSecret] = useState('');
  const [wantsCode, setWantsCode] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  // Nobody without an address has a password.
  const takesText = email !== '' || wantsCode;
  const goOn = async (outcome: SignInOutcome) => {
    if (outcome === 'second-factor') {
      setWantsCode(true);
      setSecret('');
    } else {
      await client.invalidateQueries({ queryKey: ['session'] });
      onDone();
    }
  };
  const attempt = async (act: () => Promise<SignInOutcome>) => {
    setBusy(true);
    setError(undefined);
    try {
      await goOn(await act());
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
        return 'signed-in';
      }
      return signInWithPassword(email, secret);
    });
  };
  const byPasskey = () =>
    void attempt(async () => {
      await signInWithPasskey();
      return 'signed-in';
    });
  return (
    <form key={wantsCode ? 'code' : 'password'} ref={focusFirst} onSubmit={submit} className="grid gap-4">
      {error !== undefined && <Notice tone="bad">{messageOf(error)}</Notice>}
      {takesText && (
        <TextField
          label={wantsCode ? 'Code of your authenticator app' : `Password of ${email}`}
          type={wantsCode ? 'text' : 'password'}
          inputMode={wantsCode ? 'numeric' : 'text'}
          autoComplete={wantsCode ? 'one-time-code' : 'current-password'}
          required
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
      )}
      {site?.methods.wallet === true && wallets.length > 0 && !wantsCode && (
        <Suspense fallback={null}>
          <WalletButton label="Use the wallet" siteUrl={site.publicUrl} only={wallets} onIn={goOn} />
        </Suspense>
      )}
      <DialogActions>
        <Button look="quiet" onClick={onCancel}>
          Back
        </Button>
        {site?.methods.passkey === true && passkeysWork() && (
          <Button onClick={byPasskey} disabled={busy}>
            Use a passkey
          </Button>
        )}
        {takesText && (
          <Button look="primary" type="submit" busy={busy}>
            Go on
          </Button>
        )}
      </DialogActions>
    </form>
  );
}
