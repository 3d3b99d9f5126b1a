import type { OperatorAccount } from '@switchyard/protocol/console/operator.ts';
import { Status } from '../../ui/status.tsx';

export function AccountState({ state }: Pick<OperatorAccount, 'state'>) {
  return <Status tone={state === 'active' ? 'good' : 'bad'}>{state}</Status>;
}
