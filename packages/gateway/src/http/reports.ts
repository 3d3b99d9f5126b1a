import type { FastifyReply, FastifyRequest } from 'fastify';
import { fault } from '../core/errors.ts';
import type { ReportFormat } from '../receipts/questions.ts';
import { sendFault } from './errors.ts';

const BUSY_RETRY_MS = 1_000;

/** No cache between us and the caller may keep it. */
export function sendPrivate(reply: FastifyReply, payload: object | string): void {
  void reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff').send(payload);
}

/** A report as JSON, or as a file of comma-separated values named after its kind and its days. */
export function sendReport<Report extends { object: string; from: string; to: string }>(
  reply: FastifyReply,
  report: Report,
  options: { format: ReportFormat; csv(report: Report): string },
): void {
  if (options.format === 'json') {
    sendPrivate(reply, report);
    return;
  }
  const { object, from, to } = report;
  void reply
    .header('content-type', 'text/csv; charset=utf-8; header=present')
    .header('content-disposition', `attachment; filename="${object}-${from}-${to}.csv"`);
  sendPrivate(reply, options.csv(report));
}

/** @param param which parameter would make the report smaller */
export function refuseReport(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: { reason: 'busy' | 'too-many-rows'; param: string },
): void {
  const message = 'The report has too many rows. Ask for fewer days or fewer groups.';
  sendFault(
    reply,
    request.id,
    refusal.reason === 'busy' ? busyFault() : fault('invalid_request', { message, param: refusal.param }),
  );
}

/** Too many questions wait for the thread that reads receipts. */
export function busyFault() {
  return fault('rate_limit_exceeded', { retryAfterMs: BUSY_RETRY_MS });
}
