import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import type { ConsoleEventName, ConsoleEvents } from '@switchyard/protocol/console/events.ts';
import type { ModelsAnswer } from '@switchyard/protocol/console/models.ts';
import type { NodesAnswer } from '@switchyard/protocol/console/nodes.ts';
import type { Overview } from '@switchyard/protocol/console/overview.ts';
import { useEffect, useState } from 'react';
import { accountPath } from '../api/client.ts';
import { modelsQuery, nodesQuery, overviewQuery, refresh } from '../api/queries.ts';
import { usdText } from '../ui/money.tsx';

/** `lostSinceMs`: since when the stream is down; undefined while it is up. `spoken`: for the live region. */
export type Live = { lostSinceMs: number | undefined; spoken: string };

/** A screen reader hears of the balance at most this often. */
const SPEAK_EVERY_MS = 5_000;
/** A short break is not worth a word. */
const LOST_AFTER_MS = 4_000;
/** After an answer that is no stream, as a proxy gives it with nobody behind it. The browser itself would give up. */
const AGAIN_AFTER_MS = 5_000;
/** Charts and lists are fetched again at most this often while requests arrive. */
const REFRESH_EVERY_MS = 2_000;

/**
 * The one stream of the account in view. What it brings goes into the query caches, so that every page is live without
 * knowing of it. A lost stream is opened again, and then everything is fetched again.
 */
export function useLive(account: string): Live {
  const client = useQueryClient();
  const [live, setLive] = useState<Live>({ lostSinceMs: undefined, spoken: '' });
  useEffect(() => {
    let source: EventSource;
    const lost = createTimer(LOST_AFTER_MS, () => {
      setLive((now) => ({ ...now, lostSinceMs: now.lostSinceMs ?? Date.now() - LOST_AFTER_MS }));
    });
    const speak = createTimer(SPEAK_EVERY_MS, () => {
      const overview = client.getQueryData<Overview>(overviewQuery(account).queryKey);
      if (overview === undefined) return;
      setLive((now) => ({ ...now, spoken: `Balance ${usdText(overview.balance.available.micros)}` }));
    });
    const catchUp = createTimer(REFRESH_EVERY_MS, () => {
      void refresh(client, account, ['overview', 'usage', 'requests', 'ledger', 'keys']);
    });
    const again = createTimer(AGAIN_AFTER_MS, () => open());
    let wasLost = false;
    const back = () => {
      lost.stop();
      setLive((now) => ({ ...now, lostSinceMs: undefined }));
      if (wasLost) void client.invalidateQueries({ queryKey: [account] });
      wasLost = false;
    };
    const gone = () => {
      wasLost = true;
      lost.start();
    };
    const online = () => source.readyState === EventSource.OPEN && back();
    // The stream itself notices only much later that there is no network.
    window.addEventListener('offline', gone);
    window.addEventListener('online', online);
    const open = () => {
      source = new EventSource(accountPath(account, 'events'));
      source.addEventListener('open', back);
      source.addEventListener('error', () => {
        gone();
        if (source.readyState !== EventSource.CLOSED) return;
        // It was refused. If the session has ended, or the account is theirs no more, this page is left.
        void client.invalidateQueries({ queryKey: ['session'] });
        again.start();
      });
      const on = <Name extends ConsoleEventName>(name: Name, hear: (data: ConsoleEvents[Name]) => void) => {
        source.addEventListener(name, (event) => hear(JSON.parse(event.data) as ConsoleEvents[Name]));
      };
      on('balance', (balance) => {
        const { queryKey } = overviewQuery(account);
        const before = client.getQueryData<Overview>(queryKey);
        client.setQueryData<Overview>(queryKey, (now) => now && { ...now, balance });
        // Money that came from elsewhere is a step of the checklist and a row of the ledger.
        if (before !== undefined && before.balance.deposited.micros !== balance.deposited.micros)
          catchUp.start();
        speak.start();
      });
      on('availability', ({ models }) => noteAvailability(client, models));
      on('nodes', ({ nodes }) => {
        noteNodes(client, account, nodes);
        void refresh(client, account, ['nodes', 'deployments']);
      });
      on('request', () => catchUp.start());
      on('notice', () => void client.invalidateQueries({ queryKey: ['session'] }));
    };
    open();
    return () => {
      source.close();
      window.removeEventListener('offline', gone);
      window.removeEventListener('online', online);
      again.stop();
      lost.stop();
      speak.stop();
      catchUp.stop();
    };
  }, [account, client]);
  return live;
}

/** Calls once, some time after the first `start`; further starts before that change nothing. */
function createTimer(afterMs: number, call: () => void): { start: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const fire = () => {
    timer = undefined;
    call();
  };
  return { start: () => (timer ??= setTimeout(fire, afterMs)), stop };
}

function noteAvailability(client: QueryClient, changed: ConsoleEvents['availability']['models']): void {
  const news = new Map(changed.map((model) => [model.id, model]));
  client.setQueryData<ModelsAnswer>(
    modelsQuery.queryKey,
    (now) => now && { models: now.models.map((model) => ({ ...model, ...news.get(model.id) })) },
  );
}

function noteNodes(client: QueryClient, account: string, changed: ConsoleEvents['nodes']['nodes']): void {
  const news = new Map(changed.map((node) => [node.id, node]));
  client.setQueryData<NodesAnswer>(
    nodesQuery(account).queryKey,
    (now) => now && { nodes: now.nodes.map((node) => ({ ...node, ...news.get(node.id) })) },
  );
}
