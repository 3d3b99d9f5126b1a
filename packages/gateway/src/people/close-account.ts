import type { Change } from '../accounts/store.ts';
import { fault, type Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { addMicros, type Micros, subtractMicros, ZERO_MICROS } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { PeopleDeps } from './deps.ts';

type CloseDeps = Pick<PeopleDeps, 'clock' | 'store' | 'registry' | 'ledger' | 'disconnectNode'>;

/** What a closed account, its keys and its nodes are called. */
const CLOSED_NAME = 'closed';

/**
 * Ends an account for ever: keys and nodes are refused, deployments, members and invitations are gone, what is left of
 * the balance goes back to the operator by a posting that says so, and its name and those of its keys and nodes are
 * blanked. Receipts and charges stay, under an id that leads to nobody. What its nodes earned stays booked.
 * Credit that would end by itself ends now. Can be called again when it stopped half-way.
 * Errors: `not_found`, `permission_denied` (the operator's own account), `request_in_progress` (requests still run),
 * `ledger_unavailable`.
 */
export async function closeAccount(
  deps: CloseDeps,
  accountId: string,
  actor: string,
): Promise<Result<{ forfeitedMicros: Micros }, Fault>> {
  const { ledger, registry, store } = deps;
  const account = registry.directory.account(accountId);
  if (account === undefined) return failed(fault('not_found'));
  if (account.role === 'operator') return failed(OPERATORS_OWN);
  if (ledger.balance(accountId).heldMicros > 0) return failed(STILL_RUNNING);
  await lock(deps, accountId, actor);
  const forfeited = await forfeit(deps, accountId);
  if (!forfeited.ok) return forfeited;
  store.transaction(() => {
    for (const { personId } of store.members(accountId)) store.deleteMembership({ accountId, personId });
    for (const { id } of store.invitations(accountId)) store.deleteInvitation(id);
  });
  return ok({ forfeitedMicros: forfeited.value });
}

/** Refuses everything from now on and blanks names, in one change. */
async function lock(deps: CloseDeps, accountId: string, actor: string): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const nodes: string[] = [];
  await deps.registry.change((directory) => {
    const changes: Change[] = [];
    const account = directory.account(accountId);
    if (account !== undefined) {
      const closed = Object.freeze({ ...account, name: CLOSED_NAME, suspended: true });
      changes.push({ type: 'put-account', account: closed });
    }
    for (const { identity, digest } of directory.keys(accountId)) {
      const revokedAtMs = identity.key.revokedAtMs ?? nowMs;
      const key = Object.freeze({ ...identity.key, name: CLOSED_NAME, revokedAtMs });
      changes.push({ type: 'put-key', key, digest });
    }
    for (const { node, digest } of directory.nodes()) {
      if (node.accountId !== accountId) continue;
      nodes.push(node.id);
      const revokedAtMs = node.revokedAtMs ?? nowMs;
      const closed = Object.freeze({ ...node, name: CLOSED_NAME, revokedAtMs });
      changes.push({ type: 'put-node', node: closed, digest });
    }
    for (const { id } of directory.deployments.list(accountId))
      changes.push({ type: 'delete-deployment', id });
    for (const { personId } of deps.store.members(accountId)) {
      if (directory.memberLimits({ accountId, personId }) !== undefined)
        changes.push({ type: 'delete-member-limits', accountId, personId });
    }
    const audit = { actor, action: 'account.close', subject: accountId, detail: '' };
    return ok({ changes, audit, value: undefined });
  });
  for (const nodeId of nodes) deps.disconnectNode(nodeId);
}

async function forfeit(deps: CloseDeps, accountId: string): Promise<Result<Micros, Fault>> {
  const { ledger } = deps;
  const { promoMicros, allowanceMicros } = ledger.balance(accountId);
  if (!(await ledger.endGrants(accountId))) return failed(fault('ledger_unavailable'));
  const rest = ledger.balance(accountId);
  // What ended here is credit that would have ended by itself; it needs no further posting.
  let sum = subtractMicros(
    addMicros(promoMicros, allowanceMicros),
    addMicros(rest.promoMicros, rest.allowanceMicros),
  );
  for (const balance of ['paid', 'promo'] as const) {
    const now = ledger.balance(accountId);
    const amount = balance === 'paid' ? now.paidMicros : now.promoMicros;
    if (amount <= 0) continue;
    const { outcome } = await ledger.transfer({
      id: `close:${newId('txn')}`,
      accountId,
      kind: 'adjustment',
      balance,
      amountMicros: subtractMicros(ZERO_MICROS, amount),
      reason: 'the account was closed',
    });
    if (outcome === 'applied') sum = addMicros(sum, amount);
    else if (outcome === 'ledger-unavailable') return failed(fault('ledger_unavailable'));
    else return failed(STILL_RUNNING);
  }
  return ok(sum);
}

const STILL_RUNNING = fault('request_in_progress', {
  message: 'Requests of this account still run. Wait for them to end, then try again.',
});
const OPERATORS_OWN = fault('permission_denied', {
  message: "The operator's own account cannot be closed: it owns nodes of the site.",
});
