import { useQuery } from '@tanstack/react-query';
import type { ConsoleKey } from '@switchyard/protocol/console/keys.ts';
import type { Member } from '@switchyard/protocol/console/members.ts';
import { REQUEST_COLUMNS } from '../../pages/requests/request-columns.tsx';
import { Money } from '../../ui/money.tsx';
import { Section } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time, zoneName } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { operatorKeysQuery, operatorMembersQuery, operatorRequestsQuery } from '../operator-queries.ts';

const KEY_COLUMNS: readonly Column<ConsoleKey>[] = [
  { name: 'Key', cell: ({ name }) => <span className="font-medium break-words">{name}</span> },
  {
    name: 'Belongs to',
    cell: ({ person }) => (person === null ? 'the account' : (person.name ?? 'somebody who is gone')),
  },
  { name: 'Ends in', cell: ({ last4 }) => <code className="font-mono text-xs">…{last4}</code> },
  {
    name: 'State',
    cell: ({ state }) => (
      <Status tone={state === 'active' ? 'good' : 'plain'}>{state.replaceAll('-', ' ')}</Status>
    ),
  },
  {
    name: 'Spent this month',
    right: true,
    cell: ({ spend }) => <Money micros={spend.month.spent.micros} />,
  },
  {
    name: 'Last used',
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'not known' : <Time at={lastUsedAt} />),
  },
];

export function AccountKeys({ account }: { account: string }) {
  const keys = useQuery(operatorKeysQuery(account));
  return (
    <Section title="API keys" hint="Only the end of a key is known to anyone.">
      <Loaded query={keys}>
        {({ keys: rows }) =>
          rows.length === 0 ? (
            <Empty>It has no key.</Empty>
          ) : (
            <Table label="API keys" rows={rows} keyOf={({ id }) => id} columns={KEY_COLUMNS} />
          )
        }
      </Loaded>
    </Section>
  );
}

const MEMBER_COLUMNS: readonly Column<Member>[] = [
  { name: 'Person', cell: ({ name }) => <span className="font-medium break-words">{name}</span> },
  { name: 'E-mail', cell: ({ email }) => <span className="break-all">{email}</span> },
  { name: 'Role', cell: ({ role }) => role },
  { name: 'Since', cell: ({ since }) => <Time at={since} form="date" /> },
];

export function AccountMembers({ account }: { account: string }) {
  const members = useQuery(operatorMembersQuery(account));
  return (
    <Section title="Members">
      <Loaded query={members}>
        {({ members: rows }) =>
          rows.length === 0 ? (
            <Empty>Nobody. It was made by the command line.</Empty>
          ) : (
            <Table label="Members" rows={rows} keyOf={({ personId }) => personId} columns={MEMBER_COLUMNS} />
          )
        }
      </Loaded>
    </Section>
  );
}

export function AccountRequests({ account }: { account: string }) {
  const { values, change } = useFilters(['cursor']);
  const requests = useQuery(operatorRequestsQuery(account, values.cursor));
  return (
    <Section
      title="Requests"
      hint={`What billing needs of them. Prompts and answers are nowhere. Times in ${zoneName()}.`}
    >
      <Loaded query={requests} lines={5}>
        {({ requests: rows, nextCursor }) => (
          <>
            {rows.length === 0 ? (
              <Empty>No request yet.</Empty>
            ) : (
              <Table label="Requests" rows={rows} keyOf={({ id }) => id} columns={REQUEST_COLUMNS} />
            )}
            <Pager cursor={values.cursor} next={nextCursor} onCursor={(cursor) => change({ cursor })} />
          </>
        )}
      </Loaded>
    </Section>
  );
}
