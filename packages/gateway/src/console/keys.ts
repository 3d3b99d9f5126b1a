import { z } from 'zod';
import { browserKeyId, type BrowserKeyOwner, isBrowserKey } from '../accounts/browser-key.ts';
import type { KeyEntry } from '../accounts/key-directory.ts';
import { hashSecret, lastFour } from '../accounts/key-secret.ts';
import type { ApiKey, Scope } from '../accounts/account.ts';
import type { AdminContext } from '../admin/context.ts';
import { replaceKey, replaceKeyInput } from '../admin/key-overlap.ts';
import {
  createKey,
  createKeyInput,
  listKeys,
  newSecret,
  revokeKey,
  updateKey,
  updateKeyInput,
} from '../admin/keys.ts';
import { findKey } from '../admin/lookup.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { type AccountCall, type ConsoleRow, memberRow } from './row.ts';

/** What people may give a key: never more than they may do here themselves. Admin keys come from the command line. */
const GRANTABLE: readonly Scope[] = ['inference', 'read'];

const KEYS_MAX = 10_000;
const BROWSER_KEY_MS = 12 * 3_600_000;

const scopes = z.array(z.enum(['inference', 'read'])).min(1, 'must name a scope');
const newKey = createKeyInput
  .omit({ account: true })
  .extend({ scopes: scopes.default(['inference', 'read']) });
const keyChange = updateKeyInput.omit({ account: true, key: true });
const rotation = replaceKeyInput.omit({ account: true, key: true });

export function keyRows(): ConsoleRow[] {
  return [
    memberRow('viewer', {
      method: 'GET',
      path: 'keys',
      run: ({ admin, account }) => shownKeys(admin, account.id),
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'keys',
      fresh: true,
      input: newKey,
      run: ({ admin, account }, input) => createKey(admin, { ...input, account: account.id }),
    }),
    memberRow('developer', {
      method: 'PATCH',
      path: 'keys/:key',
      input: keyChange,
      run(call, input) {
        const key = grantableKey(call);
        return key.ok ? updateKey(call.admin, { ...input, ...reference(call) }) : key;
      },
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'keys/:key/rotate',
      fresh: true,
      input: rotation,
      run(call, input) {
        const key = grantableKey(call);
        return key.ok ? replaceKey(call.admin, { ...input, ...reference(call) }) : key;
      },
    }),
    memberRow('developer', {
      method: 'DELETE',
      path: 'keys/:key',
      run: (call) => revokeKey(call.admin, reference(call)),
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'browser-key',
      run: ({ admin, account, person }) =>
        makeBrowserKey(admin, { accountId: account.id, personId: person.id }),
    }),
  ];
}

/** Keys that people made, and those of their pages. Errors: `not_found`. */
export function shownKeys(admin: AdminContext, accountId: string) {
  const all = listKeys(admin, { account: accountId, limit: KEYS_MAX });
  if (!all.ok) return all;
  const isBrowsers = ({ id }: { id: string }) => isBrowserKey(id);
  return ok({
    keys: all.value.keys.filter((key) => !isBrowsers(key)),
    browserKeys: all.value.keys.filter(isBrowsers),
  });
}

const reference = ({ account, params }: AccountCall) => ({ account: account.id, key: params['key'] ?? '' });

/** Keys with rights that nobody can give here are changed where they were made. They can always be revoked. */
function grantableKey(call: AccountCall): Result<KeyEntry, Fault> {
  const { account, key } = reference(call);
  const entry = findKey(call.admin.registry.directory, key, account);
  if (entry.ok && isBrowserKey(entry.value.identity.key.id)) return failed(PAGES_OWN);
  if (!entry.ok || entry.value.identity.key.scopes.every((scope) => GRANTABLE.includes(scope))) return entry;
  const message = 'This key has rights that cannot be given here. Change it with the command line.';
  return failed(fault('permission_denied', { message, param: 'key' }));
}

/** Else it could be made to live on. */
const PAGES_OWN = fault('permission_denied', {
  message: 'This key belongs to an open page. It can be revoked, not changed.',
  param: 'key',
});

/** Gives the person's page a key of its own. The one before is refused from now on. */
async function makeBrowserKey(admin: AdminContext, owner: BrowserKeyOwner) {
  const id = browserKeyId(owner);
  const nowMs = admin.clock.nowMs();
  const expiresAtMs = nowMs + BROWSER_KEY_MS;
  const made = await admin.registry.change((directory) => {
    if (directory.account(owner.accountId) === undefined) return failed(fault('not_found'));
    const secret = newSecret(admin, GRANTABLE);
    const known = directory.key(id)?.identity.key;
    const key: ApiKey = Object.freeze({
      id,
      accountId: owner.accountId,
      name: 'Browser',
      last4: lastFour(secret),
      scopes: GRANTABLE,
      models: undefined,
      deployments: undefined,
      requestsPerMinute: undefined,
      concurrency: undefined,
      spendLimits: {},
      createdAtMs: known?.createdAtMs ?? nowMs,
      expiresAtMs,
      revokedAtMs: undefined,
    });
    const audit = {
      actor: admin.actor,
      action: 'key.browser',
      subject: id,
      detail: `account ${owner.accountId}`,
    };
    return ok({ changes: [{ type: 'put-key', key, digest: hashSecret(secret) }], audit, value: secret });
  });
  if (!made.ok) return made;
  return ok({ secret: made.value, expiresAt: new Date(expiresAtMs).toISOString() });
}

/** Ends the key of a person's page, for one who leaves an account. */
export async function endBrowserKey(admin: AdminContext, owner: BrowserKeyOwner): Promise<void> {
  const id = browserKeyId(owner);
  if (admin.registry.directory.key(id) !== undefined)
    await revokeKey(admin, { account: owner.accountId, key: id });
}
