import type { OperatorNode, OperatorSanction } from '@switchyard/protocol/console/operator.ts';
import type { Tone } from '../../ui/notice.tsx';
import { Status } from '../../ui/status.tsx';

const TONES: Readonly<Record<string, Tone>> = { operator: 'good', verified: 'good', probation: 'warn' };

export function Tier({ tier }: Pick<OperatorNode, 'tier'>) {
  return <Status tone={TONES[tier] ?? 'plain'}>{tier}</Status>;
}

const MEANINGS: Readonly<Record<string, string>> = {
  operator: 'It belongs to an account of the operator.',
  verified: 'It did enough paid jobs over enough time, or an operator trusts it.',
  probation: 'More test jobs, half the work, and its earnings wait longer.',
};

export function tierMeaning(tier: string): string {
  return MEANINGS[tier] ?? '';
}

export function activeSanctions({ sanctions }: Pick<OperatorNode, 'sanctions'>): OperatorSanction[] {
  return sanctions.filter(({ active }) => active);
}
