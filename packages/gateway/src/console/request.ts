import type { RequestDetail, RequestTarget } from '@switchyard/protocol/console/requests.ts';
import type { Account } from '../accounts/account.ts';
import type { AdminContext } from '../admin/context.ts';
import { moneyView } from '../admin/views.ts';
import type { Price } from '../catalog/model.ts';
import { fault, type Fault } from '../core/errors.ts';
import { ZERO_MICROS } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { isUsageWhole, priceUsage } from '../pricing/meter.ts';
import { SETTLEMENT_POLICIES } from '../pricing/settlement.ts';
import type { PriceBook } from '../receipts/price-book.ts';
import { pricedTokens } from '../receipts/price-lines.ts';
import { isRequestId } from '../receipts/questions.ts';
import { receiptView } from '../receipts/receipt-view.ts';
import type { ReceiptSigner } from '../receipts/signing.ts';
import { requestView } from './requests.ts';
import { type AccountCall, type ConsoleRow, memberRow } from './row.ts';

/** What a single receipt is read from. */
export type ReceiptSource = {
  /** Undefined for unknown ids and other accounts' alike. */
  receiptOf(accountId: string, requestId: string): Receipt | undefined;
  prices: PriceBook;
  signer: Pick<ReceiptSigner, 'sign'>;
};

/** One request of an account: all that is kept of it. */
export function requestRow(source: ReceiptSource): ConsoleRow {
  return memberRow('viewer', {
    method: 'GET',
    path: 'requests/:request',
    run: (call) => readRequest(source, call),
  });
}

async function readRequest(
  source: ReceiptSource,
  { admin, account, params }: AccountCall,
): Promise<Result<RequestDetail, Fault>> {
  const id = params['request'] ?? '';
  const receipt = isRequestId(id) ? source.receiptOf(account.id, id) : undefined;
  if (receipt === undefined)
    return failed(fault('not_found', { message: 'This account has no request of this id.' }));
  const price = await source.prices.priceOf(receipt.priceVersion);
  const isOperator = account.role === 'operator';
  return ok({
    ...requestView(admin, receipt),
    target: targetView(admin, account, receipt),
    price: priceView(price, receipt),
    policy: policyView(receipt),
    cutAtHold: receipt.cutAtHold === true,
    money: moneyOf(admin, receipt),
    receipt: source.signer.sign({ ...receiptView(receipt, price, { isOperator }) }),
  });
}

/** The operator's routes stay the operator's business; a node of one's own is one's own. */
function targetView(
  admin: AdminContext,
  account: Account,
  { routeKind, routeName, nodeId }: Receipt,
): RequestTarget {
  const { directory } = admin.registry;
  const isOperator = account.role === 'operator';
  const node = directory.node(nodeId)?.node;
  const isOwn = node?.accountId === account.id;
  return {
    kind: routeKind,
    name:
      routeKind === 'deployment'
        ? (directory.deployments.get(routeName)?.name ?? null)
        : isOperator && routeName !== ''
          ? routeName
          : null,
    node: node !== undefined && (isOwn || isOperator) ? { id: node.id, name: node.name } : null,
    tier: routeKind === 'pool' && node !== undefined ? admin.trust.book.standing(nodeId).tier : null,
  };
}

function priceView(price: Price | undefined, { usage }: Receipt): RequestDetail['price'] {
  if (price === undefined) return { type: 'unknown' };
  if (price.type === 'flat') return { type: 'flat', amount: moneyView(price.amountMicros) };
  // A count that the store could not keep is -1.
  const isWhole = isUsageWhole(usage);
  const lines = isWhole ? pricedTokens(price, usage) : [];
  return {
    type: 'per-token',
    lines: lines.map(({ microsPerMillion, ...line }) => ({
      ...line,
      perMillion: moneyView(microsPerMillion),
    })),
    minimum: moneyView(price.minimumMicros),
    worth: moneyView(isWhole ? priceUsage(price, usage) : ZERO_MICROS),
  };
}

function policyView({ policy = '' }: Receipt): RequestDetail['policy'] {
  return policy === '' ? null : { name: policy, means: SETTLEMENT_POLICIES[policy] };
}

function moneyOf(admin: AdminContext, receipt: Receipt): RequestDetail['money'] {
  const { requestId, accountId, heldMicros, chargedMicros } = receipt;
  const found = chargedMicros === 0 ? undefined : admin.receipts.charge(requestId);
  const charge = found?.accountId === accountId ? found : undefined;
  const legs = [
    { balance: 'paid' as const, amount: charge?.paidMicros ?? ZERO_MICROS },
    { balance: 'given' as const, amount: charge?.promoMicros ?? ZERO_MICROS },
  ].filter(({ amount }) => amount > 0);
  return {
    held: moneyView(heldMicros),
    charged: moneyView(chargedMicros),
    charges:
      charge === undefined && chargedMicros > 0
        ? null
        : legs.map(({ balance, amount }) => ({ balance, amount: moneyView(amount) })),
    refunds: (charge?.refunds ?? []).map(({ id, balance, amountMicros }) => ({
      id,
      balance: balance === 'paid' ? 'paid' : 'given',
      amount: moneyView(amountMicros),
    })),
  };
}
