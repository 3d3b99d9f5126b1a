import { z } from 'zod';
import type { Account, ApiKey, Scope } from '../accounts/account.ts';
import type { KeyDirectory, KeyEntry } from '../accounts/key-directory.ts';
import {
  adminKeyPrefix,
  apiKeyPrefix,
  createApiKeySecret,
  hashSecret,
  lastFour,
} from '../accounts/key-secret.ts';
import type { ParsedSecret } from '../accounts/key-secret.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import { refuseKeyOwner } from '../people/key-owners.ts';
import { describeChange } from './audit-words.ts';
import type { AdminContext } from './context.ts';
import {
  countField,
  lifetimeField,
  limitAmountField,
  nameField,
  referenceField,
  rowsField,
  tokenField,
} from './fields.ts';
import { changed, changedLimits, limitChangeFields, spendLimits } from './limit-change.ts';
import { findAccount, findDeployment, findKey, idsOf } from './lookup.ts';
import { findPerson, personField } from './people.ts';
import { keyView } from './views.ts';
import type { KeyView } from './views.ts';

const scopesField = () =>
  z
    .array(z.enum(['inference', 'read', 'admin']))
    .min(1, 'must name a scope')
    .max(3);
const deploymentsField = () => z.array(tokenField(128)).min(1, 'must name a deployment').max(1_000);
const modelsField = () => z.array(tokenField(256)).min(1, 'must name a model').max(1_000);

export const createKeyInput = z.strictObject({
  account: referenceField(),
  /** Whose it is. Default: the account's own. */
  person: personField().optional(),
  name: nameField(),
  scopes: scopesField().default(['inference', 'read']),
  /** Ids or aliases. Default: every model. */
  models: modelsField().optional(),
  /** Ids or names of the account's own. Default: all of them, unless the key lists models. */
  deployments: deploymentsField().optional(),
  requestsPerMinute: countField(1_000_000).optional(),
  concurrency: countField(100_000).optional(),
  dayLimitMicros: limitAmountField().optional(),
  weekLimitMicros: limitAmountField().optional(),
  monthLimitMicros: limitAmountField().optional(),
  expiresInMs: lifetimeField().optional(),
});

/** What is left out stays; `null` takes a limit away. */
export const updateKeyInput = z.strictObject({
  key: referenceField(),
  /** Id. Only a key of this account. */
  account: referenceField().optional(),
  name: nameField().optional(),
  models: modelsField().nullish(),
  deployments: deploymentsField().nullish(),
  ...limitChangeFields(),
  expiresInMs: lifetimeField().nullish(),
});

export const keyInput = z.strictObject({
  key: referenceField(),
  /** Id. Only a key of this account. */
  account: referenceField().optional(),
});
export const listKeysInput = z.strictObject({
  account: referenceField().optional(),
  /** Only theirs. */
  person: personField().optional(),
  limit: rowsField(),
});

/** The only answers that hold a secret. It is nowhere else, and cannot be shown again. */
export type NewKeyView = { key: KeyView; secret: string };

/**
 * The one place that says which rights an account's keys may have. Admin keys have a beginning of their own and
 * cannot run inference, so that a key that leaks from an application never opens the operator's routes.
 */
export function checkScopes(account: Account, scopes: readonly Scope[]): Fault | undefined {
  if (!scopes.includes('admin')) return undefined;
  if (account.role !== 'operator') {
    return fault('permission_denied', {
      message: 'Only accounts of operators may have admin keys.',
      param: 'scopes',
    });
  }
  if (!scopes.includes('inference')) return undefined;
  return fault('invalid_request', {
    message: 'A key has either the scope "admin" or the scope "inference". Make two keys.',
    param: 'scopes',
  });
}

/** Makes a key and hands its secret out, this once. Errors: `not_found`, `invalid_request`, `permission_denied`. */
export async function createKey(
  context: AdminContext,
  input: z.output<typeof createKeyInput>,
): Promise<Result<NewKeyView, Fault>> {
  const models = resolveModels(context, input.models);
  if (!models.ok) return models;
  const made = await context.registry.change((directory) => {
    const account = findAccount(directory, input.account);
    if (!account.ok) return account;
    const refused = checkScopes(account.value, input.scopes);
    if (refused !== undefined) return failed(refused);
    const deployments = resolveDeployments(directory, account.value.id, input.deployments);
    if (!deployments.ok) return deployments;
    const owner = resolveOwner(context, account.value.id, input.person);
    if (!owner.ok) return owner;
    const { key, secret } = buildKey(context, {
      ...input,
      account: account.value,
      personId: owner.value,
      models: models.value,
      deployments: deployments.value,
    });
    const whose = key.personId === undefined ? '' : `, person ${key.personId}`;
    const detail = `account ${key.accountId}${whose}, scopes ${key.scopes.join(' ')}`;
    const audit = { actor: context.actor, action: 'key.create', subject: key.id, detail };
    const changes = [{ type: 'put-key', key, digest: hashSecret(secret) } as const];
    return ok({ changes, audit, value: { id: key.id, secret } });
  });
  return made.ok ? withSecret(context, made.value.id, made.value.secret) : made;
}

export type KeySettings = Omit<
  z.output<typeof createKeyInput>,
  'account' | 'person' | 'models' | 'deployments'
> & {
  account: Account;
  /** Undefined: the account's own. */
  personId?: string | undefined;
  /** Ids. */
  models?: readonly string[] | undefined;
  /** Ids. */
  deployments?: readonly string[] | undefined;
};

/** A new key with a new secret, not yet kept anywhere. */
export function buildKey(
  context: AdminContext,
  settings: KeySettings,
): { key: ApiKey; secret: ParsedSecret } {
  const nowMs = context.clock.nowMs();
  const secret = newSecret(context, settings.scopes);
  const key: ApiKey = Object.freeze({
    id: newId('key'),
    accountId: settings.account.id,
    personId: settings.personId,
    name: settings.name,
    last4: lastFour(secret),
    scopes: Object.freeze([...new Set(settings.scopes)]),
    models: settings.models,
    deployments: settings.deployments,
    requestsPerMinute: settings.requestsPerMinute,
    concurrency: settings.concurrency,
    spendLimits: spendLimits(settings.dayLimitMicros, settings.weekLimitMicros, settings.monthLimitMicros),
    createdAtMs: nowMs,
    expiresAtMs: settings.expiresInMs === undefined ? undefined : nowMs + settings.expiresInMs,
    revokedAtMs: undefined,
  });
  return { key, secret };
}

/** Newest first. `total` counts those beyond the limit too. Errors: `not_found`. */
export function listKeys(
  context: AdminContext,
  input: z.output<typeof listKeysInput>,
): Result<{ keys: KeyView[]; total: number }, Fault> {
  const { directory } = context.registry;
  let accountId: string | undefined;
  if (input.account !== undefined) {
    const account = findAccount(directory, input.account);
    if (!account.ok) return account;
    accountId = account.value.id;
  }
  const person = input.person === undefined ? undefined : findPerson(context.people.deps.store, input.person);
  if (person?.ok === false) return person;
  const all = directory
    .keys(accountId)
    .filter(({ identity }) => person === undefined || identity.key.personId === person.value.id);
  all.sort((one, other) => other.identity.key.createdAtMs - one.identity.key.createdAtMs);
  return ok({ keys: all.slice(0, input.limit).map((entry) => keyView(context, entry)), total: all.length });
}

/** Errors: `not_found`. */
export function showKey(context: AdminContext, input: z.output<typeof keyInput>): Result<KeyView, Fault> {
  const entry = findKey(context.registry.directory, input.key, input.account);
  return entry.ok ? ok(keyView(context, entry.value)) : entry;
}

/** Changes name, models, limits or expiry; the next request sees them. Errors: `not_found`, `invalid_request`. */
export async function updateKey(
  context: AdminContext,
  input: z.output<typeof updateKeyInput>,
): Promise<Result<KeyView, Fault>> {
  const models = resolveModels(context, input.models ?? undefined);
  if (!models.ok) return models;
  const nowMs = context.clock.nowMs();
  return changeKey(context, { ...input, action: 'key.update' }, (key, directory) => {
    const deployments = resolveDeployments(directory, key.accountId, input.deployments ?? undefined);
    if (!deployments.ok) return deployments;
    return ok({
      ...key,
      name: input.name ?? key.name,
      models: input.models === undefined ? key.models : models.value,
      deployments: input.deployments === undefined ? key.deployments : deployments.value,
      ...changedLimits(key, input),
      expiresAtMs:
        typeof input.expiresInMs === 'number'
          ? nowMs + input.expiresInMs
          : changed(input.expiresInMs, key.expiresAtMs),
    });
  });
}

/** Refuses the key from now on, for ever. Running requests end by themselves. Idempotent. Errors: `not_found`. */
export function revokeKey(
  context: AdminContext,
  input: z.output<typeof keyInput>,
): Promise<Result<KeyView, Fault>> {
  return changeKey(context, { ...input, action: 'key.revoke' }, (key) =>
    ok({ ...key, revokedAtMs: key.revokedAtMs ?? context.clock.nowMs() }),
  );
}

/** Gives the key another secret; the old one is refused at once. Errors: `not_found`, `invalid_request` (revoked). */
export async function rotateKey(
  context: AdminContext,
  input: z.output<typeof keyInput>,
): Promise<Result<NewKeyView, Fault>> {
  const made = await context.registry.change((directory) => {
    const entry = findKey(directory, input.key, input.account);
    if (!entry.ok) return entry;
    const old = entry.value.identity.key;
    if (old.revokedAtMs !== undefined) return failed(KEY_REVOKED);
    const secret = newSecret(context, old.scopes);
    const key = Object.freeze({ ...old, last4: lastFour(secret) });
    const audit = { actor: context.actor, action: 'key.rotate', subject: key.id, detail: '' };
    const changes = [{ type: 'put-key', key, digest: hashSecret(secret) } as const];
    return ok({ changes, audit, value: { id: key.id, secret } });
  });
  return made.ok ? withSecret(context, made.value.id, made.value.secret) : made;
}

export const KEY_REVOKED = fault('invalid_request', {
  message: 'This key is revoked. Make a new one.',
  param: 'key',
});

async function changeKey(
  context: AdminContext,
  what: { key: string; account?: string | undefined; action: 'key.update' | 'key.revoke' },
  change: (key: ApiKey, directory: KeyDirectory) => Result<ApiKey, Fault>,
): Promise<Result<KeyView, Fault>> {
  const made = await context.registry.change((directory) => {
    const entry = findKey(directory, what.key, what.account);
    if (!entry.ok) return entry;
    const old = entry.value.identity.key;
    if (what.action === 'key.update' && old.revokedAtMs !== undefined) return failed(KEY_REVOKED);
    const changedKey = change(old, directory);
    if (!changedKey.ok) return changedKey;
    const key = Object.freeze(changedKey.value);
    const audit = {
      actor: context.actor,
      action: what.action,
      subject: key.id,
      detail: describeChange(old, key),
    };
    return ok({ changes: [{ type: 'put-key', key, digest: entry.value.digest }], audit, value: entry.value });
  });
  return made.ok ? ok(keyView(context, made.value)) : made;
}

export function withSecret(
  context: AdminContext,
  keyId: string,
  secret: ParsedSecret,
): Result<NewKeyView, Fault> {
  const entry: KeyEntry | undefined = context.registry.directory.key(keyId);
  if (entry === undefined) return failed(fault('internal_error'));
  return ok({ key: keyView(context, entry), secret });
}

export function newSecret(context: AdminContext, scopes: readonly Scope[]): ParsedSecret {
  const prefix = scopes.includes('admin') ? adminKeyPrefix(context.brand) : apiKeyPrefix(context.brand);
  return createApiKeySecret(prefix);
}

/** Ids for ids or aliases of models. */
function resolveModels(
  { models }: AdminContext,
  names: readonly string[] | undefined,
): ReturnType<typeof idsOf> {
  return idsOf(names, 'models', (name) => {
    const model = models.find(name);
    return model === undefined ? failed(fault('model_not_found')) : ok(model);
  });
}

/** Ids for ids or names of the account's own deployments. */
function resolveDeployments(
  directory: KeyDirectory,
  accountId: string,
  references: readonly string[] | undefined,
): ReturnType<typeof idsOf> {
  return idsOf(references, 'deployments', (reference) => findDeployment(directory, reference, accountId));
}

/** The id of a member of the account who may have keys. Errors: `not_found`, `invalid_request`. */
function resolveOwner(
  { people }: AdminContext,
  accountId: string,
  reference: string | undefined,
): Result<string | undefined, Fault> {
  if (reference === undefined) return ok(undefined);
  const { store } = people.deps;
  const person = findPerson(store, reference);
  if (!person.ok) return person;
  const refused = refuseKeyOwner(store, { accountId, personId: person.value.id });
  return refused === undefined ? ok(person.value.id) : failed(refused);
}
