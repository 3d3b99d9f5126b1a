import type { RequestRow } from '@switchyard/protocol/console/requests.ts';
import type { Tone } from '../../ui/notice.tsx';
import { Status } from '../../ui/status.tsx';

/** Why a request ended, as receipts name it (docs/money.md), in words. */
const STATUSES: Readonly<Record<string, { tone: Tone; word: string }>> = {
  stop: { tone: 'good', word: 'completed' },
  length: { tone: 'good', word: 'length reached' },
  'tool-calls': { tone: 'good', word: 'tool calls' },
  'content-filter': { tone: 'warn', word: 'content filter' },
  'client-closed': { tone: 'warn', word: 'client closed' },
  interrupted: { tone: 'bad', word: 'interrupted' },
  failed: { tone: 'bad', word: 'failed' },
};

export function RequestStatus({ row }: { row: RequestRow }) {
  const { tone, word } = STATUSES[row.status] ?? { tone: 'plain', word: row.status };
  return <Status tone={tone}>{word}</Status>;
}

/** For the filter. */
export const STATUS_OPTIONS = [
  { value: '', label: 'Every status' },
  ...Object.entries(STATUSES).map(([value, { word }]) => ({ value, label: word })),
];
