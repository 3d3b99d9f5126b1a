import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { LedgerRow } from '@switchyard/protocol/console/ledger.ts';
import type { ConsoleBalance } from '@switchyard/protocol/console/overview.ts';
import { accountPath, query } from '../../api/client.ts';
import { ledgerQuery, overviewQuery } from '../../api/queries.ts';
import { useSignedIn } from '../../session/session.tsx';
import { DownloadLink } from '../../ui/button.tsx';
import { InlineSelect } from '../../ui/field.tsx';
import { Money } from '../../ui/money.tsx';
import { Figure, Figures, Page, Section } from '../../ui/page.tsx';
import { Pager } from '../../ui/pager.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time, zoneName } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { RequestLink } from '../requests/request-columns.tsx';
import { TopUps } from './top-ups.tsx';

export default function BillingPage() {
  const { account } = useSignedIn();
  const overview = useQuery(overviewQuery(account.id));
  return (
    <Page
      title="Billing"
      lead="You pay ahead. The balance never goes below zero: what it does not cover is refused."
    >
      <Loaded query={overview} lines={5}>
        {({ balance }) => <BalanceFigures balance={balance} />}
      </Loaded>
      <Section title="Add credit">
        <TopUps />
      </Section>
      <Ledger />
    </Page>
  );
}

function BalanceFigures({ balance }: { balance: ConsoleBalance }) {
  const parts = [
    { label: 'Paid', money: balance.paid },
    { label: 'Given', money: balance.promo },
    { label: 'Allowance', money: balance.allowance },
  ];
  return (
    <Figures>
      <Figure
        label="Balance"
        note={
          <>
            <Money micros={balance.held.micros} /> more is held for requests that run
          </>
        }
      >
        <Money micros={balance.available.micros} />
      </Figure>
      {parts.map(({ label, money }) => (
        <Figure key={label} label={label}>
          <Money micros={money.micros} />
        </Figure>
      ))}
    </Figures>
  );
}

const KINDS = [
  { value: '', label: 'Every kind' },
  { value: 'charge', label: 'Charges' },
  { value: 'deposit', label: 'Deposits' },
  { value: 'gift', label: 'Gifts' },
  { value: 'refund', label: 'Refunds' },
  { value: 'adjustment', label: 'Adjustments' },
  { value: 'allowance', label: 'Allowances' },
  { value: 'transfer', label: 'Transfers' },
  { value: 'expiry', label: 'Expiries' },
];

const COLUMNS: readonly Column<LedgerRow>[] = [
  { name: 'Time', cell: ({ at }) => <Time at={at} /> },
  {
    name: 'Kind',
    cell: ({ kind, reason }) => (
      <>
        <span className="block">{kind}</span>
        {reason !== null && <span className="block text-xs break-words text-soft">{reason}</span>}
      </>
    ),
  },
  { name: 'From or to', wide: true, cell: ({ balance }) => BALANCES[balance] },
  {
    name: 'Request',
    wide: true,
    cell: ({ request }) =>
      request !== null && (
        <RequestLink id={request}>
          <code className="font-mono text-xs text-soft">{request}</code>
        </RequestLink>
      ),
  },
  { name: 'Amount', right: true, cell: ({ amount }) => <Money micros={amount.micros} signed column /> },
];

const BALANCES: Readonly<Record<LedgerRow['balance'], string>> = {
  paid: 'paid',
  promo: 'given',
  allowance: 'allowance',
};

function Ledger() {
  const { account } = useSignedIn();
  const { values, change } = useFilters(['kind', 'cursor']);
  const { kind, cursor } = values;
  const page = useQuery({ ...ledgerQuery(account.id, values), placeholderData: keepPreviousData });
  return (
    <Section
      title="Every movement"
      hint={`The account's ledger, newest first. Times in ${zoneName()}.`}
      action={
        <div className="flex flex-wrap gap-2">
          <InlineSelect
            label="Kind"
            value={kind}
            options={KINDS}
            onValue={(value) => change({ kind: value, cursor: '' })}
          />
          <DownloadLink href={accountPath(account.id, `ledger.csv${query({ kind })}`)}>CSV</DownloadLink>
        </div>
      }
    >
      <Loaded query={page} lines={6}>
        {({ postings, nextCursor }) => (
          <>
            {postings.length === 0 ? (
              <Empty>
                {kind === ''
                  ? 'Nothing moved yet.'
                  : nextCursor === null
                    ? 'None of this kind.'
                    : 'None of this kind among the newest. Look further back.'}
              </Empty>
            ) : (
              <Table label="Movements" rows={postings} keyOf={({ id }) => id} columns={COLUMNS} />
            )}
            <Pager cursor={cursor} next={nextCursor} onCursor={(to) => change({ cursor: to })} />
          </>
        )}
      </Loaded>
    </Section>
  );
}
