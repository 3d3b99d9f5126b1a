import type { MemberId } from '../accounts/account.ts';
import type { KeyDirectory } from '../accounts/key-directory.ts';
import { revokePersonalKeys } from '../accounts/personal-keys.ts';
import type { AuditEntry, Change } from '../accounts/store.ts';
import { fault, type Fault } from '../core/errors.ts';
import { ok } from '../core/result.ts';
import type { PeopleDeps } from './deps.ts';
import { mayHaveKeys } from './key-rules.ts';
import type { PeopleStore } from './store.ts';

type KeyOwnerDeps = Pick<PeopleDeps, 'clock' | 'store' | 'registry'>;

/**
 * Whether keys may be given to a person in an account. To be asked inside of `Registry.change`: whoever takes the person
 * out later finds the key there. Errors: `not_found` (no such member), `invalid_request` (a viewer).
 */
export function refuseKeyOwner(
  store: Pick<PeopleStore, 'memberships'>,
  { accountId, personId }: MemberId,
): Fault | undefined {
  const member = store.memberships(personId).find((one) => one.accountId === accountId);
  if (member === undefined) return NO_MEMBER;
  return mayHaveKeys(member.role) ? undefined : VIEWER;
}

export const NO_MEMBER = fault('not_found', { message: 'There is no such member.', param: 'person' });
const VIEWER = fault('invalid_request', { message: 'A viewer has no keys.', param: 'person' });

/**
 * Revokes keys of people who are no members any more, or viewers: a crash between the two files may have left some.
 * People are written first, so this look at each start finds what is missing.
 */
export async function revokeStrayKeys({ clock, registry, store }: KeyOwnerDeps): Promise<void> {
  const strays = new Map<string, MemberId>();
  for (const { identity } of registry.directory.keys()) {
    const { accountId, personId, revokedAtMs } = identity.key;
    if (personId === undefined || revokedAtMs !== undefined) continue;
    const member = { accountId, personId };
    if (refuseKeyOwner(store, member) !== undefined) strays.set(`${accountId} ${personId}`, member);
  }
  for (const member of strays.values()) {
    const audit = { actor: 'gateway', action: 'member.keys', subject: member.accountId };
    await noteWithKeys(
      { clock, registry },
      { ...audit, detail: `${member.personId} may have none` },
      (directory, nowMs) => revokePersonalKeys(directory, member, nowMs),
    );
  }
}

/** A line of the audit trail together with what it is about. */
export async function noteWithKeys(
  { clock, registry }: Pick<PeopleDeps, 'clock' | 'registry'>,
  audit: Omit<AuditEntry, 'atMs'>,
  changesOf: (directory: KeyDirectory, nowMs: number) => Change[],
): Promise<void> {
  await registry.change((directory) =>
    ok({ changes: changesOf(directory, clock.nowMs()), audit, value: undefined }),
  );
}
