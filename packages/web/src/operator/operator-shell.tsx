import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { signOut } from '../api/auth.ts';
import { messageOf } from '../api/client.ts';
import { useSessionQuery } from '../session/session.tsx';
import { Frame } from '../shell/frame.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Stale } from '../ui/states.tsx';
import { toast } from '../ui/toast.tsx';
import { PageLink } from './links.tsx';
import { OPERATOR_NAV } from './operator-nav.ts';
import { operatorOverviewQuery } from './operator-queries.ts';

/** What stands around every page of the operator. The overview is asked for all the time: it says what is wrong. */
export function OperatorShell({ children }: { children: ReactNode }) {
  const overview = useQuery(operatorOverviewQuery);
  const { maintenance, ledger } = overview.data ?? {};
  return (
    <Frame home="/operator" nav={OPERATOR_NAV} above={<Where />} below={<Who />}>
      {maintenance?.on === true && (
        <Notice tone="warn" action={<PageLink href="/operator/maintenance">Maintenance</PageLink>}>
          Maintenance is on: new paid requests are refused. They are told: “
          {maintenance.message || 'no message'}”
        </Notice>
      )}
      {ledger?.healthy === false && (
        <Notice tone="bad">
          The ledger cannot be written. No paid request is taken. Look into the log of the gateway.
        </Notice>
      )}
      {ledger?.check?.state === 'broken' && (
        <Notice tone="bad">
          The books of the ledger do not add up. The log of the gateway says what; “switchyard reconcile”
          checks again.
        </Notice>
      )}
      {overview.isError && overview.data !== undefined && (
        <p role="status">
          <Stale sinceMs={overview.dataUpdatedAt} />
        </p>
      )}
      {children}
    </Frame>
  );
}

function Where() {
  return (
    <p className="rounded-lg border border-line bg-surface px-3 py-2 text-sm">
      <span className="block font-semibold">Operator</span>
      <span className="block text-xs text-soft">All accounts of this site</span>
    </p>
  );
}

function Who() {
  const person = useSessionQuery().data?.person;
  const leave = async () => {
    await signOut();
    window.location.assign('/sign-in');
  };
  return (
    <div className="grid justify-items-start gap-0.5 text-sm">
      <p className="max-w-full truncate px-3.5 pb-1 text-soft">{person?.email ?? person?.name}</p>
      <Button look="quiet" onClick={() => window.location.assign('/app')}>
        Your own pages
      </Button>
      <Button look="quiet" onClick={() => void leave().catch((error) => toast(messageOf(error), 'bad'))}>
        Sign out
      </Button>
    </div>
  );
}
