import { useQuery } from '@tanstack/react-query';
import type { OperatorAccount } from '@switchyard/protocol/console/operator.ts';
import { TextField } from '../../ui/field.tsx';
import { Money } from '../../ui/money.tsx';
import { Page } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { PageLink } from '../links.tsx';
import { operatorAccountsQuery } from '../operator-queries.ts';
import { countText } from '../texts.ts';
import { AccountState } from './account-state.tsx';

const ROWS_MAX = 100;

const COLUMNS: readonly Column<OperatorAccount>[] = [
  {
    name: 'Account',
    cell: ({ id, name, role }) => (
      <>
        <PageLink href={`/operator/accounts/${encodeURIComponent(id)}`}>{name}</PageLink>
        {role === 'operator' && <span className="text-soft"> (operator’s)</span>}
        <code className="block font-mono text-xs text-soft break-all">{id}</code>
      </>
    ),
  },
  { name: 'State', cell: ({ state }) => <AccountState state={state} /> },
  { name: 'Free balance', right: true, cell: ({ balance }) => <Money micros={balance.available.micros} /> },
  { name: 'Held', right: true, cell: ({ balance }) => <Money micros={balance.held.micros} /> },
  { name: 'Spent', right: true, cell: ({ balance }) => <Money micros={balance.spent.micros} /> },
  { name: 'Keys', right: true, cell: ({ keys }) => keys.toLocaleString('en-US') },
  { name: 'Since', cell: ({ createdAt }) => <Time at={createdAt} form="date" /> },
];

export default function AccountsPage() {
  const { values, change } = useFilters(['search', 'cursor']);
  const accounts = useQuery(operatorAccountsQuery(values, ROWS_MAX));
  return (
    <Page
      title="Accounts"
      lead="Who pays. Money is moved by postings with a reason, and each one is in the audit log."
    >
      <div className="max-w-sm">
        <TextField
          label="Search"
          type="search"
          hint="A part of the name, or a whole id."
          maxLength={100}
          value={values.search}
          onChange={(event) => change({ search: event.target.value, cursor: '' }, { replace: true })}
        />
      </div>
      <Loaded query={accounts} lines={8}>
        {({ accounts: rows, total, nextCursor }) =>
          rows.length === 0 ? (
            <Empty>
              {values.search === ''
                ? 'There is no account yet. Whoever signs up gets one.'
                : `No account has “${values.search}” in its name.`}
            </Empty>
          ) : (
            <div className="grid gap-2">
              <p className="text-sm text-soft" role="status">
                {rows.length < total
                  ? `${rows.length} of ${countText(total, 'account')}, newest first`
                  : countText(total, 'account')}
              </p>
              <Table label="Accounts" rows={rows} keyOf={({ id }) => id} columns={COLUMNS} />
              <Pager cursor={values.cursor} next={nextCursor} onCursor={(cursor) => change({ cursor })} />
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}
