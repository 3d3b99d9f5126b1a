import { useQuery } from '@tanstack/react-query';
import type { OperatorNode } from '@switchyard/protocol/console/operator.ts';
import { NodeStatus } from '../../pages/nodes/node-state.tsx';
import { InlineSelect } from '../../ui/field.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { LongTable } from '../../ui/long-table.tsx';
import type { Column } from '../../ui/table.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { PageLink } from '../links.tsx';
import { operatorNodesQuery } from '../operator-queries.ts';
import { countText, shareText } from '../texts.ts';
import { activeSanctions, Tier } from './trust.tsx';

const COLUMNS: readonly Column<OperatorNode>[] = [
  {
    name: 'Node',
    cell: ({ id, name }) => (
      <>
        <PageLink href={`/operator/nodes/${encodeURIComponent(id)}`}>{name}</PageLink>
        <code className="block font-mono text-xs text-soft break-all">{id}</code>
      </>
    ),
  },
  { name: 'State', cell: ({ state }) => <NodeStatus state={state} /> },
  { name: 'Tier', cell: ({ tier, kind }) => <Tier tier={kind === 'private' ? 'private' : tier} /> },
  {
    name: 'Sanctions',
    cell: (node) =>
      activeSanctions(node)
        .map(({ kind }) => kind)
        .join(', ') || <span className="text-soft">none</span>,
  },
  {
    name: 'Account',
    cell: ({ account }) => (
      <PageLink href={`/operator/accounts/${encodeURIComponent(account.id)}`}>{account.name}</PageLink>
    ),
  },
  { name: 'Pool', cell: ({ pool, kind }) => (kind === 'private' ? 'own account' : pool) },
  {
    name: 'Ready in 24 h',
    right: true,
    cell: ({ available }) => (available === null ? 'not known' : shareText(available)),
  },
];

const STATES = [
  'ready',
  'paused',
  'draining',
  'engine-down',
  'reconnecting',
  'offline',
  'suspended',
  'banned',
];
const TIERS = ['operator', 'verified', 'probation'];

function textOf({ id, name, account, pool, session }: OperatorNode): string {
  const models = session?.models.map(({ alias }) => alias) ?? [];
  return [id, name, account.id, account.name, pool ?? '', ...models].join(' ');
}

export default function NodesPage() {
  const { values, change } = useFilters(['state', 'tier']);
  const nodes = useQuery(operatorNodesQuery);
  return (
    <Page title="Nodes" lead="All machines that serve models here, of all accounts.">
      <div className="flex flex-wrap gap-2">
        <InlineSelect
          label="State"
          value={values.state}
          options={choices('Every state', STATES)}
          onValue={(state) => change({ state })}
        />
        <InlineSelect
          label="Tier"
          value={values.tier}
          options={choices('Every tier', TIERS)}
          onValue={(tier) => change({ tier })}
        />
      </div>
      <Loaded query={nodes} lines={6}>
        {({ nodes: all }) => {
          const rows = all.filter(
            ({ state, tier }) =>
              (values.state === '' || state === values.state) && (values.tier === '' || tier === values.tier),
          );
          if (all.length === 0) {
            return <Empty>There is no node. A person adds one on the page “Nodes” of an account.</Empty>;
          }
          if (rows.length === 0)
            return <Empty>No node of {countText(all.length, 'node')} is like that.</Empty>;
          return (
            <LongTable
              label="Nodes"
              noun="node"
              rows={rows}
              keyOf={({ id }) => id}
              textOf={textOf}
              columns={COLUMNS}
            />
          );
        }}
      </Loaded>
    </Page>
  );
}

function choices(every: string, values: readonly string[]) {
  return [
    { value: '', label: every },
    ...values.map((value) => ({ value, label: value.replaceAll('-', ' ') })),
  ];
}
