import type { MemberId } from './account.ts';
import { browserKeyId } from './browser-key.ts';
import type { KeyDirectory } from './key-directory.ts';
import type { Change } from './store.ts';

/**
 * What ends the keys of a person in an account: those that are theirs, and that of their open page, which older versions
 * made without saying whose it is. To be made inside of `Registry.change`, so that no key is made meanwhile.
 */
export function revokePersonalKeys(directory: KeyDirectory, member: MemberId, nowMs: number): Change[] {
  const entries = new Set(directory.memberKeys(member));
  const pages = directory.key(browserKeyId(member));
  if (pages !== undefined) entries.add(pages);
  return [...entries].flatMap(({ identity: { key }, digest }) =>
    key.revokedAtMs === undefined
      ? [{ type: 'put-key', key: Object.freeze({ ...key, revokedAtMs: nowMs }), digest } as const]
      : [],
  );
}

/** The same for one who leaves the account: what was said of them there is forgotten, too. */
export function endMembership(directory: KeyDirectory, member: MemberId, nowMs: number): Change[] {
  const { accountId, personId } = member;
  const changes = revokePersonalKeys(directory, member, nowMs);
  if (directory.memberLimits(member) !== undefined)
    changes.push({ type: 'delete-member-limits', accountId, personId });
  return changes;
}
