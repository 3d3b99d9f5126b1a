import { useQuery } from '@tanstack/react-query';
import type { ConsoleNode } from '@switchyard/protocol/console/nodes.ts';
import { useState } from 'react';
import { Link } from 'wouter';
import { nodesQuery } from '../../api/queries.ts';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { LongTable } from '../../ui/long-table.tsx';
import type { Column } from '../../ui/table.tsx';
import { AddNodeDialog } from './add-node-dialog.tsx';
import { NodeStatus } from './node-state.tsx';

const COLUMNS: readonly Column<ConsoleNode>[] = [
  {
    name: 'Name',
    cell: ({ id, name }) => (
      <Link
        href={`/app/nodes/${encodeURIComponent(id)}`}
        className="font-medium text-accent underline underline-offset-3"
      >
        {name}
      </Link>
    ),
  },
  {
    name: 'State',
    cell: ({ state, suspendedReason }) => <NodeStatus state={state} suspendedReason={suspendedReason} />,
  },
  {
    name: 'Serves',
    cell: ({ kind, pool }) => (kind === 'private' ? 'only this account' : `the pool ${pool}`),
  },
  { name: 'Engine', cell: ({ session }) => session?.engine ?? '' },
  {
    name: 'Models',
    cell: ({ session }) => session?.models.map(({ alias }) => alias).join(', ') ?? '',
  },
  {
    name: 'Ready in 24 h',
    right: true,
    cell: ({ available }) => (available === null ? 'not known' : `${(available * 100).toFixed(1)} %`),
  },
];

function textOf({ id, name, state, pool, session }: ConsoleNode): string {
  const models = session?.models.map(({ alias }) => alias) ?? [];
  return [id, name, state, pool ?? '', session?.engine ?? '', ...models].join(' ');
}

export default function NodesPage() {
  const { account } = useSignedIn();
  const may = useMay('developer');
  const nodes = useQuery(nodesQuery(account.id));
  const [adds, setAdds] = useState(false);
  const add = may && (
    <Button look="primary" onClick={() => setAdds(true)}>
      Add a node
    </Button>
  );
  return (
    <Page
      title="Nodes"
      lead="A node is a machine with an engine such as Ollama. It serves a pool and earns, or only this account."
      action={add}
    >
      <Loaded query={nodes} lines={5}>
        {({ nodes: rows }) =>
          rows.length === 0 ? (
            <Empty action={add}>
              There is no node yet. One command on a machine with a model makes it one.
            </Empty>
          ) : (
            <LongTable
              label="Nodes"
              noun="node"
              rows={rows}
              keyOf={({ id }) => id}
              textOf={textOf}
              columns={COLUMNS}
            />
          )
        }
      </Loaded>
      {adds && <AddNodeDialog onClose={() => setAdds(false)} />}
    </Page>
  );
}
