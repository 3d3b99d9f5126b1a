import { useQueryClient } from '@tanstack/react-query';
import type { AcceptedInvitation } from '@switchyard/protocol/console/members.ts';
import { useLocation, useSearch } from 'wouter';
import { sendJson } from '../../api/client.ts';
import { useSessionQuery } from '../../session/session.tsx';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { ErrorNotice, Skeleton } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { GateFrame } from './frame.tsx';
import { SignedInAs } from './signed-in-as.tsx';

/** Joins an account by the link of an invitation. */
export default function InvitationPage() {
  const session = useSessionQuery();
  const client = useQueryClient();
  const [, go] = useLocation();
  const token = new URLSearchParams(useSearch()).get('token') ?? '';
  const { busy, error, run } = useAttempt();
  const here = `/invitation?token=${encodeURIComponent(token)}`;
  const ways = `next=${encodeURIComponent(here)}&ticket=${encodeURIComponent(token)}`;
  const accept = async () => {
    const joined = await sendJson<AcceptedInvitation>('POST', '/api/console/invitations/accept', { token });
    await client.invalidateQueries({ queryKey: ['session'] });
    toast(`You are now ${joined.role} of ${joined.name}`);
    go('/app');
  };
  const person = session.data?.person;
  return (
    <GateFrame title="Invitation" lead="Somebody invited you to use an account together.">
      {error !== undefined && <ErrorNotice error={error} />}
      {token === '' ? (
        <Notice tone="bad">The link is not whole. Copy it again from the mail.</Notice>
      ) : session.data === undefined ? (
        <Skeleton />
      ) : person === null || person === undefined ? (
        <div className="grid gap-2.5">
          <ButtonLink href={`/sign-up?${ways}`} look="primary">
            Sign up to accept
          </ButtonLink>
          <ButtonLink href={`/sign-in?${ways}`}>Sign in to accept</ButtonLink>
        </div>
      ) : (
        <>
          <SignedInAs person={person} />
          <Button look="primary" busy={busy} onClick={() => void run(accept)}>
            Accept
          </Button>
        </>
      )}
    </GateFrame>
  );
}
