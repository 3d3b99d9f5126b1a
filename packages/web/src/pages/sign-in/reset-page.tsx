import { useState } from 'react';
import { Link, useSearch } from 'wouter';
import { requestReset, resetPassword } from '../../api/auth.ts';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { Notice } from '../../ui/notice.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { GateFrame, INLINE_LINK } from './frame.tsx';

/** Without a token: asks for the mail. With the mail's token: sets the new password. */
export default function ResetPage() {
  const token = new URLSearchParams(useSearch()).get('token');
  return token === null ? <AskForMail /> : <NewPassword token={token} />;
}

function AskForMail() {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const { busy, error, onSubmit } = useAttempt();
  const ask = async () => {
    await requestReset(email.trim());
    setSent(true);
  };
  return (
    <GateFrame
      title="Set a new password"
      lead="You get a mail with a link that works for one hour."
      below={
        <Link href="/sign-in" className={INLINE_LINK}>
          Back to the sign-in
        </Link>
      }
    >
      {error !== undefined && <ErrorNotice error={error} />}
      {sent && <Notice tone="good">If there is an account with this address, the mail is on its way.</Notice>}
      <form onSubmit={onSubmit(ask)} className="grid gap-4">
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <Button look="primary" type="submit" busy={busy}>
          Send the link
        </Button>
      </form>
    </GateFrame>
  );
}

function NewPassword({ token }: { token: string }) {
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  const { busy, error, onSubmit } = useAttempt();
  const save = async () => {
    await resetPassword(token, password);
    setDone(true);
  };
  if (done) {
    return (
      <GateFrame title="The password is set" lead="All sessions of before have ended.">
        <ButtonLink href="/sign-in" look="primary">
          Sign in
        </ButtonLink>
      </GateFrame>
    );
  }
  return (
    <GateFrame title="Set a new password">
      {error !== undefined && <ErrorNotice error={error} />}
      <form onSubmit={onSubmit(save)} className="grid gap-4">
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          required
          minLength={10}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button look="primary" type="submit" busy={busy}>
          Save
        </Button>
      </form>
    </GateFrame>
  );
}
