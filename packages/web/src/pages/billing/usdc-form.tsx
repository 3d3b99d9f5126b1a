import { SelectField } from '../../ui/field.tsx';
import { Sums } from './sums.tsx';

/** The network, and the address that belongs to this account on it. */
export function UsdcForm() {
  return (
    <>
      <SelectField
        label="Network"
        options={[{ value: '', label: 'none is set up' }]}
        value=""
        onValue={() => undefined}
      />
      <Sums rows={['Your address', 'Token contract', 'Least amount']} />
      <p className="text-[0.8125rem] text-soft">
        Only this token, only this network: anything else that is sent to the address may be lost. Credit
        counts after so many confirmations, which are counted here while you wait.
      </p>
    </>
  );
}
