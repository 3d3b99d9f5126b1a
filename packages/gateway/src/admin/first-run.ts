import type { Account } from '../accounts/account.ts';
import { hashSecret } from '../accounts/key-secret.ts';
import type { Change } from '../accounts/store.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { AdminContext } from './context.ts';
import { DEMO_ACCOUNT_KEY } from '../people/operator-link.ts';
import { giveWelcome } from './credit.ts';
import { buildKey } from './keys.ts';
import { buildNode, rotateNode } from './nodes.ts';

/** Notes that the first start is done. Its value is the time, for people. */
const FIRST_RUN_KEY = 'first_run';
/** The id of the demo node. */
const DEMO_NODE_KEY = 'demo_node';

/** Shown once, at the very first start. The secrets are nowhere else. */
export type FirstRunSecrets = {
  account: { id: string; name: string };
  apiKey: string;
  /** Undefined when no demo node was wanted. */
  node: { id: string; name: string; token: string } | undefined;
};

/**
 * Makes a new data folder usable at once: an operator's account, a demo account with the welcome credit and one API
 * key, and a node for the demo engine when `demoPool` names the pool that it serves. Everything but the credit is
 * written in one transaction, so that a start that dies half-way is simply a first start again.
 *
 * Gives undefined, and does nothing, when there was a first start before or the operator made an account already.
 * Errors: `ledger_unavailable`. Rejects when the disk fails.
 */
export async function firstRun(
  context: AdminContext,
  options: { demoPool: string | undefined },
): Promise<Result<FirstRunSecrets | undefined, Fault>> {
  const { registry } = context;
  if (hasPeople(registry.directory.accounts())) return ok(undefined);
  if ((await registry.meta(FIRST_RUN_KEY)) !== undefined) return ok(undefined);
  const known = findOperator(registry.directory.accounts());
  const operator = known ?? newAccount(context, 'operator', 'operator');
  const demo = newAccount(context, 'demo', 'person');
  // Booked first, to an account that nobody has yet: see createAccount.
  const welcome = await giveWelcome(context, demo.id);
  if (!welcome.ok) return welcome;
  const { key, secret } = buildKey(context, {
    account: demo,
    name: 'first key',
    scopes: ['inference', 'read'],
  });
  const changes: Change[] = [
    ...(known === undefined ? [{ type: 'put-account', account: operator } as const] : []),
    { type: 'put-account', account: demo },
    { type: 'put-key', key, digest: hashSecret(secret) },
    { type: 'set-meta', key: DEMO_ACCOUNT_KEY, value: demo.id },
    { type: 'set-meta', key: FIRST_RUN_KEY, value: new Date(context.clock.nowMs()).toISOString() },
  ];
  let demoNode: FirstRunSecrets['node'];
  if (options.demoPool !== undefined) {
    const settings = {
      name: 'demo',
      pool: options.demoPool,
      kind: 'shared',
      accountId: operator.id,
    } as const;
    const { node, token } = buildNode(context, settings);
    changes.push({ type: 'put-node', node, digest: hashSecret(token) });
    changes.push({ type: 'set-meta', key: DEMO_NODE_KEY, value: node.id });
    demoNode = { id: node.id, name: node.name, token };
  }
  return registry.change((directory) => {
    if (hasPeople(directory.accounts())) return failed(fault('request_already_done'));
    const detail = 'operator, demo account, first key';
    const audit = { actor: context.actor, action: 'first-run', subject: demo.id, detail };
    return ok({
      changes,
      audit,
      value: { account: { id: demo.id, name: demo.name }, apiKey: secret, node: demoNode },
    });
  });
}

/**
 * Makes sure that there is an operator's account, which owns nodes that nobody else owns. It has no key and no money.
 * Rejects when the disk fails.
 */
export async function ensureOperator(context: AdminContext): Promise<void> {
  const { registry } = context;
  if (findOperator(registry.directory.accounts()) !== undefined) return;
  const account = newAccount(context, 'operator', 'operator');
  const audit = {
    actor: context.actor,
    action: 'first-run',
    subject: account.id,
    detail: 'operator account',
  };
  await registry.change(() => ok({ changes: [{ type: 'put-account', account }], audit, value: undefined }));
}

function findOperator(accounts: readonly Account[]): Account | undefined {
  return accounts.find((account) => account.role === 'operator');
}

function hasPeople(accounts: readonly Account[]): boolean {
  return accounts.some((account) => account.role !== 'operator');
}

/**
 * A fresh token for the demo node, for a gateway that starts the demo connector itself: the token of the start before
 * was never kept. Undefined when there is no demo node, or it was removed or suspended.
 */
export async function demoNodeToken(context: AdminContext): Promise<string | undefined> {
  const nodeId = await context.registry.meta(DEMO_NODE_KEY);
  const node = nodeId === undefined ? undefined : context.registry.directory.node(nodeId)?.node;
  if (node === undefined || node.revokedAtMs !== undefined || node.suspendedReason !== undefined)
    return undefined;
  const rotated = await rotateNode(context, { node: node.id });
  return rotated.ok ? rotated.value.token : undefined;
}

function newAccount(context: AdminContext, name: string, role: Account['role']): Account {
  const createdAtMs = context.clock.nowMs();
  return Object.freeze({ id: newId('acc'), name, role, suspended: false, createdAtMs });
}
