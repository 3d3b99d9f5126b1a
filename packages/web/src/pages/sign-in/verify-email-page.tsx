import { Link, Redirect } from 'wouter';
import { useSessionQuery } from '../../session/session.tsx';
import { ErrorNotice, Skeleton } from '../../ui/states.tsx';
import { CheckMail } from './check-mail.tsx';
import { GateFrame, INLINE_LINK } from './frame.tsx';

/** For a person who is signed in and belongs to no account yet, mostly because the address is not verified. */
export default function VerifyEmailPage() {
  const session = useSessionQuery();
  if (session.data === undefined) {
    return (
      <GateFrame title="Your address">
        {session.isError ? <ErrorNotice error={session.error} /> : <Skeleton />}
      </GateFrame>
    );
  }
  const { person, accounts } = session.data;
  if (person === null) return <Redirect to="/sign-in" replace />;
  if (accounts.length > 0) return <Redirect to="/app" replace />;
  if (!person.emailVerified) return <CheckMail email={person.email} />;
  return (
    <GateFrame title="No account yet" lead={`${person.email} belongs to no account. Ask for an invitation.`}>
      <Link href="/sign-in" className={INLINE_LINK}>
        Sign in as somebody else
      </Link>
    </GateFrame>
  );
}
