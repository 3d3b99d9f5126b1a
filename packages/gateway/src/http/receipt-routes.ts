import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Catalog } from '../catalog/catalog.ts';
import { fault } from '../core/errors.ts';
import type { Caller, InferenceDeps } from '../inference/deps.ts';
import type { Receipt } from '../ledger/ledger.ts';
import type { PriceBook } from '../receipts/price-book.ts';
import { isRequestId, readReceiptQuestion, readUsageQuestion } from '../receipts/questions.ts';
import type { RecordReader } from '../receipts/reader.ts';
import { receiptView, type ReceiptView } from '../receipts/receipt-view.ts';
import type { ReceiptSigner } from '../receipts/signing.ts';
import { type KeyNames, usageCsv, usageReport } from '../receipts/usage-report.ts';
import { callerWithScope, type CallerDeps } from './caller.ts';
import { sendFault } from './errors.ts';
import { busyFault, refuseReport, sendPrivate, sendReport } from './reports.ts';
import type { RouteRow } from './routes.ts';

export type ReceiptRoutesDeps = {
  inference: CallerDeps & Pick<InferenceDeps, 'clock'>;
  catalog: Pick<Catalog, 'resolveModel'>;
  /** One row by its id: quick enough for the main thread. Undefined for unknown ids and other accounts' alike. */
  receiptOf(accountId: string, requestId: string): Receipt | undefined;
  records: Pick<RecordReader, 'list' | 'usage'>;
  prices: PriceBook;
  signer: ReceiptSigner;
  keyName: KeyNames;
};

/** What callers may know of their own requests, and the public key that proves it. */
export function receiptRoutes(deps: ReceiptRoutesDeps): RouteRow[] {
  const jwks = JSON.stringify(deps.signer.jwks);
  return [
    { method: 'GET', path: '/v1/requests', handler: (request, reply) => listReceipts(deps, request, reply) },
    {
      method: 'GET',
      path: '/v1/requests/:id',
      handler: (request, reply) => showReceipt(deps, request, reply),
    },
    { method: 'GET', path: '/v1/usage', handler: (request, reply) => showUsage(deps, request, reply) },
    {
      method: 'GET',
      path: '/.well-known/switchyard-receipts',
      handler: (request, reply) => {
        // Public by nature, so a web page may read it too.
        void reply

          .header('content-type', 'application/json')
          .header('cache-control', 'public, max-age=3600')
          .header('access-control-allow-origin', '*')
          .send(jwks);
      },
    },
  ];
}

async function showReceipt(
  deps: ReceiptRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const caller = readCaller(deps, request, reply);
  if (caller === undefined) return;
  const id = idOf(request.params);
  const receipt = isRequestId(id) ? deps.receiptOf(caller.account.id, id) : undefined;
  if (receipt === undefined) {
    sendFault(
      reply,
      request.id,
      fault('not_found', { message: 'This account has no request of this id.', param: 'id' }),
    );
    return;
  }
  sendPrivate(reply, deps.signer.sign(await viewOf(deps, caller, receipt)));
}

async function listReceipts(
  deps: ReceiptRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const caller = readCaller(deps, request, reply);
  if (caller === undefined) return;
  const question = readReceiptQuestion(request.query, caller.account.id);
  if (!question.ok) {
    sendFault(reply, request.id, question.error);
    return;
  }
  const { model } = question.value;
  const page = await deps.records.list({
    ...question.value,
    ...(model === undefined ? {} : { model: modelIdOf(deps, model) }),
  });
  if (!page.ok) {
    const refusal =
      page.error === 'busy'
        ? busyFault()
        : fault('invalid_request', {
            message: 'The parameter "before" must be the id of a request of this account.',
            param: 'before',
          });
    sendFault(reply, request.id, refusal);
    return;
  }
  const { receipts, nextBefore } = page.value;
  const data = await Promise.all(receipts.map((receipt) => viewOf(deps, caller, receipt)));
  sendPrivate(reply, {
    object: 'list',
    data,
    has_more: nextBefore !== undefined,
    next_before: nextBefore ?? null,
  });
}

async function showUsage(
  deps: ReceiptRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const caller = readCaller(deps, request, reply);
  if (caller === undefined) return;
  const read = readUsageQuestion(request.query, {
    accountId: caller.account.id,
    accept: request.headers.accept,
    nowMs: deps.inference.clock.nowMs(),
  });
  if (!read.ok) {
    sendFault(reply, request.id, read.error);
    return;
  }
  const { question, format } = read.value;
  const rows = await deps.records.usage(question);
  if (!rows.ok) {
    refuseReport(request, reply, { reason: rows.error, param: 'group_by' });
    return;
  }
  sendReport(reply, usageReport(question, rows.value, deps.keyName), { format, csv: usageCsv });
}

function readCaller(
  deps: ReceiptRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Caller | undefined {
  return callerWithScope(deps.inference, 'read', request, reply);
}

async function viewOf(deps: ReceiptRoutesDeps, caller: Caller, receipt: Receipt): Promise<ReceiptView> {
  const price = await deps.prices.priceOf(receipt.priceVersion);
  return receiptView(receipt, price, { isOperator: caller.account.role === 'operator' });
}

/** Receipts name models by id. A name that the catalogue does not know may be the id of a model that is gone. */
function modelIdOf(deps: ReceiptRoutesDeps, name: string): string {
  const model = deps.catalog.resolveModel({ models: undefined }, name);
  return model.ok ? model.value.id : name;
}

function idOf(parameters: unknown): string {
  const id =
    typeof parameters === 'object' && parameters !== null && 'id' in parameters ? parameters.id : undefined;
  return typeof id === 'string' ? id : '';
}
