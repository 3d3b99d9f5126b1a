import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, Redirect, useLocation, useSearch } from 'wouter';
import { signInWithPassword, type SignInOutcome } from '../../api/auth.ts';
import { nextPath, secondFactorPath, useSessionQuery } from '../../session/session.tsx';
import { usdText } from '../../ui/money.tsx';
import { Notice } from '../../ui/notice.tsx';
import { ErrorNotice, Skeleton } from '../../ui/states.tsx';
import WalletButton from '../../wallet/wallet-button.tsx';
import { CheckMail } from './check-mail.tsx';
import { GateFrame, INLINE_LINK } from './frame.tsx';
import { ProviderButtons } from './provider-buttons.tsx';
import { SignUpForm, type SignedUp } from './sign-up-form.tsx';

export default function SignUpPage() {
  const session = useSessionQuery();
  const client = useQueryClient();
  const [, go] = useLocation();
  const search = useSearch();
  const [mailed, setMailed] = useState<string>();
  const ticket = new URLSearchParams(search).get('ticket') ?? undefined;
  const next = nextPath(search);
  if (mailed !== undefined) return <CheckMail email={mailed} />;
  if (session.data?.person !== undefined && session.data.person !== null)
    return <Redirect to={next} replace />;
  const enter = async ({ email, password }: SignedUp) => {
    // Where the operator wants no verified address, the password is enough at once.
    const outcome = await signInWithPassword(email, password).catch(() => undefined);
    if (outcome === undefined) setMailed(email);
    else await client.invalidateQueries({ queryKey: ['session'] });
  };
  const byWallet = async (outcome: SignInOutcome) => {
    // Somebody who has been here before.
    if (outcome === 'second-factor') go(secondFactorPath(next));
    else await client.invalidateQueries({ queryKey: ['session'] });
  };
  return (
    <GateFrame
      title="Sign up"
      lead={freeCreditText(session.data?.site.freeCreditMicros ?? 0)}
      below={
        <>
          You have an account?{' '}
          <Link href="/sign-in" className={INLINE_LINK}>
            Sign in
          </Link>
        </>
      }
    >
      {session.data === undefined ? (
        session.isError ? (
          <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />
        ) : (
          <Skeleton />
        )
      ) : session.data.site.signUp === 'open' || ticket !== undefined ? (
        <>
          <SignUpForm ticket={ticket} onDone={enter} />
          <ProviderButtons providers={session.data.site.methods.oauth} backTo={next} />
          {session.data.site.methods.wallet && session.data.site.signUp === 'open' && (
            <WalletButton label="Go on with a wallet" siteUrl={session.data.site.publicUrl} onIn={byWallet} />
          )}
        </>
      ) : (
        <Notice tone="plain">
          {session.data.site.signUp === 'invite'
            ? 'Only people with an invitation can sign up here. Ask a member of an account, or the operator.'
            : 'Nobody can sign up here at present. Ask the operator.'}
        </Notice>
      )}
    </GateFrame>
  );
}

function freeCreditText(micros: number): string | undefined {
  return micros > 0 ? `New accounts get ${usdText(micros)} to try it.` : undefined;
}
