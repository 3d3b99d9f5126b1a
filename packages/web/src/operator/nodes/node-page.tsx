import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { OperatorNode, OperatorSanction } from '@switchyard/protocol/console/operator.ts';
import type { NodeModel } from '@switchyard/protocol/console/nodes.ts';
import { useState } from 'react';
import { messageOf, sendJson } from '../../api/client.ts';
import { NodeStatus, nodeStateMeaning } from '../../pages/nodes/node-state.tsx';
import { BackLink } from '../../ui/back-link.tsx';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Figure, Figures, Page, Section } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.tsx';
import { useAddressPart } from '../address.ts';
import { PageLink } from '../links.tsx';
import { operatorNodesQuery, operatorPath, refreshOperator } from '../operator-queries.ts';
import { shareText } from '../texts.ts';
import { PardonDialog, RemoveDialog, SanctionDialog, TierDialog } from './node-dialogs.tsx';
import { activeSanctions, Tier, tierMeaning } from './trust.tsx';

export default function NodePage() {
  const id = useAddressPart('node');
  const nodes = useQuery(operatorNodesQuery);
  const node = nodes.data?.nodes.find((one) => one.id === id);
  return (
    <>
      <BackLink href="/operator/nodes">Nodes</BackLink>
      <Page
        title={node?.name ?? 'Node'}
        lead={<code className="font-mono text-sm">{id}</code>}
        action={node !== undefined && <NodeActions node={node} />}
      >
        <Loaded query={nodes} lines={6}>
          {() =>
            node === undefined ? (
              <Empty>There is no such node. It may have been removed.</Empty>
            ) : (
              <NodeBody node={node} />
            )
          }
        </Loaded>
      </Page>
    </>
  );
}

function NodeBody({ node }: { node: OperatorNode }) {
  return (
    <>
      {node.suspendedReason !== null && <Notice tone="bad">Suspended: {node.suspendedReason}</Notice>}
      <Figures>
        <Figure label="State" note={nodeStateMeaning(node.state)}>
          <span className="text-lg">
            <NodeStatus state={node.state} />
          </span>
        </Figure>
        <Figure label="Tier" note={tierMeaning(node.tier)}>
          <span className="text-lg">
            <Tier tier={node.tier} />
          </span>
        </Figure>
        <Figure
          label="Account"
          note={node.kind === 'private' ? 'serves only this account' : `serves the pool ${node.pool}`}
        >
          <span className="text-lg">
            <PageLink href={`/operator/accounts/${encodeURIComponent(node.account.id)}`}>
              {node.account.name}
            </PageLink>
          </span>
        </Figure>
        <Figure
          label="Ready in the last 24 hours"
          note={
            <>
              added <Time at={node.createdAt} form="date" />
            </>
          }
        >
          {node.available === null ? 'not known' : shareText(node.available)}
        </Figure>
      </Figures>
      {node.kind === 'shared' && <Work node={node} />}
      <Section title="Sanctions" hint="Those that hold now and those of before. Each one ends by itself.">
        {node.sanctions.length === 0 ? (
          <Empty>There was none.</Empty>
        ) : (
          <Table label="Sanctions" rows={node.sanctions} keyOf={({ id }) => id} columns={SANCTION_COLUMNS} />
        )}
      </Section>
      <Models node={node} />
    </>
  );
}

/** What its tier comes from. */
function Work({ node: { record, workShare } }: { node: OperatorNode }) {
  return (
    <Section title="What its trust comes from" hint="Test jobs and looks at answers: of the newest 20.">
      <Figures>
        <Figure
          label="Jobs paid by others"
          note={
            record.firstPaidAt === null ? (
              'none yet'
            ) : (
              <>
                since <Time at={record.firstPaidAt} form="date" />
              </>
            )
          }
        >
          {record.paidJobs.toLocaleString('en-US')}
        </Figure>
        <Figure label="Test jobs passed" note={`${record.tests.failed} failed`}>
          {record.tests.passed}
        </Figure>
        <Figure label="Answers that looked right" note={`${record.checks.suspicious} looked wrong`}>
          {record.checks.clean}
        </Figure>
        <Figure
          label="Share of its usual work"
          note={
            record.approvedAt !== null && (
              <>
                trusted by an operator since <Time at={record.approvedAt} form="date" />
              </>
            )
          }
        >
          {shareText(workShare)}
        </Figure>
      </Figures>
    </Section>
  );
}

const SANCTION_COLUMNS: readonly Column<OperatorSanction>[] = [
  { name: 'What', cell: ({ kind }) => <span className="font-medium">{kind}</span> },
  {
    name: 'State',
    cell: ({ active, lifted }) =>
      active ? (
        <Status tone="bad">holds</Status>
      ) : (
        <Status tone="plain">{lifted === null ? 'over' : 'lifted'}</Status>
      ),
  },
  {
    name: 'Why',
    cell: ({ because, lifted }) => (
      <>
        <span className="block min-w-48 break-words">{because}</span>
        {lifted !== null && (
          <span className="block text-xs text-soft">
            lifted <Time at={lifted.at} />: {lifted.because}
          </span>
        )}
      </>
    ),
  },
  { name: 'Since', cell: ({ at }) => <Time at={at} /> },
  { name: 'Until', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
];

const MODEL_COLUMNS: readonly Column<NodeModel>[] = [
  { name: 'Model', cell: ({ alias }) => <span className="font-medium">{alias}</span> },
  { name: 'Jobs', right: true, cell: ({ busySlots, slots }) => `${busySlots} of ${slots}` },
  { name: 'Failed of its last jobs', right: true, cell: ({ failureRate }) => shareText(failureRate) },
  {
    name: 'Speed',
    right: true,
    cell: ({ outputTokensPerSecond: speed }) =>
      speed === null ? 'not measured' : `${speed.toFixed(0)} tokens/s`,
  },
];

function Models({ node: { session } }: { node: OperatorNode }) {
  return (
    <Section
      title="Models"
      hint={
        session !== null && (
          <>
            {session.engine}, connected since <Time at={session.connectedAt} />, round trip{' '}
            {Math.round(session.roundTripMs)} ms
          </>
        )
      }
    >
      {session === null || session.models.length === 0 ? (
        <Empty>It offers no model now.</Empty>
      ) : (
        <Table label="Models" rows={session.models} keyOf={({ alias }) => alias} columns={MODEL_COLUMNS} />
      )}
    </Section>
  );
}

function NodeActions({ node }: { node: OperatorNode }) {
  const client = useQueryClient();
  const [open, setOpen] = useState<'sanction' | 'pardon' | 'remove' | 'tier'>();
  const close = () => setOpen(undefined);
  const steer = useMutation({
    mutationFn: (verb: 'drain' | 'resume') =>
      sendJson<OperatorNode>('POST', operatorPath('nodes', node.id, verb)),
    onSuccess: () => refreshOperator(client, 'nodes'),
    onError: (error) => toast(messageOf(error), 'bad'),
  });
  const isStopped = node.state === 'draining' || node.suspendedReason !== null;
  const isSanctioned = activeSanctions(node).length > 0;
  const isBanned = activeSanctions(node).some(({ kind }) => kind === 'ban');
  return (
    <div className="flex flex-wrap gap-2">
      <Button busy={steer.isPending} onClick={() => steer.mutate(isStopped ? 'resume' : 'drain')}>
        {isStopped ? 'Resume' : 'Drain'}
      </Button>
      {(node.tier === 'probation' || node.tier === 'verified') && node.kind === 'shared' && (
        <Button onClick={() => setOpen('tier')}>
          {node.tier === 'probation' ? 'Approve' : 'Back to probation'}
        </Button>
      )}
      {isSanctioned && <Button onClick={() => setOpen('pardon')}>Pardon</Button>}
      {!isStopped && !isBanned && (
        <Button look="danger" onClick={() => setOpen('sanction')}>
          Ban
        </Button>
      )}
      <Button look="danger" onClick={() => setOpen('remove')}>
        Remove
      </Button>
      {open === 'sanction' && <SanctionDialog node={node} onClose={close} />}
      {open === 'tier' && <TierDialog node={node} onClose={close} />}
      {open === 'pardon' && <PardonDialog node={node} onClose={close} />}
      {open === 'remove' && <RemoveDialog node={node} onClose={close} />}
    </div>
  );
}
