import { useQueryClient } from '@tanstack/react-query';
import { Link, useSearch } from 'wouter';
import { claimOperator, signInWithPassword } from '../../api/auth.ts';
import { useSessionQuery } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { ErrorNotice, Skeleton } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { GateFrame, INLINE_LINK } from './frame.tsx';
import { SignedInAs } from './signed-in-as.tsx';
import { SignUpForm, type SignedUp } from './sign-up-form.tsx';

/** The first operator: whoever has the link that the gateway printed. It works once. */
export default function OperatorSetupPage() {
  const session = useSessionQuery();
  const client = useQueryClient();
  const token = new URLSearchParams(useSearch()).get('token') ?? '';
  const { busy, error, run } = useAttempt();
  const claim = async () => {
    await claimOperator(token);
    await client.invalidateQueries({ queryKey: ['session'] });
    window.location.assign('/operator');
  };
  const enter = async ({ email, password }: SignedUp) => {
    await signInWithPassword(email, password);
    await claim();
  };
  const person = session.data?.person;
  return (
    <GateFrame
      title="Set up the operator"
      lead="The operator sees all accounts, sets prices and adds credit. This link works once."
    >
      {error !== undefined && <ErrorNotice error={error} />}
      {token === '' ? (
        <Notice tone="bad">The link is not whole. Copy it again from where the server printed it.</Notice>
      ) : session.data === undefined ? (
        <Skeleton />
      ) : person === null || person === undefined ? (
        <>
          <SignUpForm ticket={token} onDone={enter} />
          <p className="text-sm text-soft">
            You signed up before?{' '}
            <Link href="/sign-in" className={INLINE_LINK}>
              Sign in
            </Link>{' '}
            and open the link again.
          </p>
        </>
      ) : (
        <>
          <SignedInAs person={person} />
          <Button look="primary" busy={busy} onClick={() => void run(claim)}>
            Become the operator
          </Button>
        </>
      )}
    </GateFrame>
  );
}
