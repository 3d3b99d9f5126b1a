import { useQuery } from '@tanstack/react-query';
import type { ContentRules } from '@switchyard/protocol/console/operator.ts';
import { Figure, Figures, Page, Section } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { dayText } from '../../ui/time.tsx';
import { contentRulesQuery } from '../operator-queries.ts';
import { countText } from '../texts.ts';

export default function RulesPage() {
  const rules = useQuery(contentRulesQuery);
  return (
    <Page
      title="Content rules"
      lead="What is refused. The rules stand in the configuration; they are only shown here. No prompt is kept, so there is none to show."
    >
      <Loaded query={rules}>{(data) => <Rules rules={data} />}</Loaded>
    </Page>
  );
}

function Rules({ rules }: { rules: ContentRules }) {
  return (
    <>
      <Switches rules={rules} />
      <Section
        title="Refused prompts"
        hint="Counted by day (UTC) since the gateway started, thirty days at most. Only the count is kept."
      >
        {rules.blocks.length === 0 ? (
          <Empty>No prompt was refused since the gateway started.</Empty>
        ) : (
          <Table label="Refused prompts" rows={rules.blocks} keyOf={({ day }) => day} columns={COLUMNS} />
        )}
      </Section>
    </>
  );
}

const COLUMNS: readonly Column<ContentRules['blocks'][number]>[] = [
  { name: 'Day', cell: ({ day }) => dayText(day) },
  { name: 'Refused', right: true, cell: ({ blocks }) => blocks.toLocaleString('en-US') },
];

function Switches({ rules }: { rules: ContentRules }) {
  return (
    <Figures wide={3}>
      <Figure
        label="Hard line for prompts"
        note={`Sexual content with minors. Nothing switches it off. Terms: version ${rules.termsVersion}.`}
      >
        <span className="text-lg">
          <Status tone="good">always on</Status>
        </span>
      </Figure>
      <Figure
        label="A look at each picture"
        note={
          rules.classifier
            ? 'A picture without leave for adult content is looked at before it is sent.'
            : 'No classifier is set: pictures without leave for adult content are refused.'
        }
      >
        <span className="text-lg">
          <Status tone={rules.classifier ? 'good' : 'warn'}>{rules.classifier ? 'on' : 'not set'}</Status>
        </span>
      </Figure>
      <Figure
        label="Accounts that go on trying"
        note="Counted by account within a day. An operator lets them in again."
      >
        <span className="text-lg">
          {rules.suspendAfterBlocks === null
            ? 'not suspended'
            : `suspended after ${countText(rules.suspendAfterBlocks, 'block')}`}
        </span>
      </Figure>
    </Figures>
  );
}
