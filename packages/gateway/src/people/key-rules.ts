import type { ApiKey, Scope } from '../accounts/account.ts';
import { isBrowserKey } from '../accounts/browser-key.ts';
import { fault, type Fault } from '../core/errors.ts';
import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import { roleCovers } from './person.ts';

export type KeyAction = 'see' | 'make' | 'change' | 'rotate' | 'revoke';

/** What people may give a key: never more than they may do here themselves. Admin keys come from the command line. */
export const GRANTABLE: readonly Scope[] = ['inference', 'read'];

/**
 * Whether a member of an account may do something with a key of it; undefined: they may. The one place of this rule.
 * Developers have to do with keys of their own only: those of others, and the account's, do not exist for them. Admins
 * and owners have to do with all. Viewers have none. Keys of open pages end by themselves and are never changed, or they
 * could be made to live on. Rights that nobody can give here are changed where they were given; any key can be revoked.
 * Errors: `permission_denied`, `not_found` (not theirs to see).
 */
export function refuseKeyAction(
  by: { personId: string; role: MemberRole },
  action: KeyAction,
  key: Pick<ApiKey, 'id' | 'personId' | 'scopes'>,
): Fault | undefined {
  if (!mayHaveKeys(by.role)) return NO_KEYS;
  if (key.personId !== by.personId && !roleCovers(by.role, 'admin')) {
    return action === 'make' ? OWN_ONLY : KEY_NOT_FOUND;
  }
  if (action === 'see' || action === 'revoke') return undefined;
  if (isBrowserKey(key.id) && action !== 'make') return PAGES_OWN;
  return key.scopes.every((scope) => GRANTABLE.includes(scope)) ? undefined : NOT_GRANTABLE;
}

/** Whether a role comes with keys of one's own. */
export function mayHaveKeys(role: MemberRole): boolean {
  return roleCovers(role, 'developer');
}

/** As for a key that does not exist. */
export const KEY_NOT_FOUND = fault('not_found', { message: 'There is no such key.', param: 'key' });

const NO_KEYS = fault('permission_denied', {
  message: 'Viewers have no keys. This needs the role "developer".',
});
const OWN_ONLY = fault('permission_denied', {
  message: 'Developers make keys for themselves only. Ask an admin of the account for others.',
  param: 'personId',
});
const PAGES_OWN = fault('permission_denied', {
  message: 'This key belongs to an open page. It can be revoked, not changed.',
  param: 'key',
});
const NOT_GRANTABLE = fault('permission_denied', {
  message: 'This key has rights that cannot be given here. Change it with the command line.',
  param: 'key',
});
