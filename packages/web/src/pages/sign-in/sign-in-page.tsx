import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link, Redirect, useLocation, useSearch } from 'wouter';
import { signInWithPasskey, signInWithPassword, type SignInOutcome } from '../../api/auth.ts';
import { passkeysWork } from '../../api/passkeys.ts';
import { nextPath, secondFactorPath, useSessionQuery } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { Notice } from '../../ui/notice.tsx';
import { ErrorNotice, Skeleton } from '../../ui/states.tsx';
import { useAttempt } from '../../ui/use-attempt.ts';
import WalletButton from '../../wallet/wallet-button.tsx';
import { GateFrame, INLINE_LINK } from './frame.tsx';
import { ProviderButtons } from './provider-buttons.tsx';

export default function SignInPage() {
  const session = useSessionQuery();
  const client = useQueryClient();
  const [, go] = useLocation();
  const search = useSearch();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { busy, error, run, onSubmit } = useAttempt();
  const next = nextPath(search);
  const problem = new URLSearchParams(search).get('error');
  if (session.data?.person !== null && session.data !== undefined) return <Onward path={next} />;
  const site = session.data?.site;
  const enter = async () => {
    await client.invalidateQueries({ queryKey: ['session'] });
    leaveTo(next, go);
  };
  const goOn = async (outcome: SignInOutcome) => {
    if (outcome === 'second-factor') go(secondFactorPath(next));
    else await enter();
  };
  const byPassword = async () => goOn(await signInWithPassword(email, password));
  const byPasskey = async () => {
    await signInWithPasskey();
    await enter();
  };
  return (
    <GateFrame
      title="Sign in"
      below={
        site?.signUp === 'closed' ? undefined : (
          <>
            New here?{' '}
            <Link href={`/sign-up${search === '' ? '' : `?${search}`}`} className={INLINE_LINK}>
              Sign up
            </Link>
          </>
        )
      }
    >
      {session.isError && <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />}
      {error !== undefined && <ErrorNotice error={error} />}
      {error === undefined && problem !== null && <Notice tone="bad">{returnText(problem)}</Notice>}
      <form onSubmit={onSubmit(byPassword)} className="grid gap-4">
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username webauthn"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button look="primary" type="submit" busy={busy}>
          Sign in
        </Button>
      </form>
      <div className="grid gap-2.5 border-t border-line pt-5">
        {site?.methods.passkey === true && passkeysWork() && (
          <Button onClick={() => void run(byPasskey)} disabled={busy}>
            Sign in with a passkey
          </Button>
        )}
        <ProviderButtons providers={site?.methods.oauth ?? []} backTo={next} />
        {site?.methods.wallet === true && (
          <WalletButton label="Go on with a wallet" siteUrl={site.publicUrl} onIn={goOn} />
        )}
        <Link
          href="/reset-password"
          className={`${INLINE_LINK} inline-flex min-h-6 items-center justify-self-center text-sm`}
        >
          Forgot the password?
        </Link>
      </div>
    </GateFrame>
  );
}

/** For a person who is signed in already. */
function Onward({ path }: { path: string }) {
  const leaves = isOperators(path);
  useEffect(() => {
    if (leaves) window.location.replace(path);
  }, [leaves, path]);
  return leaves ? <Skeleton /> : <Redirect to={path} replace />;
}

/** Why a provider brought somebody back without a sign-in. Anybody can write the address: only known words are read. */
function returnText(problem: string): string {
  switch (problem) {
    case 'cancelled':
      return 'The sign-in was cancelled at the provider.';
    case 'sign_up_closed':
      return 'New accounts need an invitation here.';
    case 'address_taken':
      return 'There is an account with this address. Sign in to it in another way.';
    case 'address_not_confirmed':
      return 'The provider has not confirmed your e-mail address.';
    default:
      return 'The sign-in did not work. Try again, or another way.';
  }
}

/** The operator's pages are another bundle: the browser loads it. */
function isOperators(path: string): boolean {
  return path.startsWith('/operator');
}

function leaveTo(path: string, go: (path: string) => void): void {
  if (isOperators(path)) window.location.assign(path);
  else go(path);
}
