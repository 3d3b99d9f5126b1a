import type { OperatorModel } from '@switchyard/protocol/console/operator.ts';
import { useState, type FormEvent } from 'react';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Card } from '../../ui/page.tsx';
import { zoneName } from '../../ui/time.tsx';
import { draftOf, readDraft, readFrom, type PriceChange, type PriceFieldName } from './price-input.ts';

type FieldRow = { name: PriceFieldName; label: string; hint?: string };

const TOKEN_FIELDS: readonly FieldRow[] = [
  { name: 'input', label: 'Input' },
  { name: 'output', label: 'Output' },
];
const FINE_FIELDS: readonly FieldRow[] = [
  { name: 'cacheRead', label: 'Input read from a cache', hint: 'Empty: as input.' },
  { name: 'cacheWrite', label: 'Input written to a cache', hint: 'Empty: as input.' },
  { name: 'imageInput', label: 'Pictures as input', hint: 'Empty: as input.' },
  { name: 'reasoning', label: 'Reasoning', hint: 'Empty: as output.' },
];
const MINIMUM: FieldRow = {
  name: 'minimum',
  label: 'Least charge of a request, US dollars',
  hint: 'Of a request with output. Empty: none.',
};
const WRONG = 'An amount in US dollars, 0 or more, at most six decimals.';

/** A price to be. Nothing is changed by it: `onReview` gets what was typed. */
export function PriceForm({
  model,
  onReview,
}: {
  model: OperatorModel;
  onReview: (change: PriceChange) => void;
}) {
  const [draft, setDraft] = useState(() => draftOf(model));
  const [from, setFrom] = useState('');
  const [wrong, setWrong] = useState<readonly (PriceFieldName | 'from')[]>([]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readDraft(draft);
    const begins = readFrom(from, Date.now());
    setWrong([...('wrong' in read ? read.wrong : []), ...(begins === undefined ? ['from' as const] : [])]);
    if ('price' in read && begins !== undefined) onReview({ price: read.price, from: begins });
  };
  const field = ({ name, label, hint }: FieldRow) => (
    <TextField
      key={name}
      label={label}
      hint={hint}
      inputMode="decimal"
      autoComplete="off"
      value={draft[name]}
      onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
      error={wrong.includes(name) ? WRONG : undefined}
    />
  );
  return (
    <Card>
      <form onSubmit={submit} className="grid gap-5" noValidate>
        {model.kind === 'text' && (
          <div className="max-w-xs">
            <SelectField
              label="Kind of price"
              value={draft.type}
              onValue={(type) => setDraft({ ...draft, type: type === 'flat' ? 'flat' : 'per-token' })}
              options={[
                { value: 'per-token', label: 'For the tokens' },
                { value: 'flat', label: 'For each request' },
              ]}
            />
          </div>
        )}
        {draft.type === 'flat' ? (
          <div className="max-w-xs">
            {field({
              name: 'perRequest',
              label: model.kind === 'image' ? 'A picture, US dollars' : 'A request, US dollars',
            })}
          </div>
        ) : (
          <>
            <fieldset className="grid gap-4 sm:grid-cols-2">
              <legend className="mb-2 text-sm text-soft">US dollars for one million tokens</legend>
              {TOKEN_FIELDS.map(field)}
            </fieldset>
            <details>
              <summary className="min-h-6 text-sm font-medium">Caches, pictures, reasoning, least charge</summary>
              <div className="grid gap-4 pt-3 sm:grid-cols-2">{[...FINE_FIELDS, MINIMUM].map(field)}</div>
            </details>
          </>
        )}
        <div className="max-w-xs">
          <TextField
            label="In force from"
            type="datetime-local"
            value={from}
            onChange={(event) => setFrom(event.target.value)}
            error={wrong.includes('from') ? 'This time is past. Empty it for at once.' : undefined}
            hint={`Empty: at once. Time zone: ${zoneName()}.`}
          />
        </div>
        <div>
          <Button look="primary" type="submit">
            Preview the change
          </Button>
        </div>
      </form>
    </Card>
  );
}
