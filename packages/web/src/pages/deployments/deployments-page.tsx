import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ConsoleDeployment } from '@switchyard/protocol/console/deployments.ts';
import type { Done } from '@switchyard/protocol/console/common.ts';
import { useState } from 'react';
import { accountPath, sendJson } from '../../api/client.ts';
import { deploymentsQuery, refresh } from '../../api/queries.ts';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Menu } from '../../ui/menu.tsx';
import type { Tone } from '../../ui/notice.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { toast } from '../../ui/toast.tsx';
import { PriceText } from '../models/price.tsx';
import { DeploymentDialog } from './deployment-dialog.tsx';

type Opened = { dialog: 'add' } | { dialog: 'edit' | 'remove'; deployment: ConsoleDeployment };

export default function DeploymentsPage() {
  const { account } = useSignedIn();
  const may = useMay('developer');
  const deployments = useQuery(deploymentsQuery(account.id));
  const [opened, setOpened] = useState<Opened>();
  const close = () => setOpened(undefined);
  const add = may && (
    <Button look="primary" onClick={() => setOpened({ dialog: 'add' })}>
      Add a deployment
    </Button>
  );
  return (
    <Page
      title="Deployments"
      lead="A name under which this account's keys reach a model on its own private nodes. While they are off, it answers 503."
      action={add}
    >
      <Loaded query={deployments} lines={4}>
        {({ deployments: rows }) =>
          rows.length === 0 ? (
            <Empty action={add}>There is none yet. It needs a private node that offers the model.</Empty>
          ) : (
            <Table
              label="Deployments"
              rows={rows}
              keyOf={({ id }) => id}
              columns={columns(may ? setOpened : undefined)}
            />
          )
        }
      </Loaded>
      {opened?.dialog === 'add' && <DeploymentDialog onClose={close} />}
      {opened?.dialog === 'edit' && <DeploymentDialog deployment={opened.deployment} onClose={close} />}
      {opened?.dialog === 'remove' && <RemoveDialog deployment={opened.deployment} onClose={close} />}
    </Page>
  );
}

const STATES: Readonly<Record<ConsoleDeployment['state'], { tone: Tone; word: string }>> = {
  available: { tone: 'good', word: 'available' },
  busy: { tone: 'warn', word: 'busy' },
  offline: { tone: 'plain', word: 'offline' },
  hidden: { tone: 'bad', word: 'hidden by a model of this name' },
  unknown: { tone: 'plain', word: 'unknown' },
};

function columns(onOpen: ((opened: Opened) => void) | undefined): Column<ConsoleDeployment>[] {
  const base: Column<ConsoleDeployment>[] = [
    { name: 'Name', cell: ({ name }) => <code className="font-mono font-medium">{name}</code> },
    {
      name: 'State',
      cell: ({ state }) => <Status tone={STATES[state].tone}>{STATES[state].word}</Status>,
    },
    { name: 'Model on the node', cell: ({ model }) => model },
    {
      name: 'Nodes',
      cell: ({ nodes }) => (nodes === null ? 'every private one' : nodes.map(({ name }) => name).join(', ')),
    },
    { name: 'Price', cell: ({ price }) => <PriceText price={price} /> },
  ];
  if (onOpen === undefined) return base;
  const actions = (deployment: ConsoleDeployment) => (
    <Menu
      label={`Actions of ${deployment.name}`}
      items={[
        { label: 'Edit', onSelect: () => onOpen({ dialog: 'edit', deployment }) },
        { label: 'Remove', danger: true, onSelect: () => onOpen({ dialog: 'remove', deployment }) },
      ]}
      trigger={
        <IconButton label={`Actions of ${deployment.name}`}>
          <Icon name="more" />
        </IconButton>
      }
    />
  );
  return [...base, { name: 'Actions', hidden: true, right: true, cell: actions }];
}

function RemoveDialog({ deployment, onClose }: { deployment: ConsoleDeployment; onClose: () => void }) {
  const { account } = useSignedIn();
  const client = useQueryClient();
  const path = accountPath(account.id, `deployments/${encodeURIComponent(deployment.id)}`);
  const remove = useMutation({
    mutationFn: () => withFreshSignIn(() => sendJson<Done>('DELETE', path)),
    onSuccess: async () => {
      await refresh(client, account.id, ['deployments']);
      toast(`Removed “${deployment.name}”`);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Remove the deployment “${deployment.name}”`}
      action="Remove the deployment"
      open
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>New requests for this name are refused at once. The nodes stay.</p>
    </ConfirmDialog>
  );
}
