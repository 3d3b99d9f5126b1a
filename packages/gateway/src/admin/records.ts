import { z } from 'zod';
import type { AuditEntry } from '../accounts/store.ts';
import type { Fault } from '../core/errors.ts';
import { ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { Receipt } from '../ledger/ledger.ts';
import type { AdminContext } from './context.ts';
import { countField, referenceField } from './fields.ts';
import { findAccount } from './lookup.ts';
import { moneyView, timeView } from './views.ts';
import type { MoneyView } from './views.ts';

export const listReceiptsInput = z.strictObject({
  account: referenceField(),
  limit: countField(1_000).default(20),
});
export const listAuditInput = z.strictObject({ limit: countField(10_000).default(50) });

export type ReceiptView = Pick<
  Receipt,
  | 'requestId'
  | 'keyId'
  | 'modelId'
  | 'surface'
  | 'routeKind'
  | 'routeName'
  | 'nodeId'
  | 'streamed'
  | 'durationMs'
  | 'usage'
  | 'usageSource'
  | 'end'
  | 'priceVersion'
  | 'attempts'
> & {
  startedAt: string;
  /** From arrival to the first content part; null when none came. */
  firstPartMs: number | null;
  errorCode: string | null;
  held: MoneyView;
  charged: MoneyView;
};

/** The newest receipts of an account, newest first. Metadata only: there is nothing else. Errors: `not_found`. */
export async function listReceipts(
  context: AdminContext,
  input: z.output<typeof listReceiptsInput>,
): Promise<Result<{ receipts: ReceiptView[] }, Fault>> {
  const account = findAccount(context.registry.directory, input.account);
  if (!account.ok) return account;
  const receipts = await context.receipts.recent(account.value.id, input.limit);
  return ok({ receipts: receipts.map(receiptView) });
}

function receiptView(receipt: Receipt): ReceiptView {
  const { accountId: _, startedAtMs, firstPartMs, errorCode, heldMicros, chargedMicros, ...rest } = receipt;
  return {
    ...rest,
    startedAt: timeView(startedAtMs),
    firstPartMs: firstPartMs < 0 ? null : firstPartMs,
    errorCode: errorCode === '' ? null : errorCode,
    held: moneyView(heldMicros),
    charged: moneyView(chargedMicros),
  };
}

export type AuditView = Omit<AuditEntry, 'atMs'> & { at: string };

/** Who did what, newest first. */
export async function listAudit(
  context: AdminContext,
  input: z.output<typeof listAuditInput>,
): Promise<Result<{ entries: AuditView[] }, Fault>> {
  const entries = await context.registry.auditTrail(input.limit);
  return ok({ entries: entries.map(({ atMs, ...entry }) => ({ at: timeView(atMs), ...entry })) });
}
