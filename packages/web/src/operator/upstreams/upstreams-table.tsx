import type { OperatorUpstream } from '@switchyard/protocol/console/operator.ts';
import type { Tone } from '../../ui/notice.tsx';
import { Empty } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { countText } from '../texts.ts';

type Health = { tone: Tone; word: string };

/** What the operator must know of it at one look. */
function healthOf({ keys, breakers }: Pick<OperatorUpstream, 'keys' | 'breakers'>): Health {
  if (keys.ready + keys.resting + keys.setAside === 0) return { tone: 'plain', word: 'no key set' };
  if (keys.ready === 0) {
    return keys.resting > 0 ? { tone: 'warn', word: 'resting' } : { tone: 'bad', word: 'keys refused' };
  }
  const failing = breakers.filter(({ phase }) => phase !== 'closed').length;
  if (failing > 0) return { tone: 'warn', word: `${countText(failing, 'model')} failing` };
  return { tone: 'good', word: 'ready' };
}

const PHASES: Readonly<Record<OperatorUpstream['breakers'][number]['phase'], Health>> = {
  closed: { tone: 'good', word: 'asked' },
  'half-open': { tone: 'warn', word: 'tried again' },
  open: { tone: 'bad', word: 'left out' },
};

const COLUMNS: readonly Column<OperatorUpstream>[] = [
  { name: 'Upstream', cell: ({ name }) => <span className="font-medium">{name}</span> },
  {
    name: 'State',
    cell: (row) => {
      const { tone, word } = healthOf(row);
      return <Status tone={tone}>{word}</Status>;
    },
  },
  { name: 'Keys', cell: ({ keys }) => keysText(keys) },
  {
    name: 'Models asked',
    cell: ({ breakers }) =>
      breakers.length === 0 ? (
        <span className="text-soft">none since the start</span>
      ) : (
        <ul className="grid gap-1">
          {breakers.map(({ model, phase }) => (
            <li key={model} className="flex flex-wrap gap-x-3">
              <code className="font-mono text-xs leading-5 break-all">{model || 'all models'}</code>
              <Status tone={PHASES[phase].tone}>{PHASES[phase].word}</Status>
            </li>
          ))}
        </ul>
      ),
  },
  {
    name: 'Last fault',
    wide: true,
    cell: ({ lastFault }) =>
      lastFault === null ? (
        <span className="text-soft">none since the start</span>
      ) : (
        <>
          {lastFault.cause} <span className="text-soft">at</span> <Time at={lastFault.at} />
        </>
      ),
  },
];

/** `2 set: 1 ready, 1 resting`. A key itself is never sent to a browser. */
function keysText({ ready, resting, setAside }: OperatorUpstream['keys']): string {
  const parts = [
    ready > 0 && `${ready} ready`,
    resting > 0 && `${resting} resting`,
    setAside > 0 && `${setAside} set aside`,
  ].filter((part) => part !== false);
  const all = ready + resting + setAside;
  return all === 0 ? 'none set' : `${all} set: ${parts.join(', ')}`;
}

export function UpstreamsTable({ rows }: { rows: readonly OperatorUpstream[] }) {
  if (rows.length === 0) {
    return (
      <Empty>No upstream is configured: all models run on nodes. Upstreams are set in switchyard.yaml.</Empty>
    );
  }
  return <Table label="Upstreams" rows={rows} keyOf={({ name }) => name} columns={COLUMNS} />;
}
