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
  { name: 'Time', cell: ({ startedAt }) => <Time at={startedAt} /> },
  {
    name: 'Model',
    cell: ({ model, surface }) => (
      <>
        <span className="block font-medium break-words">{model}</span>
        <span className="text-xs text-soft">{surface}</span>
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
      <span className="tabular-nums">
        {usage.prompt_tokens.toLocaleString('en-US')}, {usage.completion_tokens.toLocaleString('en-US')}
      </span>
    ),
  },
  {
    name: 'Took',
    right: true,
    wide: true,
    cell: ({ durationMs }) => <span className="tabular-nums">{secondsText(durationMs)}</span>,
  },
  { name: 'Cost', right: true, cell: ({ chargedMicros }) => <Money micros={chargedMicros} /> },
  {
    name: 'Key',
    wide: true,
    cell: ({ key }) => key.name ?? <span className="text-soft">gone</span>,
  },
  {
    name: 'Request id',
    wide: true,
    cell: ({ id }) => <code className="font-mono text-xs text-soft">{id}</code>,
  },
];
