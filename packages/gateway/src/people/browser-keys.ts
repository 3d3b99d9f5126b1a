import { browserKeyId } from '../accounts/browser-key.ts';
import type { Change } from '../accounts/store.ts';
import { ok } from '../core/result.ts';
import type { PeopleDeps } from './deps.ts';

/**
 * Of a person whose session has ended: a page that is still open somewhere must not go on paying. A page whose own session
 * lasts gets another key by itself.
 */
export async function endBrowserKeys(
  { clock, registry, store }: Pick<PeopleDeps, 'clock' | 'registry' | 'store'>,
  personId: string,
  actor: string,
): Promise<void> {
  for (const { accountId } of store.memberships(personId)) {
    const entry = registry.directory.key(browserKeyId({ accountId, personId }));
    if (entry === undefined || entry.identity.key.revokedAtMs !== undefined) continue;
    const key = Object.freeze({ ...entry.identity.key, revokedAtMs: clock.nowMs() });
    const changes: Change[] = [{ type: 'put-key', key, digest: entry.digest }];
    const audit = { actor, action: 'key.revoke', subject: key.id, detail: '' };
    await registry.change(() => ok({ changes, audit, value: undefined }));
  }
}
