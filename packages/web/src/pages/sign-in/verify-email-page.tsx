import { useQueryClient } from '@tanstack/react-query';
import { Redirect, useLocation } from 'wouter';
import { signOut } from '../../api/auth.ts';
import { calledName, useSessionQuery } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice, Skeleton } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { GateFrame } from './frame.tsx';

/** For a person who is signed in and belongs to no account any more. */
export default function VerifyEmailPage() {
  const session = useSessionQuery();
  const client = useQueryClient();
  const [, go] = useLocation();
  const { busy, error, run } = useAttempt();
  const leave = async () => {
    await signOut();
    client.clear();
    go('/sign-in');
  };
  if (session.data === undefined) {
    return (
      <GateFrame title="Your account">
        {session.isError ? <ErrorNotice error={session.error} /> : <Skeleton />}
      </GateFrame>
    );
  }
  const { person, accounts } = session.data;
  if (person === null) return <Redirect to="/sign-in" replace />;
  if (accounts.length > 0) return <Redirect to="/app" replace />;
  return (
    <GateFrame
      title="No account"
      lead={`${calledName(person)} belongs to no account. Ask a member of one for an invitation.`}
    >
      {error !== undefined && <ErrorNotice error={error} />}
      <Button busy={busy} onClick={() => void run(leave)}>
        Sign out
      </Button>
    </GateFrame>
  );
}
