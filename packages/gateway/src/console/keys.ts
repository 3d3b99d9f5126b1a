import { z } from 'zod';
import { browserKeyId, isBrowserKey } from '../accounts/browser-key.ts';
import type { ApiKey, MemberId } from '../accounts/account.ts';
import { hashSecret, lastFour } from '../accounts/key-secret.ts';
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
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { refuseKeyOwner } from '../people/key-owners.ts';
import { GRANTABLE, KEY_NOT_FOUND, type KeyAction, refuseKeyAction } from '../people/key-rules.ts';
import { roleCovers } from '../people/person.ts';
import { type AccountCall, type ConsoleRow, memberRow } from './row.ts';

const KEYS_MAX = 10_000;
const BROWSER_KEY_MS = 12 * 3_600_000;

const scopes = z.array(z.enum(['inference', 'read'])).min(1, 'must name a scope');
const newKey = createKeyInput.omit({ account: true, person: true }).extend({
  scopes: scopes.default(['inference', 'read']),
  /** Whose it is; null: the account's own. */
  personId: z.string().min(1).max(100).nullable().optional(),
});
const keyChange = updateKeyInput.omit({ account: true, key: true });
const rotation = replaceKeyInput.omit({ account: true, key: true });

export function keyRows(): ConsoleRow[] {
  return [
    memberRow('developer', {
      method: 'GET',
      path: 'keys',
      run: (call) => ownKeys(call),
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'keys',
      fresh: true,
      input: newKey,
      run: (call, input) => makeKey(call, input),
    }),
    memberRow('developer', {
      method: 'PATCH',
      path: 'keys/:key',
      input: keyChange,
      run: (call, input) => onKey(call, 'change', (key) => updateKey(call.admin, { ...input, ...key })),
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'keys/:key/rotate',
      fresh: true,
      input: rotation,
      run: (call, input) => onKey(call, 'rotate', (key) => replaceKey(call.admin, { ...input, ...key })),
    }),
    memberRow('developer', {
      method: 'DELETE',
      path: 'keys/:key',
      run: (call) => onKey(call, 'revoke', (key) => revokeKey(call.admin, key)),
    }),
    memberRow('developer', {
      method: 'POST',
      path: 'browser-key',
      run: ({ admin, account, person }) =>
        makeBrowserKey(admin, { accountId: account.id, personId: person.id }),
    }),
  ];
}

/** Keys that people made, and those of their pages, of a whole account. Errors: `not_found`. */
export function shownKeys(admin: AdminContext, accountId: string) {
  return listOf(admin, accountId, () => true);
}

/** Those that the member may see. */
function ownKeys({ admin, account, person, role }: AccountCall) {
  const by = { personId: person.id, role };
  return listOf(admin, account.id, (key) => refuseKeyAction(by, 'see', key) === undefined);
}

type Facts = Pick<ApiKey, 'id' | 'personId' | 'scopes'>;

function listOf(admin: AdminContext, accountId: string, isShown: (key: Facts) => boolean) {
  const all = listKeys(admin, { account: accountId, limit: KEYS_MAX });
  if (!all.ok) return all;
  const shown = all.value.keys.filter((key) => isShown({ ...key, personId: key.person?.id }));
  const isBrowsers = ({ id }: { id: string }) => isBrowserKey(id);
  return ok({ keys: shown.filter((key) => !isBrowsers(key)), browserKeys: shown.filter(isBrowsers) });
}

/** Nobody said whose: developers make keys for themselves, admins and owners for the account. */
function makeKey(call: AccountCall, { personId, ...input }: z.output<typeof newKey>) {
  const { admin, account, person, role } = call;
  const unsaid = roleCovers(role, 'admin') ? undefined : person.id;
  const owner = personId === undefined ? unsaid : (personId ?? undefined);
  const key = { id: '', personId: owner, scopes: input.scopes };
  const refused = refuseKeyAction({ personId: person.id, role }, 'make', key);
  if (refused !== undefined) return failed(refused);
  return createKey(admin, {
    ...input,
    account: account.id,
    ...(owner === undefined ? {} : { person: owner }),
  });
}

/** By its id, and only what the member may do with it. */
function onKey<Value>(
  { admin, account, person, role, params }: AccountCall,
  action: KeyAction,
  run: (key: { account: string; key: string }) => Promise<Result<Value, Fault>>,
): Result<Value, Fault> | Promise<Result<Value, Fault>> {
  const id = params['key'] ?? '';
  const key = admin.registry.directory.key(id)?.identity.key;
  if (key === undefined || key.accountId !== account.id) return failed(KEY_NOT_FOUND);
  const refused = refuseKeyAction({ personId: person.id, role }, action, key);
  return refused === undefined ? run({ account: account.id, key: id }) : failed(refused);
}

/** Gives the person's page a key of its own. The one before is refused from now on. */
async function makeBrowserKey(admin: AdminContext, owner: MemberId) {
  const id = browserKeyId(owner);
  const nowMs = admin.clock.nowMs();
  const expiresAtMs = nowMs + BROWSER_KEY_MS;
  const made = await admin.registry.change((directory) => {
    if (directory.account(owner.accountId) === undefined) return failed(fault('not_found'));
    const refused = refuseKeyOwner(admin.people.deps.store, owner);
    if (refused !== undefined) return failed(refused);
    const secret = newSecret(admin, GRANTABLE);
    const known = directory.key(id)?.identity.key;
    const key: ApiKey = Object.freeze({
      id,
      accountId: owner.accountId,
      personId: owner.personId,
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
