import { BackLink } from '../../ui/back-link.tsx';
import { useQuery } from '@tanstack/react-query';
import type { OperatorModel } from '@switchyard/protocol/console/operator.ts';
import { useState } from 'react';
import { PriceText } from '../../pages/models/price.tsx';
import { Card, Figure, Figures, Page, Section } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Status } from '../../ui/status.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time, zoneName } from '../../ui/time.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useAddressPart } from '../address.ts';
import { countText } from '../texts.ts';
import { operatorModelsQuery } from '../operator-queries.ts';
import { ConfirmPriceDialog } from './confirm-price-dialog.tsx';
import { PriceForm } from './price-form.tsx';
import type { PriceChange } from './price-input.ts';
import { Routes } from './routes.tsx';

export default function ModelPage() {
  const id = useAddressPart('model');
  const models = useQuery(operatorModelsQuery);
  const model = models.data?.models.find((one) => one.id === id);
  return (
    <>
      <BackLink href="/operator/models">Models and prices</BackLink>
      <Page title={model?.displayName ?? id} lead={<code className="font-mono text-sm break-all">{id}</code>}>
        <Loaded query={models} lines={6}>
          {() =>
            model === undefined ? (
              <Empty>There is no model with this id in the catalogue.</Empty>
            ) : (
              <ModelBody model={model} />
            )
          }
        </Loaded>
      </Page>
    </>
  );
}

function ModelBody({ model }: { model: OperatorModel }) {
  const [change, setChange] = useState<PriceChange>();
  return (
    <>
      <Figures>
        <Figure label="Price now" note={`version ${model.price.version}`}>
          <span className="text-base font-medium tracking-normal">
            <PriceText price={model.price} kind={model.kind} />
          </span>
        </Figure>
        <Figure label="State" note={model.hidden ? 'hidden from the list of models' : 'listed'}>
          <span className="text-lg">
            <Status tone={model.available ? 'good' : 'bad'}>{model.available ? 'available' : 'offline'}</Status>
          </span>
        </Figure>
        <Figure label="Free slots" note={`of ${model.slots} on ${countText(model.nodesOnline, 'node')}`}>
          {model.freeSlots}
        </Figure>
        <Card className="grid content-start gap-1">
          <p className="text-[0.8125rem] text-soft">Goes to</p>
          <Routes routes={model.routes} />
          <p className="text-[0.8125rem] text-soft">{countText(model.waiting, 'request')} in its queue</p>
        </Card>
      </Figures>
      <Section
        title="Change the price"
        hint="Requests that run keep the price they began with. A price may begin at once or at a time to come."
      >
        <PriceForm key={model.price.version} model={model} onReview={setChange} />
      </Section>
      <History model={model} />
      {change !== undefined && (
        <ConfirmPriceDialog model={model} change={change} onClose={() => setChange(undefined)} />
      )}
    </>
  );
}

type Version = OperatorModel['prices'][number];

function historyColumns(model: OperatorModel): Column<Version>[] {
  return [
    {
      name: 'From',
      cell: ({ from }) => (from === null ? 'the beginning' : <Time at={from} />),
    },
    { name: 'Price', cell: (version) => <PriceText price={version} kind={model.kind} /> },
    {
      name: 'State',
      cell: (version) => <VersionState version={version} model={model} />,
    },
    { name: 'Set in', cell: ({ source }) => (source === 'console' ? 'this page' : 'the configuration') },
    {
      name: 'Version',
      cell: ({ version }) => <code className="font-mono text-xs text-soft">{version}</code>,
    },
  ];
}

function History({ model }: { model: OperatorModel }) {
  return (
    <Section title="All prices" hint={`The newest first. Times in ${zoneName()}.`}>
      <Table
        label="All prices"
        rows={model.prices.toReversed()}
        keyOf={({ from, version }) => `${from ?? ''} ${version}`}
        columns={historyColumns(model)}
      />
    </Section>
  );
}

/** The one in force is the last that has begun. */
function VersionState({ version, model }: { version: Version; model: OperatorModel }) {
  const nowMs = useNow();
  const begun = model.prices.filter(({ from }) => from === null || Date.parse(from) <= nowMs);
  if (version === begun.at(-1)) return <Status tone="good">in force</Status>;
  return begun.includes(version) ? <Status tone="plain">past</Status> : <Status tone="warn">planned</Status>;
}
