import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import type { Session, SessionAccount, SessionPerson } from '@switchyard/protocol/console/session.ts';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { Redirect, useLocation, useSearch } from 'wouter';
import { onSignedOutElsewhere } from '../api/auth.ts';
import { sessionQuery } from '../api/queries.ts';
import { ErrorNotice, Skeleton } from '../ui/states.tsx';

/** Who looks, and what this site offers; for everyone. */
export function useSessionQuery() {
  return useQuery({ ...sessionQuery, staleTime: 60_000 });
}

type SignedIn = {
  session: Session;
  person: SessionPerson;
  account: SessionAccount;
  choose: (accountId: string) => void;
};

const SignedInContext = createContext<SignedIn | undefined>(undefined);

/** The signed-in person and the account in view. Only inside of `SignedInOnly`. */
export function useSignedIn(): SignedIn {
  const value = useContext(SignedInContext);
  if (value === undefined) throw new Error('useSignedIn is outside of SignedInOnly');
  return value;
}

const RANKS: Readonly<Record<MemberRole, number>> = { viewer: 0, developer: 1, admin: 2, owner: 3 };

/** Whether the person may do what needs that role in the account in view. The server decides; this hides buttons. */
export function useMay(role: MemberRole): boolean {
  return RANKS[useSignedIn().account.role] >= RANKS[role];
}

/** Remembers which account was in view last: an id, nothing else. */
const ACCOUNT_STORE = 'account';

/** Shows its children to a signed-in member of an account; others are led to where they must go. */
export function SignedInOnly({ children }: { children: ReactNode }) {
  const query = useSessionQuery();
  const client = useQueryClient();
  const [location] = useLocation();
  const search = useSearch();
  useEffect(
    () => onSignedOutElsewhere(() => void client.invalidateQueries({ queryKey: ['session'] })),
    [client],
  );
  const [chosen, setChosen] = useState(() => localStorage.getItem(ACCOUNT_STORE));
  if (query.data === undefined) {
    return (
      // Where the content will be.
      <div className="px-4 py-24 sm:px-8 lg:ml-[15.5rem]">
        {query.isError ? (
          <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton lines={4} />
        )}
      </div>
    );
  }
  const session = query.data;
  const { person, accounts } = session;
  if (person === null) {
    const next = location + (search === '' ? '' : `?${search}`);
    return <Redirect to={`/sign-in?next=${encodeURIComponent(next)}`} replace />;
  }
  const account = accounts.find(({ id }) => id === chosen) ?? accounts[0];
  if (account === undefined) return <Redirect to="/verify-email" replace />;
  const choose = (accountId: string) => {
    localStorage.setItem(ACCOUNT_STORE, accountId);
    setChosen(accountId);
  };
  return <SignedInContext value={{ session, person, account, choose }}>{children}</SignedInContext>;
}

/** What a person calls themselves by: their address, or their name if they have none. */
export function calledName({ email, name }: SessionPerson): string {
  return email ?? name;
}

/** Where to go after signing in: a path of this app, never another site. */
export function nextPath(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '';
  return /^\/(app|create|operator|invitation|confirm-email)([/?#]|$)/.test(next) ? next : '/app';
}

/** Where the code of the second factor is asked for, before `next`. */
export function secondFactorPath(next: string): string {
  return `/sign-in/second-factor?next=${encodeURIComponent(next)}`;
}
