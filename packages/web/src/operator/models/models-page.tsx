import { useQuery } from '@tanstack/react-query';
import type { OperatorModel } from '@switchyard/protocol/console/operator.ts';
import { PriceText } from '../../pages/models/price.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Badge, Status } from '../../ui/status.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { PageLink } from '../links.tsx';
import { Routes } from './routes.tsx';
import { operatorModelsQuery } from '../operator-queries.ts';

const COLUMNS: readonly Column<OperatorModel>[] = [
  {
    name: 'Model',
    cell: ({ id, displayName, hidden }) => (
      <>
        <PageLink href={`/operator/models/${encodeURIComponent(id)}`}>{displayName}</PageLink>{' '}
        {hidden && <Badge>hidden</Badge>}
        <code className="block font-mono text-xs break-all text-soft">{id}</code>
      </>
    ),
  },
  {
    name: 'State',
    cell: ({ available }) => (
      <Status tone={available ? 'good' : 'bad'}>{available ? 'available' : 'offline'}</Status>
    ),
  },
  {
    name: 'Slots free',
    right: true,
    wide: true,
    cell: ({ freeSlots, slots }) => (slots === 0 ? 'none' : `${freeSlots} of ${slots}`),
  },
  { name: 'Goes to', wide: true, cell: ({ routes }) => <Routes routes={routes} /> },
  { name: 'Price now', cell: ({ price, kind }) => <PriceText price={price} kind={kind} /> },
  {
    name: 'Next price',
    wide: true,
    cell: ({ nextPrice, kind }) =>
      nextPrice === null ? (
        <span className="text-soft">none planned</span>
      ) : (
        <>
          <PriceText price={nextPrice} kind={kind} /> from <Time at={nextPrice.from} />
        </>
      ),
  },
];

export default function ModelsPage() {
  const models = useQuery(operatorModelsQuery);
  return (
    <Page
      title="Models and prices"
      lead="The catalogue stands in the configuration. Prices can be changed here while the gateway runs."
    >
      <Loaded query={models} lines={6}>
        {({ models: rows }) =>
          rows.length === 0 ? (
            <Empty>The catalogue is empty. Models are added in switchyard.yaml.</Empty>
          ) : (
            <Table label="Models" rows={rows} keyOf={({ id }) => id} columns={COLUMNS} />
          )
        }
      </Loaded>
    </Page>
  );
}
