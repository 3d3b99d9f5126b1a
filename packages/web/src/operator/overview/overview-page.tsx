import { useQuery } from '@tanstack/react-query';
import type { OperatorOverview } from '@switchyard/protocol/console/operator.ts';
import { Money } from '../../ui/money.tsx';
import { Figure, Figures, Page, Section } from '../../ui/page.tsx';
import { Loaded } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { PageLink } from '../links.tsx';
import { operatorOverviewQuery, operatorUpstreamsQuery } from '../operator-queries.ts';
import { countText, rateText, shareText } from '../texts.ts';
import { UpstreamsTable } from '../upstreams/upstreams-table.tsx';
import { LedgerFigure } from './ledger-figure.tsx';
import { Recent } from './recent.tsx';

export default function OverviewPage() {
  const overview = useQuery(operatorOverviewQuery);
  const upstreams = useQuery(operatorUpstreamsQuery);
  return (
    <Page title="Overview" lead="This moment. The figures are fetched again every three seconds.">
      <Loaded query={overview} lines={8}>
        {(now) => <Tiles now={now} />}
      </Loaded>
      <Section title="Requests per second since this page was opened">
        <Recent now={overview.data} atMs={overview.dataUpdatedAt} />
      </Section>
      <Section
        title="Upstreams"
        action={
          <span className="text-sm">
            <PageLink href="/operator/upstreams">What the words mean</PageLink>
          </span>
        }
      >
        <Loaded query={upstreams}>{({ upstreams: rows }) => <UpstreamsTable rows={rows} />}</Loaded>
      </Section>
    </Page>
  );
}

function Tiles({ now }: { now: OperatorOverview }) {
  return (
    <Figures>
      <Figure
        label="Requests per second"
        note={`${countText(Math.round(now.requestsPerSecond * 60), 'request')} in the last minute`}
      >
        {rateText(now.requestsPerSecond)}
      </Figure>
      <Figure label="Failed" note="of the requests of the last minute">
        {shareText(now.errorRate)}
      </Figure>
      <Figure label="Running" note={`${now.requestsWaiting.toLocaleString('en-US')} in the queue`}>
        {now.requestsRunning.toLocaleString('en-US')}
      </Figure>
      <Figure label="Held" note="for requests that run now">
        <Money micros={now.held.micros} />
      </Figure>
      <Figure label="Nodes online" note={<PageLink href="/operator/nodes">{`of ${now.nodes}`}</PageLink>}>
        {now.nodesOnline}
      </Figure>
      <LedgerFigure ledger={now.ledger} />
      <Figure
        label="Accounts"
        note={<PageLink href="/operator/accounts">{countText(now.keys, 'key')}</PageLink>}
      >
        {now.accounts.toLocaleString('en-US')}
      </Figure>
      <Figure label="Taking requests" note={<PageLink href="/operator/maintenance">Maintenance</PageLink>}>
        <Status tone={now.maintenance.on ? 'warn' : 'good'}>{now.maintenance.on ? 'no' : 'yes'}</Status>
      </Figure>
    </Figures>
  );
}
