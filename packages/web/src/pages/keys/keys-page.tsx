import { useQuery } from '@tanstack/react-query';
import type { ConsoleKey } from '@switchyard/protocol/console/keys.ts';
import { useState } from 'react';
import { keysQuery } from '../../api/queries.ts';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Money } from '../../ui/money.tsx';
import type { Tone } from '../../ui/notice.tsx';
import { Page, Section } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { LongTable } from '../../ui/long-table.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { agoText, Time } from '../../ui/time.tsx';
import { useNow } from '../../ui/use-now.ts';
import { CreateKeyDialog } from './create-key-dialog.tsx';
import { EditKeyDialog } from './edit-key-dialog.tsx';
import { RevokeKeyDialog } from './revoke-key-dialog.tsx';
import { RotateKeyDialog } from './rotate-key-dialog.tsx';

type Opened = { dialog: 'create' } | { dialog: 'edit' | 'rotate' | 'revoke'; key: ConsoleKey };

export default function KeysPage() {
  const { account, session } = useSignedIn();
  const may = useMay('developer');
  const keys = useQuery(keysQuery(account.id));
  const [opened, setOpened] = useState<Opened>();
  const close = () => setOpened(undefined);
  const create = may && (
    <Button look="primary" onClick={() => setOpened({ dialog: 'create' })}>
      Create a key
    </Button>
  );
  return (
    <Page
      title="API keys"
      lead="A key lets a program spend this account's credit. Give each program its own."
      action={create}
    >
      <Loaded query={keys} lines={5}>
        {({ keys: own, browserKeys }) => (
          <>
            {own.length === 0 ? (
              <Empty action={create}>
                There is no key yet. With one, every client of OpenAI or Anthropic works here.
              </Empty>
            ) : (
              <LongTable
                label="API keys"
                noun="key"
                rows={own}
                textOf={({ name, last4, state }) => `${name} ${last4} ${state}`}
                keyOf={({ id }) => id}
                columns={columns(session.site.keyPrefix, may ? setOpened : undefined)}
              />
            )}
            {browserKeys.some(({ state }) => state === 'active') && (
              <Section
                title="Keys of browsers"
                hint="Pages of this site that make requests hold one for 12 hours, in memory only."
              >
                <Table
                  label="Keys of browsers"
                  rows={browserKeys.filter(({ state }) => state === 'active')}
                  keyOf={({ id }) => id}
                  columns={columns(session.site.keyPrefix, may ? setOpened : undefined)}
                />
              </Section>
            )}
          </>
        )}
      </Loaded>
      {opened?.dialog === 'create' && <CreateKeyDialog onClose={close} />}
      {opened?.dialog === 'edit' && <EditKeyDialog apiKey={opened.key} onClose={close} />}
      {opened?.dialog === 'rotate' && <RotateKeyDialog apiKey={opened.key} onClose={close} />}
      {opened?.dialog === 'revoke' && <RevokeKeyDialog apiKey={opened.key} onClose={close} />}
    </Page>
  );
}

const STATES: Readonly<Record<ConsoleKey['state'], { tone: Tone; word: string }>> = {
  active: { tone: 'good', word: 'active' },
  expired: { tone: 'plain', word: 'expired' },
  revoked: { tone: 'plain', word: 'revoked' },
  'account-suspended': { tone: 'bad', word: 'account suspended' },
};

function columns(prefix: string, onOpen: ((opened: Opened) => void) | undefined): Column<ConsoleKey>[] {
  return [
    {
      name: 'Name',
      cell: (key) => (
        <>
          <span className="block font-medium break-words">{key.name}</span>
          <code className="font-mono text-xs whitespace-nowrap text-soft">
            sk-{prefix}-…{key.last4}
          </code>
        </>
      ),
    },
    { name: 'State', cell: (key) => <KeyState apiKey={key} /> },
    { name: 'This month', right: true, cell: ({ spend }) => <Spend {...spend.month} /> },
    { name: 'Last used', wide: true, cell: ({ lastUsedAt }) => <LastUsed at={lastUsedAt} /> },
    { name: 'Created', wide: true, cell: ({ createdAt }) => <Time at={createdAt} form="date" /> },
    ...(onOpen === undefined
      ? []
      : [
          {
            name: 'Actions',
            hidden: true,
            right: true,
            cell: (key: ConsoleKey) => <KeyMenu apiKey={key} onOpen={onOpen} />,
          },
        ]),
  ];
}

function KeyState({ apiKey: { state, expiresAt } }: { apiKey: ConsoleKey }) {
  const { tone, word } = STATES[state];
  return (
    <>
      <Status tone={tone}>{word}</Status>
      {state === 'active' && expiresAt !== null && (
        <span className="block text-xs text-soft">
          until <Time at={expiresAt} form="date" />
        </span>
      )}
    </>
  );
}

function Spend({ spent, limit }: ConsoleKey['spend']['month']) {
  return (
    <>
      <Money micros={spent.micros} />
      {limit !== null && (
        <span className="block text-xs text-soft">
          of <Money micros={limit.micros} />
        </span>
      )}
    </>
  );
}

function LastUsed({ at }: { at: string | null }) {
  const now = useNow();
  return at === null ? <span className="text-soft">never</span> : <span>{agoText(at, now)}</span>;
}

function KeyMenu({ apiKey: key, onOpen }: { apiKey: ConsoleKey; onOpen: (opened: Opened) => void }) {
  if (key.state === 'revoked') return null;
  return (
    <Menu
      label={`Actions of ${key.name}`}
      items={[
        { label: 'Edit name and limits', onSelect: () => onOpen({ dialog: 'edit', key }) },
        { label: 'Rotate', onSelect: () => onOpen({ dialog: 'rotate', key }) },
        { label: 'Revoke', danger: true, onSelect: () => onOpen({ dialog: 'revoke', key }) },
      ]}
      trigger={
        <IconButton label={`Actions of ${key.name}`}>
          <Icon name="more" />
        </IconButton>
      }
    />
  );
}
