import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { disableTwoFactor, enableTwoFactor, verifyTotp, type TwoFactorSecret } from '../../api/auth.ts';
import { useSignedIn } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Code, SecretField } from '../../ui/copy.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';

/** A code of an authenticator app beside the password. */
export function TwoFactor() {
  const { person } = useSignedIn();
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const [secret, setSecret] = useState<TwoFactorSecret>();
  const { busy, error, onSubmit } = useAttempt();
  const submit = async () => {
    if (person.twoFactor) {
      await disableTwoFactor(password);
      await client.invalidateQueries({ queryKey: ['session'] });
      toast('The second step is off');
    } else {
      setSecret(await enableTwoFactor(password));
    }
    setPassword('');
  };
  return (
    <Section
      title="Second step"
      hint="After the password, the sign-in asks for a code of an authenticator app."
    >
      <Card className="grid gap-4">
        <Status tone={person.twoFactor ? 'good' : 'plain'}>{person.twoFactor ? 'on' : 'off'}</Status>
        {error !== undefined && <ErrorNotice error={error} />}
        <form onSubmit={onSubmit(submit)} className="grid items-end gap-3 sm:grid-cols-[1fr_auto]">
          <TextField
            label="Password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <Button type="submit" busy={busy} look={person.twoFactor ? 'danger' : 'plain'}>
            {person.twoFactor ? 'Turn it off' : 'Turn it on'}
          </Button>
        </form>
      </Card>
      {secret !== undefined && <EnrolDialog secret={secret} onClose={() => setSecret(undefined)} />}
    </Section>
  );
}

/** The secret for the app, the codes for when it is lost, and the first code as proof. Only then it is on. */
function EnrolDialog({ secret, onClose }: { secret: TwoFactorSecret; onClose: () => void }) {
  const client = useQueryClient();
  const [code, setCode] = useState('');
  const { busy, error, onSubmit } = useAttempt();
  const verify = async () => {
    await verifyTotp(code.replaceAll(' ', ''));
    await client.invalidateQueries({ queryKey: ['session'] });
    toast('The second step is on');
    onClose();
  };
  return (
    <Dialog
      title="Set up the app"
      description="It is on once the first code was right. The codes below cannot be shown again."
      open
      guarded
      onClose={onClose}
    >
      <p className="text-sm">
        Scan the code with your authenticator app,{' '}
        <a href={secret.totpURI} className="font-medium text-accent underline underline-offset-3">
          open it in an app on this device
        </a>
        , or type the secret into the app.
      </p>
      <QrCode text={secret.totpURI} label="QR code for an authenticator app" />
      <SecretField label="Secret" value={new URL(secret.totpURI).searchParams.get('secret') ?? ''} />
      <Code label="Codes for when the app is lost" text={secret.backupCodes.join('\n')} />
      <form onSubmit={onSubmit(verify)} className="grid gap-4">
        {error !== undefined && <ErrorNotice error={error} />}
        <TextField
          label="Code that the app shows"
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
        <DialogActions>
          <Button look="primary" type="submit" busy={busy}>
            Turn it on
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
