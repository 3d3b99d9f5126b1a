import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { UsageAnswer } from '@switchyard/protocol/console/usage.ts';
import { accountPath, query } from '../../api/client.ts';
import { usageQuery, type UsageAsk } from '../../api/queries.ts';
import { useMay, useSignedIn } from '../../session/session.tsx';
import { BarChart } from '../../ui/bar-chart.tsx';
import { DownloadLink } from '../../ui/button.tsx';
import { InlineSelect } from '../../ui/field.tsx';
import { usdText } from '../../ui/money.tsx';
import { Card, Section } from '../../ui/page.tsx';
import { Loaded } from '../../ui/states.tsx';
import { useFilters } from '../../ui/use-filters.ts';
import { useNow } from '../../ui/use-now.ts';
import { usageSeries, utcDay, type Measure } from './usage-series.ts';

const DAY_MS = 86_400_000;
const RANGES = [
  { value: '30', label: 'Last 30 days' },
  { value: '7', label: 'Last 7 days' },
  { value: '2', label: 'Today and yesterday' },
  { value: '90', label: 'Last 90 days' },
];
const GROUPS = [
  { value: '', label: 'All together' },
  { value: 'model', label: 'By model' },
  { value: 'key', label: 'By key' },
] as const satisfies readonly { value: UsageAsk['by']; label: string }[];
const GROUPS_OF_ADMINS = [...GROUPS, { value: 'member', label: 'By member' }] as const;
const CHARTS: readonly { measure: Measure; title: string; format: (value: number) => string }[] = [
  { measure: 'spend', title: 'Spend', format: usdText },
  { measure: 'requests', title: 'Requests', format: (value) => value.toLocaleString('en-US') },
  { measure: 'tokens', title: 'Tokens', format: (value) => value.toLocaleString('en-US') },
];

/** Spend, requests and tokens of a range, grouped. */
export function UsageCharts() {
  const { account } = useSignedIn();
  const { days, by, groups, change } = useView();
  const now = useNow();
  const ask: UsageAsk = {
    from: utcDay(now - (Number(days) - 1) * DAY_MS),
    to: utcDay(now),
    bucket: days === '2' ? 'hour' : 'day',
    by,
  };
  const usage = useQuery({ ...usageQuery(account.id, ask), placeholderData: keepPreviousData });
  return (
    <Section
      title="Usage"
      hint="Days and hours in UTC."
      action={
        <div className="flex flex-wrap gap-2">
          <InlineSelect
            label="Range"
            value={days}
            options={RANGES}
            onValue={(value) => change({ days: value }, { replace: true })}
          />
          <InlineSelect
            label="Group"
            value={by}
            options={groups}
            onValue={(value) => change({ by: value }, { replace: true })}
          />
          <DownloadLink href={accountPath(account.id, `usage.csv${query(ask)}`)}>CSV</DownloadLink>
        </div>
      }
    >
      <Loaded query={usage} lines={6}>
        {(answer) => (
          <div className="grid gap-4 lg:grid-cols-3">
            {CHARTS.map((chart) => (
              <Chart key={chart.measure} answer={answer} {...chart} />
            ))}
          </div>
        )}
      </Loaded>
    </Section>
  );
}

/** Range and group are in the address, so that a view can be shared and is there again on the way back. */
function useView() {
  const { values, change } = useFilters(['days', 'by']);
  const days = RANGES.find(({ value }) => value === values.days)?.value ?? '30';
  const groups = useMay('admin') ? GROUPS_OF_ADMINS : GROUPS;
  const by = groups.find(({ value }) => value === values.by)?.value ?? '';
  return { days, by, groups, change };
}

function Chart(props: {
  answer: UsageAnswer;
  measure: Measure;
  title: string;
  format: (value: number) => string;
}) {
  const { answer, measure, title, format } = props;
  const { total } = answer;
  const sums: Record<Measure, number> = {
    spend: total.chargedMicros,
    requests: total.requests,
    tokens: total.total_tokens,
  };
  return (
    <Card className="grid content-start gap-2">
      <div>
        <h3 className="text-[0.8125rem] text-soft">{title}</h3>
        <p className="text-xl font-semibold tracking-tight tabular-nums">{format(sums[measure])}</p>
      </div>
      <BarChart label={title} {...usageSeries(answer, measure)} format={format} />
    </Card>
  );
}
