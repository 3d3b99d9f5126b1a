import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ConsoleNode, NodeDetail, NodeModel } from '@switchyard/protocol/console/nodes.ts';
import { useState } from 'react';
import { useLocation, useParams } from 'wouter';
import { accountPath, messageOf, sendJson } from '../../api/client.ts';
import { nodeQuery, refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { AvailabilityStrip } from '../../ui/availability-strip.tsx';
import { BackLink } from '../../ui/back-link.tsx';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Card, Figure, Figures, Page, Section } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.tsx';
import { useNow } from '../../ui/use-now.ts';
import { isDrained, NodeStatus, nodeStateMeaning } from './node-state.tsx';

export default function NodePage() {
  const { account } = useSignedIn();
  const { node: id = '' } = useParams();
  const node = useQuery(nodeQuery(account.id, id));
  return (
    <>
      <BackLink href="/app/nodes">Nodes</BackLink>
      <Page
        title={node.data?.name ?? 'Node'}
        action={node.data !== undefined && <NodeActions node={node.data} />}
      >
        <Loaded query={node} lines={6}>
          {(data) => <NodeBody node={data} />}
        </Loaded>
      </Page>
    </>
  );
}

const COLUMNS: readonly Column<NodeModel>[] = [
  { name: 'Model', cell: ({ alias }) => <span className="font-medium">{alias}</span> },
  { name: 'Jobs', right: true, cell: ({ busySlots, slots }) => `${busySlots} of ${slots}` },
  { name: 'Loaded', cell: ({ loaded }) => (loaded ? 'yes' : 'when asked') },
  {
    name: 'Speed',
    right: true,
    cell: ({ outputTokensPerSecond: speed }) =>
      speed === null ? 'not measured' : `${speed.toFixed(0)} tokens a second`,
  },
  {
    name: 'Failures',
    right: true,
    cell: ({ failureRate }) => `${(failureRate * 100).toFixed(0)} %`,
  },
  {
    name: 'Takes jobs',
    cell: ({ breaker, restsForSeconds }) =>
      breaker === 'closed' ? 'yes' : breaker === 'open' ? `in ${Math.ceil(restsForSeconds)} s` : 'one to try',
  },
];

function NodeBody({ node }: { node: NodeDetail }) {
  const now = useNow();
  return (
    <>
      <Figures>
        <Figure label="State" note={nodeStateMeaning(node.state, node.suspendedReason)}>
          <span className="text-lg">
            <NodeStatus state={node.state} suspendedReason={node.suspendedReason} />
          </span>
        </Figure>
        <Figure label="Serves">
          <span className="text-lg">
            {node.kind === 'private' ? 'only this account' : `pool ${node.pool}`}
          </span>
        </Figure>
        <Figure
          label="Engine"
          note={node.session !== null && <>round trip {Math.round(node.session.roundTripMs)} ms</>}
        >
          <span className="text-lg">{node.session?.engine ?? 'not connected'}</span>
        </Figure>
        <Card className="grid content-start gap-2">
          <p className="text-[0.8125rem] text-soft">Ready in the last 24 hours</p>
          <AvailabilityStrip history={node.history} nowMs={now} />
        </Card>
      </Figures>
      {node.suspendedReason !== null && !isDrained(node) && (
        <Notice tone="bad">{node.suspendedReason}</Notice>
      )}
      {node.banned !== null && (
        <Notice tone="bad">
          {node.banned.because} The ban ends <Time at={node.banned.until} />; object with the operator. The
          connector comes back by itself when it is over.
        </Notice>
      )}
      {node.reduced !== null && (
        <Notice tone="warn">
          It gets a quarter of its jobs until <Time at={node.reduced.until} />. {node.reduced.because}
        </Notice>
      )}
      <Section
        title="Models"
        hint={
          node.session === null ? undefined : (
            <>
              Connected since <Time at={node.session.connectedAt} />.
            </>
          )
        }
      >
        {node.session === null || node.session.models.length === 0 ? (
          <Empty>It offers no model now.</Empty>
        ) : (
          <Table label="Models" rows={node.session.models} keyOf={({ alias }) => alias} columns={COLUMNS} />
        )}
      </Section>
    </>
  );
}

function NodeActions({ node }: { node: ConsoleNode }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const [removes, setRemoves] = useState(false);
  const path = accountPath(account.id, `nodes/${encodeURIComponent(node.id)}`);
  const steer = useMutation({
    mutationFn: (verb: 'drain' | 'resume') => sendJson<ConsoleNode>('POST', `${path}/${verb}`),
    onSuccess: () => refresh(client, account.id, ['nodes']),
    onError: (error) => toast(messageOf(error), 'bad'),
  });
  if (!useMay('developer') || node.state === 'removed') return null;
  const verb = isDrained(node) ? 'resume' : 'drain';
  return (
    <div className="flex flex-wrap gap-2">
      <Button busy={steer.isPending} onClick={() => steer.mutate(verb)}>
        {verb === 'drain' ? 'Drain' : 'Resume'}
      </Button>
      <Button look="danger" onClick={() => setRemoves(true)}>
        Remove
      </Button>
      {removes && <RemoveDialog node={node} path={path} onClose={() => setRemoves(false)} />}
    </div>
  );
}

function RemoveDialog({ node, path, onClose }: { node: ConsoleNode; path: string; onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const [, go] = useLocation();
  const remove = useMutation({
    mutationFn: () => withFreshSignIn(() => sendJson<ConsoleNode>('DELETE', path)),
    onSuccess: async () => {
      go('/app/nodes');
      toast(`Removed “${node.name}”`);
      await refresh(client, account.id, ['nodes']);
    },
  });
  return (
    <ConfirmDialog
      title={`Remove the node “${node.name}”`}
      action="Remove the node"
      open
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>It is disconnected at once and its token is refused for ever. What it earned stays.</p>
    </ConfirmDialog>
  );
}
