import { useQuery } from '@tanstack/react-query';
import type { ConsoleKey } from '@switchyard/protocol/console/keys.ts';
import { useState } from 'react';
import { keysQuery } from '../../api/queries.ts';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { InlineSelect } from '../../ui/field.tsx';
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
import { useFilters } from '../../ui/use-filters.ts';
import { CreateKeyDialog } from './create-key-dialog.tsx';
import { EditKeyDialog } from './edit-key-dialog.tsx';
import { RevokeKeyDialog } from './revoke-key-dialog.tsx';
import { RotateKeyDialog } from './rotate-key-dialog.tsx';

type Opened = { dialog: 'create' } | { dialog: 'edit' | 'rotate' | 'revoke'; key: ConsoleKey };

export default function KeysPage() {
  const { account, person, session } = useSignedIn();
  const may = useMay('developer');
  const managesAll = useMay('admin');
  const keys = useQuery({ ...keysQuery(account.id), enabled: may });
  const [mine, go] = useMine();
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
      {!may && <Empty>Viewers have no keys. An owner of {account.name} can make you a developer.</Empty>}
      {managesAll && (
        <InlineSelect
          label="Whose"
          value={mine ? 'mine' : ''}
          options={[
            { value: '', label: 'All keys' },
            { value: 'mine', label: 'My keys' },
          ]}
          onValue={(value) => go(value === 'mine')}
        />
      )}
      {may && (
        <Loaded query={keys} lines={5}>
          {(answer) => {
            const isShown = (key: ConsoleKey) => !mine || key.person?.id === person.id;
            const own = answer.keys.filter(isShown);
            const pages = answer.browserKeys.filter((key) => isShown(key) && key.state === 'active');
            const shown = columns(session.site.keyPrefix, { me: person.id, onOpen: setOpened });
            return (
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
                    textOf={({ name, last4, state, person: owner }) =>
                      `${name} ${last4} ${state} ${owner?.name ?? ''}`
                    }
                    keyOf={({ id }) => id}
                    columns={shown}
                  />
                )}
                {pages.length > 0 && (
                  <Section
                    title="Keys of browsers"
                    hint="Pages of this site that make requests hold one for 12 hours, in memory only."
                  >
                    <Table label="Keys of browsers" rows={pages} keyOf={({ id }) => id} columns={shown} />
                  </Section>
                )}
              </>
            );
          }}
        </Loaded>
      )}
      {opened?.dialog === 'create' && <CreateKeyDialog onClose={close} />}
      {opened?.dialog === 'edit' && <EditKeyDialog apiKey={opened.key} onClose={close} />}
      {opened?.dialog === 'rotate' && <RotateKeyDialog apiKey={opened.key} onClose={close} />}
      {opened?.dialog === 'revoke' && <RevokeKeyDialog apiKey={opened.key} onClose={close} />}
    </Page>
  );
}

/** Whether only one's own keys are shown; it is in the address. */
function useMine(): [boolean, (mine: boolean) => void] {
  const { values, change } = useFilters(['of']);
  return [values.of === 'me', (wanted) => change({ of: wanted ? 'me' : '' })];
}

const STATES: Readonly<Record<ConsoleKey['state'], { tone: Tone; word: string }>> = {
  active: { tone: 'good', word: 'active' },
  expired: { tone: 'plain', word: 'expired' },
  revoked: { tone: 'plain', word: 'revoked' },
  'account-suspended': { tone: 'bad', word: 'account suspended' },
};

function columns(
  prefix: string,
  { me, onOpen }: { me: string; onOpen: (opened: Opened) => void },
): Column<ConsoleKey>[] {
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
    { name: 'Belongs to', cell: ({ person }) => <BelongsTo person={person} me={me} /> },
    { name: 'State', cell: (key) => <KeyState apiKey={key} /> },
    { name: 'This month', right: true, cell: ({ spend }) => <Spend {...spend.month} /> },
    { name: 'Last used', cell: ({ lastUsedAt }) => <LastUsed at={lastUsedAt} /> },
    { name: 'Created', cell: ({ createdAt }) => <Time at={createdAt} form="date" /> },
    {
      name: 'Actions',
      hidden: true,
      right: true,
      cell: (key) => <KeyMenu apiKey={key} onOpen={onOpen} />,
    },
  ];
}

function BelongsTo({ person, me }: { person: ConsoleKey['person']; me: string }) {
  if (person === null) return <span className="text-soft">the account</span>;
  if (person.id === me) return 'me';
  return <span className="break-words">{person.name ?? 'somebody who is gone'}</span>;
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
