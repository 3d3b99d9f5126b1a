import type { RequestRow } from '@switchyard/protocol/console/requests.ts';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Money } from '../../ui/money.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { RequestStatus } from './request-status.tsx';

export function secondsText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A request is a row of metadata. */
export const REQUEST_COLUMNS: readonly Column<RequestRow>[] = [
  {
    name: 'Time',
    cell: ({ startedAt, id }) => (
      <>
        <span className="block">
          <Time at={startedAt} />
        </span>
        <code className="block font-mono text-xs text-soft max-sm:hidden">{id}</code>
      </>
    ),
  },
  {
    name: 'Model',
    cell: ({ model, surface }) => (
      <>
        <span className="block font-medium break-words">{model}</span>
        <span className="whitespace-nowrap text-xs text-soft max-sm:hidden">{surface}</span>
      </>
    ),
  },
  {
    name: 'Status',
    cell: (row) => (
      <>
        <RequestStatus row={row} />
        {row.error !== null && <code className="block font-mono text-xs text-soft">{row.error}</code>}
      </>
    ),
  },
  {
    name: 'Tokens',
    right: true,
    cell: ({ usage }) => (
      <span className="whitespace-nowrap tabular-nums">
        {usage.prompt_tokens.toLocaleString('en-US')} in, {usage.completion_tokens.toLocaleString('en-US')}{' '}
        out
      </span>
    ),
  },
  {
    name: 'Took',
    right: true,
    cell: ({ durationMs }) => (
      <span className="whitespace-nowrap tabular-nums">{secondsText(durationMs)}</span>
    ),
  },
  { name: 'Cost', right: true, cell: ({ chargedMicros }) => <Money micros={chargedMicros} column /> },
  {
    name: 'Key',
    cell: ({ key }) => key.name ?? <span className="text-soft">gone</span>,
  },
];

/** The same, of the account in view: each time leads to the page of its request. */
export const OWN_REQUEST_COLUMNS: readonly Column<RequestRow>[] = REQUEST_COLUMNS.map((column) =>
  column.name === 'Time' ? { ...column, cell: OwnTime } : column,
);

function OwnTime({ startedAt, id }: RequestRow) {
  return (
    <RequestLink id={id}>
      <Time at={startedAt} />
      <code className="block font-mono text-xs text-soft max-sm:hidden">{id}</code>
    </RequestLink>
  );
}

/** To the page of a request of the account in view. */
export function RequestLink({ id, children }: { id: string; children: ReactNode }) {
  return (
    <Link
      href={`/app/requests/${id}`}
      className="block w-fit min-h-6 underline decoration-edge underline-offset-3 hover:decoration-ink"
    >
      {children}
    </Link>
  );
}
