import { createHash } from 'node:crypto';
import type { MemberId } from './account.ts';

/** Keys of open pages: one for each person and account. The id says what it is, so that lists can keep them apart. */
const PREFIX = 'key_browser';

/** Always the same for one person in one account: a new key takes the place of the one before. */
export function browserKeyId({ accountId, personId }: MemberId): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([accountId, personId]))
    .digest('hex');
  return `${PREFIX}${digest.slice(0, 22)}`;
}

export function isBrowserKey(keyId: string): boolean {
  return keyId.startsWith(PREFIX);
}
