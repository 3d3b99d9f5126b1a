import type { RequestRow } from '@switchyard/protocol/console/requests.ts';
import { Money } from '../../ui/money.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { RequestStatus } from './request-status.tsx';

function secondsText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A request is a row of metadata: there is nothing more of it to show. */
export const REQUEST_COLUMNS: readonly Column<RequestRow>[] = [
  {
    name: 'Time',
    cell: ({ startedAt, id }) => (
      <>
        <span className="block whitespace-nowrap max-sm:whitespace-normal">
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
        <span className="text-xs text-soft sm:whitespace-nowrap">{surface}</span>
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
    name: 'Tokens in, out',
    right: true,
    wide: true,
    cell: ({ usage }) => (
      <span className="whitespace-nowrap tabular-nums">
        {usage.prompt_tokens.toLocaleString('en-US')}, {usage.completion_tokens.toLocaleString('en-US')}
      </span>
    ),
  },
  {
    name: 'Took',
    right: true,
    wide: true,
    cell: ({ durationMs }) => (
      <span className="whitespace-nowrap tabular-nums">{secondsText(durationMs)}</span>
    ),
  },
  { name: 'Cost', right: true, cell: ({ chargedMicros }) => <Money micros={chargedMicros} /> },
  {
    name: 'Key',
    wide: true,
    cell: ({ key }) => key.name ?? <span className="text-soft">gone</span>,
  },
];
