import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { useEffect, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { BRAND } from '../../ui/page.tsx';
import { askForNotifications, canNotify, notify } from './browser-notification.ts';

type Browser = 'not-asked' | 'allowed' | 'refused';

/**
 * For a model that nobody serves now: the page waits for it, and says when it is back. What it knows comes with the live
 * stream. The browser is asked for its notifications only when the person wants one.
 */
export function NotifyMe({ models, model }: { models: readonly ConsoleModel[]; model: ConsoleModel }) {
  const [awaitedId, setAwaitedId] = useState<string>();
  const [browser, setBrowser] = useState<Browser>('not-asked');
  const awaited = models.find(({ id }) => id === awaitedId);
  const isBack = awaited?.available === true;
  const news = awaited !== undefined && isBack ? `${awaited.displayName} is available again.` : '';
  useEffect(() => {
    if (news !== '' && browser === 'allowed') notify(BRAND, news);
  }, [news, browser]);
  const stop = () => setAwaitedId(undefined);
  const askBrowser = async () => setBrowser((await askForNotifications()) ? 'allowed' : 'refused');
  return (
    <>
      <p className="sr-only" aria-live="polite">
        {news}
      </p>
      {isBack && (
        <Notice tone="good" action={<Button onClick={stop}>Good</Button>}>
          {news}
        </Notice>
      )}
      {awaited !== undefined && !isBack && (
        <Notice
          tone="plain"
          action={
            <span className="flex flex-wrap gap-2">
              {browser === 'not-asked' && canNotify() && (
                <Button onClick={() => void askBrowser()}>Notify me outside of this page, too</Button>
              )}
              <Button onClick={stop}>Stop waiting</Button>
            </span>
          }
        >
          Waiting for {awaited.displayName}. Leave this page open: it says when a node is there.
          {browser === 'allowed' && ' The browser will show a notification, too.'}
          {browser === 'refused' && ' The browser does not allow notifications here.'}
        </Notice>
      )}
      {awaited === undefined && !model.available && (
        <Notice
          tone="warn"
          action={<Button onClick={() => setAwaitedId(model.id)}>Tell me when it is back</Button>}
        >
          No node serves {model.displayName} now.
        </Notice>
      )}
    </>
  );
}
