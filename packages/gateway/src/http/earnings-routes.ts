import type { FastifyReply, FastifyRequest } from 'fastify';
import type { InferenceDeps } from '../inference/deps.ts';
import type { EarningsReader } from '../receipts/earnings.ts';
import { earningsCsv, earningsReport, type EarningsNames } from '../receipts/earnings-report.ts';
import { readEarningsQuestion, type ReportFormat } from '../receipts/questions.ts';
import { callerWithScope, type CallerDeps } from './caller.ts';
import { sendFault } from './errors.ts';
import { refuseReport, sendReport } from './reports.ts';
import type { RouteRow } from './routes.ts';

export type EarningsRoutesDeps = {
  inference: CallerDeps & Pick<InferenceDeps, 'clock'>;
  earnings: EarningsReader;
  names: EarningsNames;
};

/** What owners of nodes may know of their own earnings. */
export function earningsRoutes(deps: EarningsRoutesDeps): RouteRow[] {
  return [
    {
      method: 'GET',
      path: '/v1/earnings',
      handler: (request, reply) => showEarnings(deps, request, reply),
    },
    {
      method: 'GET',
      path: '/v1/earnings.csv',
      handler: (request, reply) => showEarnings(deps, request, reply, 'csv'),
    },
  ];
}

async function showEarnings(
  deps: EarningsRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  always?: ReportFormat,
): Promise<void> {
  const caller = callerWithScope(deps.inference, 'read', request, reply);
  if (caller === undefined) return;
  const read = readEarningsQuestion(request.query, {
    accountId: caller.account.id,
    accept: request.headers.accept,
    nowMs: deps.inference.clock.nowMs(),
  });
  if (!read.ok) {
    sendFault(reply, request.id, read.error);
    return;
  }
  const { question, format } = read.value;
  const answer = await deps.earnings.earnings(question);
  if (!answer.ok) {
    refuseReport(request, reply, { reason: answer.error, param: 'by' });
    return;
  }
  const report = earningsReport(question, answer.value, deps.names);
  sendReport(reply, report, { format: always ?? format, csv: earningsCsv });
}
