import { useQuery } from '@tanstack/react-query';
import { useEffect, type ReactNode } from 'react';
import { ApiError } from '../api/client.ts';
import { useSessionQuery } from '../session/session.tsx';
import { Mark } from '../ui/mark.tsx';
import { BRAND, Page } from '../ui/page.tsx';
import { ErrorNotice, Skeleton } from '../ui/states.tsx';
import { LINK } from './links.tsx';
import { operatorOverviewQuery } from './operator-queries.ts';
import { TwoFactorNeeded } from './two-factor-needed.tsx';

/**
 * Shows its children to operators. Who is not signed in is led to the sign-in; to everyone else these pages do not exist;
 * an operator without a second step is told how to set it up. The server decides all three by itself on every route.
 */
export function OperatorOnly({ children }: { children: ReactNode }) {
  const session = useSessionQuery();
  const person = session.data?.person;
  const isOperator = person?.site === 'operator';
  const overview = useQuery({ ...operatorOverviewQuery, enabled: isOperator, refetchInterval: false });
  if (session.data === undefined) {
    return (
      <Alone>
        {session.isError ? (
          <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />
        ) : (
          <Skeleton lines={4} />
        )}
      </Alone>
    );
  }
  const refusal = overview.error instanceof ApiError ? overview.error.code : undefined;
  if (person === null || refusal === 'sign_in_required') return <ToSignIn />;
  if (!isOperator || refusal === 'not_found') {
    return (
      <Alone>
        <NoSuchPage />
      </Alone>
    );
  }
  if (refusal === 'two_factor_required') {
    return (
      <Alone>
        <TwoFactorNeeded />
      </Alone>
    );
  }
  return children;
}

/** The sign-in is in the other bundle: the browser loads it. */
function ToSignIn() {
  useEffect(() => {
    const here = window.location.pathname + window.location.search;
    window.location.replace(`/sign-in?next=${encodeURIComponent(here)}`);
  }, []);
  return (
    <Alone>
      <Skeleton lines={4} />
    </Alone>
  );
}

function Alone({ children }: { children: ReactNode }) {
  return (
    <main className="mx-auto grid max-w-xl gap-8 p-8">
      <a href="/app" className="inline-flex items-center gap-2.5 justify-self-start font-semibold">
        <Mark />
        {BRAND}
      </a>
      {children}
    </main>
  );
}

export function NoSuchPage() {
  return (
    <Page title="There is no such page">
      <p className="text-sm text-soft">
        The address may be mistyped, or the page was taken away.{' '}
        <a href="/app" className={LINK}>
          Go to your own pages
        </a>
        .
      </p>
    </Page>
  );
}
