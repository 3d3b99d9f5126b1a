import type { QueryClient } from '@tanstack/react-query';
import type { DeploymentsAnswer } from '@switchyard/protocol/console/deployments.ts';
import type { KeysAnswer } from '@switchyard/protocol/console/keys.ts';
import type { LedgerPage } from '@switchyard/protocol/console/ledger.ts';
import type { InvitationsAnswer, MembersAnswer } from '@switchyard/protocol/console/members.ts';
import type { ModelsAnswer } from '@switchyard/protocol/console/models.ts';
import type { EarningsAnswer, NodeDetail, NodesAnswer } from '@switchyard/protocol/console/nodes.ts';
import type { Overview } from '@switchyard/protocol/console/overview.ts';
import type { RequestDetail, RequestsPage } from '@switchyard/protocol/console/requests.ts';
import type { Session } from '@switchyard/protocol/console/session.ts';
import type { UsageAnswer } from '@switchyard/protocol/console/usage.ts';
import { accountPath, getJson, query } from './client.ts';

/** Key and function of every query, so that what the live stream changes is found under one name. */

export const sessionQuery = {
  queryKey: ['session'],
  queryFn: ({ signal }: Asked) => getJson<Session>('/api/console/session', signal),
};

export const modelsQuery = {
  queryKey: ['models'],
  queryFn: ({ signal }: Asked) => getJson<ModelsAnswer>('/api/console/models', signal),
};

type Asked = { signal: AbortSignal };

/** A query of an account: `name` is what the live stream and changes name to have it fetched again. */
function ofAccount<Answer>(account: string, name: string, path: string) {
  return {
    queryKey: [account, name, path],
    queryFn: ({ signal }: Asked) => getJson<Answer>(accountPath(account, path), signal),
  };
}

export const overviewQuery = (account: string) => ofAccount<Overview>(account, 'overview', 'overview');
export const keysQuery = (account: string) => ofAccount<KeysAnswer>(account, 'keys', 'keys');
export const membersQuery = (account: string) => ofAccount<MembersAnswer>(account, 'members', 'members');
export const invitationsQuery = (account: string) =>
  ofAccount<InvitationsAnswer>(account, 'invitations', 'invitations');
export const nodesQuery = (account: string) => ofAccount<NodesAnswer>(account, 'nodes', 'nodes');
export const nodeQuery = (account: string, node: string) =>
  ofAccount<NodeDetail>(account, 'nodes', `nodes/${encodeURIComponent(node)}`);
export const deploymentsQuery = (account: string) =>
  ofAccount<DeploymentsAnswer>(account, 'deployments', 'deployments');

export type UsageAsk = {
  from: string;
  to: string;
  bucket: 'hour' | 'day';
  by: 'model' | 'key' | 'member' | '';
};
export const usageQuery = (account: string, ask: UsageAsk) =>
  ofAccount<UsageAnswer>(account, 'usage', `usage${query(ask)}`);

export type RequestsAsk = { cursor?: string; limit?: number; model?: string; key?: string; status?: string };
export const requestsQuery = (account: string, ask: RequestsAsk) =>
  ofAccount<RequestsPage>(account, 'requests', `requests${query(ask)}`);

export const requestQuery = (account: string, id: string) =>
  ofAccount<RequestDetail>(account, 'request', `requests/${encodeURIComponent(id)}`);

export const ledgerQuery = (account: string, ask: { cursor: string; kind: string }) =>
  ofAccount<LedgerPage>(account, 'ledger', `ledger${query(ask)}`);
export const earningsQuery = (account: string, by: 'node' | 'day') =>
  ofAccount<EarningsAnswer>(account, 'earnings', `earnings${query({ by })}`);

type AccountQueryName =
  | 'overview'
  | 'usage'
  | 'requests'
  | 'ledger'
  | 'keys'
  | 'members'
  | 'invitations'
  | 'nodes'
  | 'deployments'
  | 'earnings';

/** Has those queries fetched again; those that no page shows wait until one does. */
export async function refresh(
  client: QueryClient,
  account: string,
  names: readonly AccountQueryName[],
): Promise<void> {
  await Promise.all(names.map((name) => client.invalidateQueries({ queryKey: [account, name] })));
}
