import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type {
  OperatorModel,
  PriceInput,
  PricePreview,
} from '@switchyard/protocol/console/operator.ts';
import { sendJson } from '../../api/client.ts';
import { PriceText } from '../../pages/models/price.tsx';
import { withFreshSignIn } from '../../session/fresh.tsx';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { Money, usdText } from '../../ui/money.tsx';
import { Loaded } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.tsx';
import { operatorPath, refreshOperator } from '../operator-queries.ts';
import { countText } from '../texts.ts';
import type { PriceChange } from './price-input.ts';

/** What yesterday would have cost, and the question whether the price shall be set. */
export function ConfirmPriceDialog({
  model,
  change,
  onClose,
}: {
  model: OperatorModel;
  change: PriceChange;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const preview = useQuery({
    queryKey: ['operator', 'price-preview', model.id, change.price],
    queryFn: () =>
      sendJson<PricePreview>('POST', operatorPath('models', model.id, 'price', 'preview'), {
        price: change.price,
      }),
  });
  const set = useMutation({
    mutationFn: () =>
      withFreshSignIn(() => sendJson<OperatorModel>('PUT', operatorPath('models', model.id, 'price'), change)),
    onSuccess: async () => {
      await refreshOperator(client, 'models');
      toast(change.from === null ? `“${model.id}” has its new price` : `Planned the price of “${model.id}”`);
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Set the price of “${model.id}”`}
      action="Set the price"
      open
      busy={set.isPending}
      error={set.error}
      onConfirm={() => set.mutate()}
      onClose={onClose}
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
        <dt className="text-soft">Now</dt>
        <dd>
          <PriceText price={model.price} kind={model.kind} />
        </dd>
        <dt className="text-soft">Then</dt>
        <dd className="font-semibold">{priceWords(change.price, model.kind)}</dd>
        <dt className="text-soft">From</dt>
        <dd>{change.from === null ? 'at once' : <Time at={change.from} />}</dd>
      </dl>
      <div className="rounded-lg bg-sunken p-4">
        <p className="mb-2 font-semibold">On yesterday’s traffic</p>
        <Loaded query={preview} lines={2}>
          {(told) => <Preview told={told} />}
        </Loaded>
      </div>
    </ConfirmDialog>
  );
}

function Preview({ told }: { told: PricePreview }) {
  if (told.requests === 0) return <p>Nobody asked this model on {told.day} (UTC): there is nothing to compare.</p>;
  const more = told.wouldChargeMicros - told.chargedMicros;
  return (
    <dl className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-1">
      <dt>
        Charged on {told.day} (UTC) for {countText(told.requests, 'request')}
      </dt>
      <dd className="text-right">
        <Money micros={told.chargedMicros} />
      </dd>
      <dt>The same at the new price</dt>
      <dd className="text-right">
        <Money micros={told.wouldChargeMicros} />
      </dd>
      <dt className="font-semibold">Difference</dt>
      <dd className="text-right font-semibold">
        <Money micros={more} signed />
        {told.chargedMicros > 0 && ` (${percentText(more / told.chargedMicros)})`}
      </dd>
    </dl>
  );
}

function percentText(share: number): string {
  const text = Math.abs(share * 100).toLocaleString('en-US', { maximumFractionDigits: 1 });
  return `${share < 0 ? '−' : '+'}${text} %`;
}

/** All that was typed, so that a slip shows. */
function priceWords(price: PriceInput, kind: OperatorModel['kind']): string {
  if (price.type === 'flat') return `${usdText(price.amountMicros)} ${kind === 'image' ? 'a picture' : 'a request'}`;
  const fine = [
    ['cache read', price.cacheReadMicrosPerMillion],
    ['cache write', price.cacheWriteMicrosPerMillion],
    ['pictures', price.imageInputMicrosPerMillion],
    ['reasoning', price.reasoningMicrosPerMillion],
  ] as const;
  const parts = [
    `${usdText(price.inputMicrosPerMillion)} in`,
    `${usdText(price.outputMicrosPerMillion)} out`,
    ...fine.flatMap(([name, micros]) => (micros === undefined ? [] : [`${usdText(micros)} ${name}`])),
  ];
  const minimum = price.minimumMicros;
  const least = minimum === undefined || minimum === 0 ? '' : `; at least ${usdText(minimum)} a request`;
  return `${parts.join(', ')}, a million tokens${least}`;
}
