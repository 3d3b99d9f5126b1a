import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Overview } from '@switchyard/protocol/console/overview.ts';
import { overviewQuery } from '../../api/queries.ts';
import { useSignedIn } from '../../session/session.tsx';
import { ButtonLink } from '../../ui/button.tsx';
import { creditsText, Money, usdText } from '../../ui/money.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Figure, Figures, Page, Section } from '../../ui/page.tsx';
import { Loaded } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { LastRequests } from './last-requests.tsx';
import { Checklist } from './checklist.tsx';
import { UsageCharts } from './usage-charts.tsx';

export default function DashboardPage() {
  const { account } = useSignedIn();
  const overview = useQuery(overviewQuery(account.id));
  return (
    <Page title="Dashboard" action={<ButtonLink href="/app/billing">Billing</ButtonLink>}>
      <Loaded query={overview} lines={6}>
        {(data) => (
          <>
            {data.balance.low && data.checklist.firstRequest && (
              <Notice tone="warn" action={<ButtonLink href="/app/billing">Add credit</ButtonLink>}>
                The balance is below {usdText(data.balance.lowBelowMicros)}. Requests are refused when it does
                not cover them.
              </Notice>
            )}
            {!isDone(data) && <Checklist overview={data} />}
            <MoneyFigures overview={data} />
          </>
        )}
      </Loaded>
      {/* Before the first request the steps say all that there is to say. */}
      {overview.data?.checklist.firstRequest !== false && <Activity />}
    </Page>
  );
}

function Activity() {
  return (
    <>
      <UsageCharts />
      <Section
        title="Last requests"
        hint="Only what billing needs is kept. Prompts and answers are nowhere."
        action={
          <Link href="/app/requests" className="text-sm font-medium text-accent underline underline-offset-3">
            All requests
          </Link>
        }
      >
        <LastRequests />
      </Section>
    </>
  );
}

function isDone({ checklist }: Overview): boolean {
  return checklist.keyMade && checklist.credit && checklist.firstRequest;
}

function MoneyFigures({ overview: { balance, today, last30Days } }: { overview: Overview }) {
  const running = balance.runningRequests;
  return (
    <Figures>
      <Figure
        label="Balance"
        note={
          balance.nextExpiry === null ? (
            creditsText(balance.available.micros)
          ) : (
            <>
              {usdText(balance.nextExpiry.amount.micros)} of it ends{' '}
              <Time at={balance.nextExpiry.at} form="date" />
            </>
          )
        }
      >
        <Money micros={balance.available.micros} />
      </Figure>
      <Figure
        label="Held"
        note={
          running === 0 ? 'nothing runs' : `by ${running} running ${running === 1 ? 'request' : 'requests'}`
        }
      >
        <Money micros={balance.held.micros} />
      </Figure>
      <Figure label="Spent today (UTC)" note={`${today.requests.toLocaleString('en-US')} requests`}>
        <Money micros={today.chargedMicros} />
      </Figure>
      <Figure label="Spent in 30 days" note={`${last30Days.requests.toLocaleString('en-US')} requests`}>
        <Money micros={last30Days.chargedMicros} />
      </Figure>
    </Figures>
  );
}
