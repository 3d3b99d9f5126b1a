import { Link } from 'wouter';
import { sendVerification } from '../../api/auth.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import { GateFrame, INLINE_LINK } from './frame.tsx';

/** After signing up where the address must be verified first. */
export function CheckMail({ email }: { email: string }) {
  const { busy, error, run } = useAttempt();
  const again = async () => {
    await sendVerification(email);
    toast('Sent again');
  };
  return (
    <GateFrame
      title="Look into your mail"
      lead={
        <>
          A link went to <strong className="font-semibold text-ink">{email}</strong>. Open it, then sign in.
          It works for one hour.
        </>
      }
      below={
        <Link href="/sign-in" className={INLINE_LINK}>
          Back to the sign-in
        </Link>
      }
    >
      {error !== undefined && <ErrorNotice error={error} />}
      <Button busy={busy} onClick={() => void run(again)}>
        Send it again
      </Button>
    </GateFrame>
  );
}
