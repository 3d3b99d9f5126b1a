import { z } from 'zod';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import type { EarningsQuestion } from '../receipts/earnings.ts';
import { type EarningsNames, type EarningsReport, earningsReport } from '../receipts/earnings-report.ts';
import { readOperatorsEarningsQuestion } from '../receipts/questions.ts';
import type { AdminContext } from './context.ts';
import { referenceField } from './fields.ts';
import { findAccount, findNode } from './lookup.ts';

/** `of`: an account or a node. Absent: all owners together. Days and groups are checked where callers' are. */
export const earningsInput = z.strictObject({
  of: referenceField().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  by: z.string().optional(),
});

/**
 * What the nodes of an owner, one node, or all nodes earned: the same report that owners get at `GET /v1/earnings`.
 * The balance of a node's report is that of its owner. Errors: `invalid_request`, `not_found`, `rate_limit_exceeded`.
 */
export async function showEarnings(
  context: Pick<AdminContext, 'clock' | 'registry' | 'models' | 'earnings'>,
  input: z.output<typeof earningsInput>,
): Promise<Result<EarningsReport, Fault>> {
  const asked = readOperatorsEarningsQuestion(input, context.clock.nowMs());
  if (!asked.ok) return asked;
  const whose = input.of === undefined ? ok({}) : findOwner(context, input.of);
  if (!whose.ok) return whose;
  const question: EarningsQuestion = { ...asked.value, ...whose.value };
  const answer = await context.earnings.earnings(question);
  if (answer.ok) return ok(earningsReport(question, answer.value, earningsNames(context)));
  if (answer.error === 'busy') return failed(fault('rate_limit_exceeded'));
  const message = 'The report has too many rows. Ask for fewer days or fewer groups.';
  return failed(fault('invalid_request', { message, param: 'by' }));
}

/** A name that an account and a node have needs the id. */
function findOwner(
  { registry }: Pick<AdminContext, 'registry'>,
  reference: string,
): Result<{ accountId: string; nodeId?: string }, Fault> {
  const account = findAccount(registry.directory, reference);
  const node = findNode(registry.directory, reference);
  if (account.ok && node.ok) {
    const message = 'An account and a node have this name: give the id.';
    return failed(fault('invalid_request', { message, param: 'of' }));
  }
  if (account.ok) return ok({ accountId: account.value.id });
  if (node.ok) return ok({ accountId: node.value.node.accountId, nodeId: node.value.node.id });
  const isAmbiguous = [account.error, node.error].find(({ code }) => code !== 'not_found');
  const message = 'There is no account and no node of this id or name.';
  return failed(isAmbiguous ?? fault('not_found', { message, param: 'of' }));
}

/** Names of ids, and the shares of today's catalogue. */
export function earningsNames({
  registry: { directory },
  models,
}: {
  registry: Pick<AdminContext['registry'], 'directory'>;
  models: Pick<AdminContext['models'], 'find'>;
}): EarningsNames {
  return {
    node: (id) => directory.node(id)?.node.name,
    account: (id) => directory.account(id)?.name,
    shareBps: (id) => models.find(id)?.nodeShareBps,
  };
}
