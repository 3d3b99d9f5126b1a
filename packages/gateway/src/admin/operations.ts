import { z } from 'zod';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import {
  accountInput,
  createAccount,
  createAccountInput,
  listAccounts,
  listAccountsInput,
  resumeAccount,
  showAccount,
  suspendAccount,
} from './accounts.ts';
import type { AdminContext } from './context.ts';
import { creditHistory, creditHistoryInput } from './credit-history.ts';
import {
  allowanceInput,
  giveAllowance,
  refundCreditInput,
  refundRequest,
  transferCredit,
  transferCreditInput,
} from './credit-moves.ts';
import { addCredit, addCreditInput, balanceInput, showBalance } from './credit.ts';
import {
  addDeployment,
  addDeploymentInput,
  deploymentInput,
  listDeployments,
  listDeploymentsInput,
  removeDeployment,
  showDeployment,
} from './deployments.ts';
import { earningsInput, showEarnings } from './earnings.ts';
import {
  createKey,
  createKeyInput,
  keyInput,
  listKeys,
  listKeysInput,
  revokeKey,
  rotateKey,
  showKey,
  updateKey,
  updateKeyInput,
} from './keys.ts';
import { listMembersInput, memberLimitsInput, setMemberLimits, showMembers } from './members.ts';
import { listModels, listModelsInput, modelInput, showModel } from './models.ts';
import {
  addNode,
  addNodeInput,
  listNodes,
  listNodesInput,
  nodeInput,
  removeNode,
  resumeNode,
  rotateNode,
  showNode,
  suspendNode,
  suspendNodeInput,
} from './nodes.ts';
import {
  listPeople,
  listPeopleInput,
  makePersonOperator,
  operatorLink,
  operatorLinkInput,
  personInput,
  removePerson,
  resetLink,
  showPerson,
} from './people.ts';
import { listAudit, listAuditInput, listReceipts, listReceiptsInput } from './records.ts';
import { listSanctions, listSanctionsInput, pardon, pardonInput } from './trust.ts';

/** One use case as it is reached from outside: where, with what input, and what it runs. */
type Operation<Schema extends z.ZodType, Output> = {
  method: 'GET' | 'POST';
  path: string;
  input: Schema;
  run(context: AdminContext, input: z.output<Schema>): Result<Output, Fault> | Promise<Result<Output, Fault>>;
};

/**
 * Every use case of the operator, by name. The admin socket serves this table; the command line calls the same table
 * when no gateway runs. Both check inputs with the row's schema, so nothing gets past it.
 * All of them take a JSON body and so all are POST, but for the one that takes nothing.
 */
export const OPERATIONS = {
  'account.create': post('/v1/accounts/create', createAccountInput, createAccount),
  'account.list': post('/v1/accounts/list', listAccountsInput, listAccounts),
  'account.show': post('/v1/accounts/show', accountInput, showAccount),
  'account.suspend': post('/v1/accounts/suspend', accountInput, suspendAccount),
  'account.resume': post('/v1/accounts/resume', accountInput, resumeAccount),
  'key.create': post('/v1/keys/create', createKeyInput, createKey),
  'key.list': post('/v1/keys/list', listKeysInput, listKeys),
  'key.show': post('/v1/keys/show', keyInput, showKey),
  'key.update': post('/v1/keys/update', updateKeyInput, updateKey),
  'key.rotate': post('/v1/keys/rotate', keyInput, rotateKey),
  'key.revoke': post('/v1/keys/revoke', keyInput, revokeKey),
  'member.list': post('/v1/members/list', listMembersInput, showMembers),
  'member.limit': post('/v1/members/limit', memberLimitsInput, setMemberLimits),
  'credit.add': post('/v1/credit/add', addCreditInput, addCredit),
  'credit.transfer': post('/v1/credit/transfer', transferCreditInput, transferCredit),
  'credit.refund': post('/v1/credit/refund', refundCreditInput, refundRequest),
  'credit.allowance': post('/v1/credit/allowance', allowanceInput, giveAllowance),
  'credit.history': post('/v1/credit/history', creditHistoryInput, creditHistory),
  'credit.balance': post('/v1/credit/balance', balanceInput, showBalance),
  'earning.show': post('/v1/earnings/show', earningsInput, showEarnings),
  'model.list': post('/v1/models/list', listModelsInput, listModels),
  'model.show': post('/v1/models/show', modelInput, showModel),
  'deployment.add': post('/v1/deployments/add', addDeploymentInput, addDeployment),
  'deployment.list': post('/v1/deployments/list', listDeploymentsInput, listDeployments),
  'deployment.show': post('/v1/deployments/show', deploymentInput, showDeployment),
  'deployment.remove': post('/v1/deployments/remove', deploymentInput, removeDeployment),
  'node.add': post('/v1/nodes/add', addNodeInput, addNode),
  'node.list': post('/v1/nodes/list', listNodesInput, listNodes),
  'node.show': post('/v1/nodes/show', nodeInput, showNode),
  'node.suspend': post('/v1/nodes/suspend', suspendNodeInput, suspendNode),
  'node.resume': post('/v1/nodes/resume', nodeInput, resumeNode),
  'node.rotate': post('/v1/nodes/rotate', nodeInput, rotateNode),
  'node.remove': post('/v1/nodes/remove', nodeInput, removeNode),
  'node.sanctions': post('/v1/nodes/sanctions', listSanctionsInput, listSanctions),
  'node.pardon': post('/v1/nodes/pardon', pardonInput, pardon),
  'person.list': post('/v1/persons/list', listPeopleInput, listPeople),
  'person.show': post('/v1/persons/show', personInput, showPerson),
  'person.remove': post('/v1/persons/remove', personInput, removePerson),
  'person.make-operator': post('/v1/persons/make-operator', personInput, makePersonOperator),
  'person.reset-link': post('/v1/persons/reset-link', personInput, resetLink),
  'operator.link': post('/v1/operators/link', operatorLinkInput, operatorLink),
  'receipt.list': post('/v1/receipts/list', listReceiptsInput, listReceipts),
  'audit.list': post('/v1/audit/list', listAuditInput, listAudit),
  'server.status': { method: 'GET', path: '/v1/status', input: z.strictObject({}), run: showStatus },
} satisfies Record<string, Operation<z.ZodType, unknown>>;

type Operations = typeof OPERATIONS;
export type OperationName = keyof Operations;
export type OperationInput<Name extends OperationName> = z.input<Operations[Name]['input']>;
export type OperationOutput<Name extends OperationName> = Value<Awaited<ReturnType<Operations[Name]['run']>>>;
type Value<Outcome> = Outcome extends { ok: true; value: infer Inner } ? Inner : never;

/**
 * Checks the input and runs one use case.
 * Errors: `invalid_request` with the path of the field at fault, and those of the use case. Rejects when a store fails.
 */
export async function runOperation(
  context: AdminContext,
  name: OperationName,
  input: unknown,
): Promise<Result<unknown, Fault>> {
  const operation = OPERATIONS[name] as Operation<z.ZodType, unknown>;
  const parsed = operation.input.safeParse(input);
  if (!parsed.success) return failed(inputFault(parsed.error));
  return operation.run(context, parsed.data);
}

export type StatusView = {
  accounts: number;
  keys: number;
  nodes: number;
  nodesOnline: number;
  ledgerHealthy: boolean;
};

function showStatus(context: AdminContext): Result<StatusView, Fault> {
  const { directory } = context.registry;
  return ok({
    accounts: directory.accounts().length,
    keys: directory.keys().filter(({ identity }) => identity.key.revokedAtMs === undefined).length,
    nodes: directory.nodes().filter(({ node }) => node.revokedAtMs === undefined).length,
    nodesOnline: context.fleet?.nodes().length ?? 0,
    ledgerHealthy: context.ledger.healthy(),
  });
}

/** Names the field and the rule. Unknown keys are not repeated: they could hold anything. */
export function inputFault(error: z.ZodError): Fault {
  const issue = error.issues[0];
  if (issue === undefined) return fault('invalid_request');
  const param = issue.path.map(String).join('.');
  const rule = issue.code === 'unrecognized_keys' ? 'has a field that is not known here' : issue.message;
  const message =
    param === '' ? `The input is not valid: ${rule}.` : `The field "${param}" is not valid: ${rule}.`;
  return fault('invalid_request', param === '' ? { message } : { message, param });
}

function post<Schema extends z.ZodType, Output>(
  path: string,
  input: Schema,
  run: Operation<Schema, Output>['run'],
): Operation<Schema, Output> {
  return { method: 'POST', path, input, run };
}
