import { z } from 'zod';
import type { Account } from '../accounts/account.ts';
import type { Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { AdminContext } from './context.ts';
import { nameField, referenceField, rowsField } from './fields.ts';
import { giveWelcome } from './credit.ts';
import { findAccount } from './lookup.ts';
import { accountView } from './views.ts';
import type { AccountView } from './views.ts';

export const createAccountInput = z.strictObject({
  name: nameField(),
  role: z.enum(['person', 'operator']).default('person'),
});
export const accountInput = z.strictObject({ account: referenceField() });
export const listAccountsInput = z.strictObject({ limit: rowsField() });

/**
 * Makes an account and gives it the welcome credit. The credit is booked first, to an account id that nobody has yet:
 * should the process die in between, an unreachable gift is left behind, and never an account without its credit.
 * Names need not be unique: people choose them. Errors: `ledger_unavailable`.
 */
export async function createAccount(
  context: AdminContext,
  input: z.output<typeof createAccountInput>,
): Promise<Result<AccountView, Fault>> {
  const { registry } = context;
  const account: Account = Object.freeze({
    id: newId('acc'),
    name: input.name,
    role: input.role,
    suspended: false,
    createdAtMs: context.clock.nowMs(),
  });
  const welcome = await giveWelcome(context, account.id);
  if (!welcome.ok) return welcome;
  const made = await registry.change(() => {
    const audit = {
      actor: context.actor,
      action: 'account.create',
      subject: account.id,
      detail: `role ${account.role}`,
    };
    return ok({ changes: [{ type: 'put-account', account }], audit, value: undefined });
  });
  return made.ok ? ok(accountView(context, account)) : made;
}

/** The oldest first. `total` counts those beyond the limit too. */
export function listAccounts(
  context: AdminContext,
  input: z.output<typeof listAccountsInput>,
): Result<{ accounts: AccountView[]; total: number }, Fault> {
  const all = context.registry.directory.accounts();
  all.sort((one, other) => one.createdAtMs - other.createdAtMs);
  const shown = all.slice(0, input.limit).map((account) => accountView(context, account));
  return ok({ accounts: shown, total: all.length });
}

/** Errors: `not_found`. */
export function showAccount(
  context: AdminContext,
  input: z.output<typeof accountInput>,
): Result<AccountView, Fault> {
  const account = findAccount(context.registry.directory, input.account);
  return account.ok ? ok(accountView(context, account.value)) : account;
}

/** Refuses every key and node of the account from now on, and ends its nodes' sessions. Idempotent. Errors: `not_found`. */
export async function suspendAccount(
  context: AdminContext,
  input: z.output<typeof accountInput>,
): Promise<Result<AccountView, Fault>> {
  const changed = await setSuspended(context, input.account, true);
  if (!changed.ok) return changed;
  for (const { node } of context.registry.directory.nodes()) {
    if (node.accountId === changed.value.id) context.fleet?.disconnect(node.id, 'suspended');
  }
  return ok(accountView(context, changed.value));
}

/** Lets the account's keys and nodes in again. Idempotent. Errors: `not_found`. */
export async function resumeAccount(
  context: AdminContext,
  input: z.output<typeof accountInput>,
): Promise<Result<AccountView, Fault>> {
  const changed = await setSuspended(context, input.account, false);
  return changed.ok ? ok(accountView(context, changed.value)) : changed;
}

function setSuspended(
  context: AdminContext,
  reference: string,
  suspended: boolean,
): Promise<Result<Account, Fault>> {
  return context.registry.change((directory) => {
    const found = findAccount(directory, reference);
    if (!found.ok) return found;
    const account: Account = Object.freeze({ ...found.value, suspended });
    const action = suspended ? 'account.suspend' : 'account.resume';
    const audit = { actor: context.actor, action, subject: account.id, detail: '' };
    return ok({ changes: [{ type: 'put-account', account }], audit, value: account });
  });
}
