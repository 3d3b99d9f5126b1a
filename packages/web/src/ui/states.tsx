import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { messageOf } from '../api/client.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';
import { Time } from './time.tsx';

/** Grey bars in place of what is still loading. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div role="status" aria-label="Loading" className="late grid gap-3 py-1">
      {Array.from({ length: lines }, (_, line) => (
        <div
          key={line}
          className={line % 3 === 2 ? 'h-4 w-2/3 rounded bg-line' : 'h-4 w-full rounded bg-line'}
        />
      ))}
    </div>
  );
}

/** Nothing here yet: one sentence, and what to do. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid justify-items-start gap-4 rounded-xl border border-dashed border-edge/60 px-6 py-8">
      <p className="max-w-prose text-sm text-soft">{children}</p>
      {action}
    </div>
  );
}

/** `onRetry`: for what a page could not load. Without it, it is of a try of the person, who must see it. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div ref={onRetry === undefined ? bringIntoView : undefined} className="scroll-my-6">
      <Notice tone="bad" action={onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}>
        {messageOf(error)}
      </Notice>
    </div>
  );
}

/** A form may be longer than the screen: the button at its end was pressed, and the error stands at its top. */
function bringIntoView(notice: HTMLDivElement | null): void {
  notice?.scrollIntoView({ block: 'nearest' });
}

/** Says that what is shown is old. */
export function Stale({ sinceMs }: { sinceMs: number }) {
  return (
    <span className="text-[0.8125rem] text-warn">
      Not fresh, as of <Time at={sinceMs} form="time" />
    </span>
  );
}

/** One query as a skeleton, an error with a retry, or its data; old data stays visible beside the error. */
export function Loaded<Data>({
  query,
  lines = 3,
  children,
}: {
  query: UseQueryResult<Data>;
  lines?: number;
  children: (data: Data) => ReactNode;
}) {
  if (query.data === undefined) {
    return query.isError ? (
      <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />
    ) : (
      <Skeleton lines={lines} />
    );
  }
  return (
    <>
      {query.isError && (
        <p className="mb-3 flex flex-wrap items-center gap-3">
          <Stale sinceMs={query.dataUpdatedAt} />
          <Button onClick={() => void query.refetch()}>Try again</Button>
        </p>
      )}
      {children(query.data)}
    </>
  );
}
