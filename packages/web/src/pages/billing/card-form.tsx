import { Button } from '../../ui/button.tsx';
import { Checkbox, TextField } from '../../ui/field.tsx';
import { Sums } from './sums.tsx';

/** An amount, and what it costs to pay it by card. */
export function CardForm() {
  return (
    <>
      <TextField label="Amount in US dollars" inputMode="decimal" autoComplete="off" />
      <Sums rows={['Fee', 'Total']} />
      <p className="text-[0.8125rem] text-soft">
        Credit counts when the payment has arrived, not when the page of the payment closes.
      </p>
      <Button>Pay by card</Button>
    </>
  );
}

/** Pays by itself when the balance falls low. */
export function AutoReload() {
  return (
    <>
      <Checkbox label="Reload by itself" checked={false} onChecked={() => undefined} />
      <TextField label="When the balance falls below, in US dollars" inputMode="decimal" autoComplete="off" />
      <TextField label="Add, in US dollars" inputMode="decimal" autoComplete="off" />
      <TextField label="At most in a month, in US dollars" inputMode="decimal" autoComplete="off" />
      <p className="text-[0.8125rem] text-soft">
        A payment that is under way adds nothing yet. When one fails, requests that the balance does not cover
        are refused with 402; there is never a debt. After three failures in a row it is switched off.
      </p>
      <Button>Save</Button>
    </>
  );
}
