import { useQueryClient } from '@tanstack/react-query';
import { useLocation, useSearch } from 'wouter';
import { confirmEmail } from '../../api/person.ts';
import { useSessionQuery } from '../../session/session.tsx';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { ErrorNotice, Skeleton } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { GateFrame } from './frame.tsx';
import { SignedInAs } from './signed-in-as.tsx';

/** Where the link of the mail leads with which somebody adds an address. Only who asked for it can confirm it. */
export default function ConfirmEmailPage() {
  const session = useSessionQuery();
  const client = useQueryClient();
  const [, go] = useLocation();
  const token = new URLSearchParams(useSearch()).get('token') ?? '';
  const { busy, error, run } = useAttempt();
  const here = `/confirm-email?token=${encodeURIComponent(token)}`;
  const confirm = async () => {
    const { email } = await confirmEmail(token);
    await client.invalidateQueries({ queryKey: ['session'] });
    toast(`${email} is your address now`);
    go('/app/profile');
  };
  const person = session.data?.person;
  return (
    <GateFrame title="Confirm your e-mail address">
      {error !== undefined && <ErrorNotice error={error} />}
      {token === '' ? (
        <Notice tone="bad">The link is not whole. Copy it again from the mail.</Notice>
      ) : session.data === undefined ? (
        session.isError ? (
          <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />
        ) : (
          <Skeleton />
        )
      ) : person === null || person === undefined ? (
        <>
          <p className="text-sm">Sign in first as you did when you asked for the mail.</p>
          <ButtonLink href={`/sign-in?next=${encodeURIComponent(here)}`} look="primary">
            Sign in
          </ButtonLink>
        </>
      ) : (
        <>
          <SignedInAs person={person} />
          <Button look="primary" busy={busy} onClick={() => void run(confirm)}>
            Confirm the address
          </Button>
        </>
      )}
    </GateFrame>
  );
}
