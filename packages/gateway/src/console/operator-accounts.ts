import { z } from 'zod';
import type {
  OperatorAccount,
  OperatorAccounts,
  OperatorOverview,
} from '@switchyard/protocol/console/operator.ts';
import { resumeAccount, showAccount, suspendAccount } from '../admin/accounts.ts';
import type { AdminContext } from '../admin/context.ts';
import { addCredit } from '../admin/credit.ts';
import { reasonField, signedAmountField } from '../admin/fields.ts';
import { accountView, moneyView, timeView } from '../admin/views.ts';
import { fault, type Fault } from '../core/errors.ts';
import { addMicros, ZERO_MICROS } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { MaintenanceSwitch } from '../admin/maintenance.ts';
import type { RequestRate } from './request-rate.ts';
import { type ConsoleRow, operatorRow, type PersonCall } from './row.ts';

export type OperatorOverviewDeps = {
  rate: RequestRate;
  maintenance: MaintenanceSwitch;
  /** Requests that run, and that wait for a target, now. */
  load(): { running: number; waiting: number };
  /** The newest check of the ledger's books. Undefined: none yet. */
  ledgerCheck():
    | {
        atMs: number;
        state: 'sound' | 'broken' | 'failed';
        /** Of all postings. Undefined: it could not be checked. */
        sum: { micros: number; transfers: number } | undefined;
      }
    | undefined;
};

const digits = (maximum: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'must be a whole number above zero')
    .transform(Number)
    .refine((count) => count <= maximum, `must be at most ${maximum}`);
const listQuery = z.strictObject({
  limit: digits(1_000).default(100),
  search: z.string().max(100).optional(),
  /** The id of the last account of the page before. */
  cursor: z.string().max(100).optional(),
});
const adjustment = z.strictObject({
  amountMicros: signedAmountField(),
  reason: reasonField(),
  requestId: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16 to 64 letters, digits, _ or -'),
});

/** How the gateway is doing, and who pays. */
export function operatorAccountRows(deps: OperatorOverviewDeps): ConsoleRow[] {
  return [
    operatorRow({ method: 'GET', path: 'overview', run: ({ admin }) => ok(overview(deps, admin)) }),
    operatorRow({
      method: 'GET',
      path: 'accounts',
      input: listQuery,
      run: ({ admin }, query) => listedAccounts(admin, query),
    }),
    operatorRow({
      method: 'GET',
      path: 'accounts/:account',
      run: (call) => showAccount(call.admin, named(call)),
    }),
    operatorRow({
      method: 'POST',
      path: 'accounts/:account/suspend',
      run: (call) => suspendAccount(call.admin, named(call)),
    }),
    operatorRow({
      method: 'POST',
      path: 'accounts/:account/resume',
      run: (call) => resumeAccount(call.admin, named(call)),
    }),
    operatorRow({
      method: 'POST',
      path: 'accounts/:account/adjust',
      fresh: true,
      input: adjustment,
      run: (call, input) => adjust(call, input),
    }),
  ];
}

const named = ({ params }: PersonCall) => ({ account: params['account'] ?? '' });

function listedAccounts(
  admin: AdminContext,
  { limit, search, cursor }: z.output<typeof listQuery>,
): Result<OperatorAccounts, Fault> {
  const wanted = search?.toLowerCase();
  const found = admin.registry.directory
    .accounts()
    .filter(({ id, name }) => wanted === undefined || id === search || name.toLowerCase().includes(wanted))
    .sort((one, other) => other.createdAtMs - one.createdAtMs || (other.id < one.id ? -1 : 1));
  const before = cursor === undefined ? -1 : found.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && before === -1) {
    const message = 'The parameter "cursor" must be the "nextCursor" of a page of this list.';
    return failed(fault('invalid_request', { message, param: 'cursor' }));
  }
  const end = before + 1 + limit;
  const page = found.slice(before + 1, end);
  return ok({
    accounts: page.map((account) => accountView(admin, account)),
    total: found.length,
    nextCursor: end < found.length ? (page.at(-1)?.id ?? null) : null,
  });
}

async function adjust(
  call: PersonCall,
  { amountMicros, reason, requestId }: z.output<typeof adjustment>,
): Promise<Result<OperatorAccount, Fault>> {
  const booked = await addCredit(call.admin, {
    ...named(call),
    amountMicros,
    reason,
    kind: 'adjustment',
    id: `console-${requestId}`,
  });
  return booked.ok ? showAccount(call.admin, named(call)) : booked;
}

function overview(
  { rate, maintenance, load, ledgerCheck }: OperatorOverviewDeps,
  admin: AdminContext,
): OperatorOverview {
  const { directory } = admin.registry;
  let held = ZERO_MICROS;
  for (const { id } of directory.accounts()) held = addMicros(held, admin.ledger.balance(id).heldMicros);
  const { running, waiting } = load();
  const check = ledgerCheck();
  return {
    requestsRunning: running,
    requestsWaiting: waiting,
    ...rate.lastMinute(),
    held: moneyView(held),
    accounts: directory.accounts().length,
    keys: directory.keys().filter(({ identity }) => identity.key.revokedAtMs === undefined).length,
    nodes: directory.nodes().filter(({ node }) => node.revokedAtMs === undefined).length,
    nodesOnline: admin.fleet?.nodes().length ?? 0,
    ledger: {
      healthy: admin.ledger.healthy(),
      check:
        check === undefined ? null : { at: timeView(check.atMs), state: check.state, sum: check.sum ?? null },
    },
    maintenance: maintenance.state(),
  };
}
