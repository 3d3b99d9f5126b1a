import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearch } from 'wouter';
import { verifyBackupCode, verifyTotp } from '../../api/auth.ts';
import { nextPath } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { GateFrame, INLINE_LINK } from './frame.tsx';

export default function SecondFactorPage() {
  const client = useQueryClient();
  const next = nextPath(useSearch());
  const [code, setCode] = useState('');
  const [lost, setLost] = useState(false);
  const { busy, error, onSubmit } = useAttempt();
  const verify = async () => {
    await (lost ? verifyBackupCode(code.trim()) : verifyTotp(code.replaceAll(' ', '')));
    await client.invalidateQueries({ queryKey: ['session'] });
    window.location.assign(next);
  };
  return (
    <GateFrame
      title="Second step"
      lead={
        lost
          ? 'Use one of the codes that you saved. Each works once.'
          : 'Type the code that your authenticator app shows.'
      }
      below={
        <Link href="/sign-in" className={INLINE_LINK}>
          Back to the sign-in
        </Link>
      }
    >
      {error !== undefined && <ErrorNotice error={error} />}
      <form onSubmit={onSubmit(verify)} className="grid gap-4">
        <TextField
          label={lost ? 'Saved code' : 'Code'}
          inputMode={lost ? 'text' : 'numeric'}
          autoComplete="one-time-code"
          required
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
        <Button look="primary" type="submit" busy={busy}>
          Sign in
        </Button>
        <Button look="quiet" onClick={() => setLost(!lost)}>
          {lost ? 'Use the app' : 'The app is lost'}
        </Button>
      </form>
    </GateFrame>
  );
}
