import { useQuery } from '@tanstack/react-query';
import type { ConsoleModel } from '@switchyard/protocol/console/models.ts';
import { modelsQuery } from '../../api/queries.ts';
import { AvailabilityStrip } from '../../ui/availability-strip.tsx';
import { InlineSelect } from '../../ui/field.tsx';
import { Card, Page } from '../../ui/page.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Badge, Status } from '../../ui/status.tsx';
import { Time } from '../../ui/time.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useFilters } from '../../ui/use-filters.ts';
import { PriceText } from './price.tsx';

const FILTERS = [
  { value: '', label: 'Every model' },
  { value: 'tools', label: 'With tools' },
  { value: 'vision', label: 'Sees pictures' },
  { value: 'thinking', label: 'Thinks' },
  { value: 'image', label: 'Makes pictures' },
  { value: 'now', label: 'Available now' },
];

export default function ModelsPage() {
  const models = useQuery({ ...modelsQuery, refetchInterval: 60_000 });
  const { values, change } = useFilters(['with']);
  const filter = values.with;
  return (
    <Page
      title="Models"
      lead="The same as GET /v1/models says. Availability is live."
      action={
        <InlineSelect
          label="Show"
          value={filter}
          options={FILTERS}
          onValue={(value) => change({ with: value })}
        />
      }
    >
      <Loaded query={models} lines={8}>
        {({ models: all }) => {
          const shown = all.filter((model) => matches(model, filter));
          return shown.length === 0 ? (
            <Empty>No model is like that.</Empty>
          ) : (
            <ul className="grid gap-3">
              {shown.map((model) => (
                <ModelCard key={model.id} model={model} />
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Page>
  );
}

function matches(model: ConsoleModel, filter: string): boolean {
  switch (filter) {
    case 'tools':
      return model.capabilities.tools;
    case 'vision':
      return model.capabilities.vision;
    case 'thinking':
      return model.capabilities.thinking;
    case 'image':
      return model.kind === 'image';
    case 'now':
      return model.available;
    default:
      return true;
  }
}

function ModelCard({ model }: { model: ConsoleModel }) {
  const { capabilities } = model;
  const now = useNow();
  const words = [
    model.kind === 'image' && 'pictures',
    capabilities.tools && 'tools',
    capabilities.vision && 'vision',
    capabilities.thinking && 'thinking',
    capabilities.jsonSchema && 'JSON schema',
  ].filter((word) => word !== false);
  return (
    <li>
      <Card className="grid gap-x-6 gap-y-3 md:grid-cols-[minmax(0,2fr)_minmax(0,1.3fr)_minmax(0,1.3fr)]">
        <div className="grid content-start gap-1.5">
          <h2 className="font-semibold break-words">{model.displayName}</h2>
          <code className="font-mono text-[0.8125rem] text-soft break-all">
            {[model.id, ...model.aliases].join(', ')}
          </code>
          {model.description !== '' && <p className="text-sm text-soft">{model.description}</p>}
          <p className="flex flex-wrap gap-1.5">
            {words.map((word) => (
              <Badge key={word}>{word}</Badge>
            ))}
          </p>
        </div>
        <div className="grid content-start gap-1.5 text-sm">
          <PriceText price={model.price} kind={model.kind} />
          {model.nextPrice !== null && (
            <p className="text-[0.8125rem] text-warn">
              Changes <Time at={model.nextPrice.from} />: <PriceText price={model.nextPrice} kind={model.kind} />
            </p>
          )}
          {model.kind === 'text' && (
            <p className="text-[0.8125rem] text-soft tabular-nums">
              {model.contextTokens.toLocaleString('en-US')} tokens context,{' '}
              {model.maxOutputTokens.toLocaleString('en-US')} out
            </p>
          )}
        </div>
        <div className="grid content-start gap-1.5 text-sm">
          <Status tone={model.available ? 'good' : 'warn'}>{model.available ? 'available' : 'offline'}</Status>
          {model.availableSince !== null && (
            <p className="text-[0.8125rem] text-soft">
              since <Time at={model.availableSince} />
            </p>
          )}
          <p className="text-[0.8125rem] text-soft">{capacityText(model)}</p>
          {model.firstContentMs !== null && (
            <p className="text-[0.8125rem] text-soft">
              first word after {(model.firstContentMs / 1000).toFixed(1)} s (median)
            </p>
          )}
          <AvailabilityStrip history={model.history} nowMs={now} />
        </div>
      </Card>
    </li>
  );
}

/** Empty for a model of a provider: who serves it there is not known. */
function capacityText({ available, nodesOnline, freeSlots, expectedWaitSeconds }: ConsoleModel): string {
  if (available && nodesOnline === 0) return '';
  const nodes = `${nodesOnline} ${nodesOnline === 1 ? 'node' : 'nodes'}, ${freeSlots} free`;
  return expectedWaitSeconds === null || expectedWaitSeconds === 0
    ? nodes
    : `${nodes}; waits about ${Math.ceil(expectedWaitSeconds)} s`;
}
