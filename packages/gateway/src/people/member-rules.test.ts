import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import { expect, it } from 'vitest';
import { refuseMemberChange, type MemberChange } from './member-rules.ts';

const members = [
  { personId: 'olga', role: 'owner' },
  { personId: 'otto', role: 'owner' },
  { personId: 'anna', role: 'admin' },
  { personId: 'dora', role: 'developer' },
  { personId: 'vera', role: 'viewer' },
] as const;
const alone = members.filter(({ personId }) => personId !== 'otto');

type Row = readonly [
  who: { personId: string; role: MemberRole },
  change: MemberChange,
  outcome: string,
  among?: readonly { personId: string; role: MemberRole }[],
];
const [olga, , anna, dora, vera] = members;
const rows: readonly Row[] = [
  [olga, { do: 'set-role', personId: 'vera', role: 'admin' }, 'allowed'],
  [olga, { do: 'set-role', personId: 'anna', role: 'owner' }, 'allowed'],
  [olga, { do: 'set-role', personId: 'otto', role: 'viewer' }, 'allowed'],
  [olga, { do: 'set-role', personId: 'olga', role: 'viewer' }, 'allowed'],
  [olga, { do: 'set-role', personId: 'olga', role: 'viewer' }, 'invalid_request', alone],
  [olga, { do: 'set-role', personId: 'olga', role: 'owner' }, 'allowed', alone],
  [olga, { do: 'set-role', personId: 'nobody', role: 'viewer' }, 'not_found'],
  [anna, { do: 'set-role', personId: 'vera', role: 'developer' }, 'permission_denied'],
  [anna, { do: 'set-role', personId: 'anna', role: 'owner' }, 'permission_denied'],
  [olga, { do: 'remove', personId: 'otto' }, 'allowed'],
  [olga, { do: 'remove', personId: 'olga' }, 'allowed'],
  [olga, { do: 'remove', personId: 'olga' }, 'invalid_request', alone],
  [anna, { do: 'remove', personId: 'dora' }, 'allowed'],
  [anna, { do: 'remove', personId: 'anna' }, 'allowed'],
  [anna, { do: 'remove', personId: 'olga' }, 'permission_denied'],
  [anna, { do: 'remove', personId: 'nobody' }, 'not_found'],
  [dora, { do: 'remove', personId: 'vera' }, 'permission_denied'],
  [dora, { do: 'remove', personId: 'dora' }, 'allowed'],
  [vera, { do: 'remove', personId: 'vera' }, 'allowed'],
  [olga, { do: 'set-limits', personId: 'olga' }, 'allowed', alone],
  [olga, { do: 'set-limits', personId: 'nobody' }, 'not_found'],
  [anna, { do: 'set-limits', personId: 'dora' }, 'allowed'],
  [anna, { do: 'set-limits', personId: 'anna' }, 'permission_denied'],
  [anna, { do: 'set-limits', personId: 'olga' }, 'permission_denied'],
  [dora, { do: 'set-limits', personId: 'dora' }, 'permission_denied'],
  [vera, { do: 'set-limits', personId: 'vera' }, 'permission_denied'],
  [olga, { do: 'invite', role: 'owner' }, 'allowed'],
  [anna, { do: 'invite', role: 'owner' }, 'permission_denied'],
  [anna, { do: 'invite', role: 'admin' }, 'allowed'],
  [dora, { do: 'invite', role: 'viewer' }, 'permission_denied'],
  [vera, { do: 'invite', role: 'viewer' }, 'permission_denied'],
];

for (const [who, change, outcome, among = members] of rows) {
  it(`${who.role}, ${JSON.stringify(change)}, of ${among.length}: ${outcome}`, () => {
    expect(refuseMemberChange(among, who, change)?.code ?? 'allowed').toBe(outcome);
  });
}
