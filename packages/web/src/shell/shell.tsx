import type { ReactNode } from 'react';
import { useLive } from '../live/live.ts';
import { useSignedIn } from '../session/session.tsx';
import { Notice } from '../ui/notice.tsx';
import { BRAND } from '../ui/page.tsx';
import { Stale } from '../ui/states.tsx';
import { Time } from '../ui/time.tsx';
import { useNow } from '../ui/use-now.ts';
import { Frame } from './frame.tsx';
import { AccountMenu, PersonMenu } from './menus.tsx';
import { NAV } from './nav.ts';

/** What stands around every page of a signed-in person. */
export function Shell({ children }: { children: ReactNode }) {
  const { session, account } = useSignedIn();
  const live = useLive(account.id);
  const now = useNow();
  const { maintenance } = session.site;
  return (
    <Frame home="/app" nav={NAV} above={<AccountMenu />} below={<PersonMenu />}>
      <p className="hidden text-sm print:block">
        {BRAND}, account “{account.name}” ({account.id}), printed <Time at={now} />
      </p>
      {maintenance.on && (
        <Notice tone="warn">{maintenance.message || 'Requests are paused for maintenance.'}</Notice>
      )}
      {account.suspended && <Notice tone="bad">This account is suspended. Ask the operator.</Notice>}
      {live.lostSinceMs !== undefined && (
        <p role="status">
          <Stale sinceMs={live.lostSinceMs} />
          <span className="text-[0.8125rem] text-soft">. Connecting again …</span>
        </p>
      )}
      {children}
      <p className="sr-only" aria-live="polite">
        {live.spoken}
      </p>
    </Frame>
  );
}
