import { z } from 'zod';
import type { KeyDirectory } from '../accounts/key-directory.ts';
import type { Deployment } from '../catalog/deployment.ts';
import { priceAt } from '../catalog/price-schedule.ts';
import { fault } from '../core/errors.ts';
import type { Fault } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import { failed, ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import { describeChange } from './audit-words.ts';
import type { AdminContext, DeploymentState } from './context.ts';
import { modelNameField, referenceField, remoteModelField, rowsField, tokenField } from './fields.ts';
import { findAccount, findDeployment, findNode, idsOf } from './lookup.ts';
import { priceView, type PriceView } from './models.ts';
import { timeView } from './views.ts';

export const addDeploymentInput = z.strictObject({
  account: referenceField(),
  name: modelNameField(),
  /** What the nodes call the model. Default: the name. */
  model: remoteModelField().optional(),
  /** Ids or names. Default: every private node of the account, those that come later, too. */
  nodes: z.array(referenceField()).min(1, 'must name a node').max(100).optional(),
});
export const deploymentInput = z.strictObject({
  deployment: tokenField(128),
  /** Two accounts may use one name. */
  account: referenceField().optional(),
});
export const listDeploymentsInput = z.strictObject({
  account: referenceField().optional(),
  limit: rowsField(),
});

export type DeploymentView = {
  id: string;
  name: string;
  account: { id: string; name: string };
  /** What the nodes call it. */
  model: string;
  /** Which nodes may serve it; null: every private node of the account. */
  nodes: { id: string; name: string }[] | null;
  /**
   * `hidden`: the catalogue has a model of this name, which is the one that requests get. `busy`: all slots are in use.
   * `unknown`: no gateway runs.
   */
  state: 'available' | 'busy' | 'offline' | 'hidden' | 'unknown';
  /** null while no node offers the model, or no gateway runs. */
  live: DeploymentLive | null;
  price: PriceView;
  createdAt: string;
};

export type DeploymentLive = {
  nodesOnline: number;
  slots: number;
  freeSlots: number;
  contextTokens: number;
  maxOutputTokens: number;
  capabilities: { tools: boolean; vision: boolean; thinking: boolean; jsonSchema: boolean };
};

/**
 * Gives an account's private nodes' model a name of its own. No name of the catalogue may be taken: it would never be
 * reached.
 * Errors: `not_found` (account, node), `invalid_request` (name in use, node of others or shared, too many).
 */
export async function addDeployment(
  context: AdminContext,
  input: z.output<typeof addDeploymentInput>,
): Promise<Result<DeploymentView, Fault>> {
  if (context.models.find(input.name) !== undefined) return failed(CATALOGUE_NAME);
  const made = await context.registry.change((directory) => {
    const account = findAccount(directory, input.account);
    if (!account.ok) return account;
    const accountId = account.value.id;
    if (directory.deployments.named(accountId, input.name) !== undefined) return failed(OWN_NAME);
    if (directory.deployments.list(accountId).length >= LIMITS.deploymentsPerAccountMax)
      return failed(TOO_MANY);
    const nodes = privateNodes(directory, accountId, input.nodes);
    if (!nodes.ok) return nodes;
    const deployment: Deployment = Object.freeze({
      id: newId('dep'),
      accountId,
      name: input.name,
      remoteModel: input.model ?? input.name,
      nodes: nodes.value,
      createdAtMs: context.clock.nowMs(),
    });
    const detail = `account ${accountId}`;
    const audit = { actor: context.actor, action: 'deployment.add', subject: deployment.id, detail };
    return ok({ changes: [{ type: 'put-deployment', deployment }], audit, value: deployment });
  });
  return made.ok ? ok(deploymentView(context, made.value)) : made;
}

/** The oldest first. `total` counts those beyond the limit too. Errors: `not_found`. */
export function listDeployments(
  context: AdminContext,
  input: z.output<typeof listDeploymentsInput>,
): Result<{ deployments: DeploymentView[]; total: number }, Fault> {
  const { directory } = context.registry;
  const account = input.account === undefined ? undefined : findAccount(directory, input.account);
  if (account?.ok === false) return account;
  const all = directory.deployments.list(account?.value.id);
  const shown = all.slice(0, input.limit).map((deployment) => deploymentView(context, deployment));
  return ok({ deployments: shown, total: all.length });
}

/** Errors: `not_found`, `invalid_request` (several accounts use the name). */
export function showDeployment(
  context: AdminContext,
  input: z.output<typeof deploymentInput>,
): Result<DeploymentView, Fault> {
  const found = findDeployment(context.registry.directory, input.deployment, input.account);
  return found.ok ? ok(deploymentView(context, found.value)) : found;
}

export const updateDeploymentInput = z.strictObject({
  deployment: tokenField(128),
  account: referenceField().optional(),
  model: remoteModelField().optional(),
  /** null: every private node of the account. */
  nodes: z.array(referenceField()).min(1, 'must name a node').max(100).nullish(),
});

/**
 * Changes what the nodes call the model, or which of them may serve it; the next request sees it.
 * Errors: `not_found`, `invalid_request` (node of others or shared, several accounts use the name).
 */
export async function updateDeployment(
  context: AdminContext,
  input: z.output<typeof updateDeploymentInput>,
): Promise<Result<DeploymentView, Fault>> {
  const made = await context.registry.change((directory) => {
    const found = findDeployment(directory, input.deployment, input.account);
    if (!found.ok) return found;
    const old = found.value;
    const nodes = privateNodes(directory, old.accountId, input.nodes ?? undefined);
    if (!nodes.ok) return nodes;
    const deployment: Deployment = Object.freeze({
      ...old,
      remoteModel: input.model ?? old.remoteModel,
      nodes: input.nodes === undefined ? old.nodes : nodes.value,
    });
    const audit = {
      actor: context.actor,
      action: 'deployment.update',
      subject: old.id,
      detail: describeChange(old, deployment),
    };
    return ok({ changes: [{ type: 'put-deployment', deployment }], audit, value: deployment });
  });
  return made.ok ? ok(deploymentView(context, made.value)) : made;
}

/**
 * Takes the name away: requests get 404 from now on, running ones end by themselves, receipts stay. Keys that list it
 * may not use a later one of the same name. Errors: `not_found`, `invalid_request` (several accounts use the name).
 */
export async function removeDeployment(
  context: AdminContext,
  input: z.output<typeof deploymentInput>,
): Promise<Result<DeploymentView, Fault>> {
  return context.registry.change((directory) => {
    const found = findDeployment(directory, input.deployment, input.account);
    if (!found.ok) return found;
    const { id, accountId } = found.value;
    const detail = `account ${accountId}`;
    const audit = { actor: context.actor, action: 'deployment.remove', subject: id, detail };
    const value = deploymentView(context, found.value);
    return ok({ changes: [{ type: 'delete-deployment', id }], audit, value });
  });
}

const CATALOGUE_NAME = fault('invalid_request', {
  message: 'The catalogue has a model of this name. Choose another one.',
  param: 'name',
});
const OWN_NAME = fault('invalid_request', {
  message: 'The account has a deployment of this name already.',
  param: 'name',
});
const TOO_MANY = fault('invalid_request', {
  message: `An account may have ${LIMITS.deploymentsPerAccountMax} deployments. Remove one that is not used any more.`,
  param: 'account',
});

const NOT_PRIVATE = fault('invalid_request', { message: 'Only private nodes serve deployments.' });

/** Ids of the account's own private nodes. A shared one works for others: it would mix their requests with these. */
function privateNodes(
  directory: KeyDirectory,
  accountId: string,
  references: readonly string[] | undefined,
): ReturnType<typeof idsOf> {
  return idsOf(references, 'nodes', (reference) => {
    const found = findNode(directory, reference, accountId);
    if (!found.ok) return found;
    const { node } = found.value;
    return node.kind === 'private' ? ok(node) : failed(NOT_PRIVATE);
  });
}

function deploymentView(context: AdminContext, deployment: Deployment): DeploymentView {
  const { directory } = context.registry;
  const { id, accountId, name, remoteModel, nodes } = deployment;
  const isHidden = context.models.find(name) !== undefined;
  const state = context.deployments.state(deployment);
  return {
    id,
    name,
    account: { id: accountId, name: directory.account(accountId)?.name ?? '' },
    model: remoteModel,
    nodes: nodes?.map((node) => ({ id: node, name: directory.node(node)?.node.name ?? '' })) ?? null,
    state: isHidden ? 'hidden' : stateOf(state),
    live: state === undefined || state.model.contextTokens === 0 ? null : liveView(state),
    price: priceView(priceAt(context.deployments, context.clock.nowMs())),
    createdAt: timeView(deployment.createdAtMs),
  };
}

function stateOf(state: DeploymentState | undefined): DeploymentView['state'] {
  if (state === undefined) return 'unknown';
  if (!state.available) return 'offline';
  return state.freeSlots === 0 ? 'busy' : 'available';
}

function liveView({ nodesOnline, slots, freeSlots, model }: DeploymentState): DeploymentLive {
  const { contextTokens, maxOutputTokens, capabilities } = model;
  return { nodesOnline, slots, freeSlots, contextTokens, maxOutputTokens, capabilities };
}
