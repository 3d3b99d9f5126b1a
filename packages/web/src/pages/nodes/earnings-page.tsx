import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { EarningsAnswer, EarningsBucket } from '@switchyard/protocol/console/nodes.ts';
import { accountPath, query } from '../../api/client.ts';
import { earningsQuery } from '../../api/queries.ts';
import { useSignedIn } from '../../session/session.tsx';
import { DownloadLink } from '../../ui/button.tsx';
import { InlineSelect } from '../../ui/field.tsx';
import { Money } from '../../ui/money.tsx';
import { Figure, Figures, Page, Section } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { dayText, Time } from '../../ui/time.tsx';
import { useFilters } from '../../ui/use-filters.ts';

const GROUPS = [
  { value: 'day', label: 'By day' },
  { value: 'node', label: 'By node' },
];

export default function EarningsPage() {
  const { account } = useSignedIn();
  const { values, change } = useFilters(['by']);
  const by = values.by === 'node' ? 'node' : 'day';
  const earnings = useQuery({ ...earningsQuery(account.id, by), placeholderData: keepPreviousData });
  return (
    <Page
      title="Earnings"
      lead="A node earns its share of what each job was charged. A job that was not charged earns nothing."
    >
      <Loaded query={earnings} lines={6}>
        {(answer) => (
          <>
            <Balance balance={answer.balance} />
            <Section
              title="What was earned"
              hint={`${dayText(answer.from)} to ${dayText(answer.to)}, days in UTC.`}
              action={
                <div className="flex flex-wrap gap-2">
                  <InlineSelect
                    label="Group"
                    value={by}
                    options={GROUPS}
                    onValue={(value) => change({ by: value === 'node' ? value : '' }, { replace: true })}
                  />
                  <DownloadLink href={accountPath(account.id, `earnings.csv${query({ by })}`)}>
                    CSV
                  </DownloadLink>
                </div>
              }
            >
              {answer.rows.length === 0 ? (
                <Empty>Nothing was earned in these days.</Empty>
              ) : (
                <Table
                  label="Earnings"
                  rows={by === 'day' ? answer.rows.toReversed() : answer.rows}
                  keyOf={({ group }) => group}
                  columns={columns(by)}
                />
              )}
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function columns(by: 'day' | 'node'): Column<EarningsBucket>[] {
  return [
    {
      name: by === 'day' ? 'Day' : 'Node',
      cell: ({ groupName }) => (by === 'day' ? dayText(groupName) : groupName),
    },
    { name: 'Jobs', right: true, cell: ({ jobs }) => jobs.toLocaleString('en-US') },
    { name: 'Earned', right: true, cell: ({ earnedMicros }) => <Money micros={earnedMicros} column /> },
    {
      name: 'Taken back',
      right: true,
      cell: ({ reversedMicros }) => <Money micros={reversedMicros} />,
    },
    {
      name: 'Still pending',
      right: true,
      cell: ({ pendingMicros }) => <Money micros={pendingMicros} column />,
    },
  ];
}

function Balance({ balance: { pending, payable, paid, next } }: { balance: EarningsAnswer['balance'] }) {
  return (
    <Figures wide={3}>
      <Figure
        label="Pending"
        note={
          next === null ? undefined : (
            <>
              <Money micros={next.amount.micros} /> becomes payable <Time at={next.at} />
            </>
          )
        }
      >
        <Money micros={pending.micros} />
      </Figure>
      <Figure label="Payable">
        <Money micros={payable.micros} />
      </Figure>
      <Figure label="Paid out">
        <Money micros={paid.micros} />
      </Figure>
    </Figures>
  );
}
