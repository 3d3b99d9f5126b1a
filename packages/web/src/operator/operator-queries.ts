import { keepPreviousData, type QueryClient } from '@tanstack/react-query';
import type {
  AuditPage,
  ContentRules,
  Maintenance,
  OperatorAccount,
  OperatorAccounts,
  OperatorConfig,
  OperatorModels,
  OperatorNodes,
  OperatorOverview,
  OperatorUpstreams,
} from '@switchyard/protocol/console/operator.ts';
import type { KeysAnswer } from '@switchyard/protocol/console/keys.ts';
import type { MembersAnswer } from '@switchyard/protocol/console/members.ts';
import type { RequestsPage } from '@switchyard/protocol/console/requests.ts';
import { getJson, query } from '../api/client.ts';

/** The address of an operator's route; each part is put in as it is. */
export function operatorPath(...parts: readonly string[]): string {
  return `/api/console/operator/${parts.map(encodeURIComponent).join('/')}`;
}

type Asked = { signal: AbortSignal };

/** Figures of this moment are fetched again this often while their page is in view, others less often. */
const LIVE_MS = 3_000;
const SLOW_MS = 15_000;

function ofOperator<Answer>(name: OperatorQueryName, path: string, everyMs?: number) {
  return {
    queryKey: ['operator', name, path],
    queryFn: ({ signal }: Asked) => getJson<Answer>(path, signal),
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  };
}

type OperatorQueryName =
  | 'overview'
  | 'accounts'
  | 'models'
  | 'upstreams'
  | 'nodes'
  | 'content-rules'
  | 'audit'
  | 'config'
  | 'maintenance';

export const operatorOverviewQuery = ofOperator<OperatorOverview>(
  'overview',
  operatorPath('overview'),
  LIVE_MS,
);
export const operatorAccountsQuery = (ask: { search: string; cursor: string }, limit: number) => ({
  ...ofOperator<OperatorAccounts>('accounts', operatorPath('accounts') + query({ ...ask, limit }), SLOW_MS),
  placeholderData: keepPreviousData<OperatorAccounts>,
});
export const operatorAccountQuery = (account: string) =>
  ofOperator<OperatorAccount>('accounts', operatorPath('accounts', account), SLOW_MS);
/** What the account's members see of it: these three are of the same shapes. */
export const operatorKeysQuery = (account: string) =>
  ofOperator<KeysAnswer>('accounts', operatorPath('accounts', account, 'keys'));
export const operatorMembersQuery = (account: string) =>
  ofOperator<MembersAnswer>('accounts', operatorPath('accounts', account, 'members'));
export const operatorRequestsQuery = (account: string, cursor: string) => ({
  ...ofOperator<RequestsPage>('accounts', operatorPath('accounts', account, 'requests') + query({ cursor })),
  placeholderData: keepPreviousData<RequestsPage>,
});
export const operatorModelsQuery = ofOperator<OperatorModels>('models', operatorPath('models'), SLOW_MS);
export const operatorUpstreamsQuery = ofOperator<OperatorUpstreams>(
  'upstreams',
  operatorPath('upstreams'),
  LIVE_MS,
);
export const operatorNodesQuery = ofOperator<OperatorNodes>('nodes', operatorPath('nodes'), LIVE_MS);
export const contentRulesQuery = ofOperator<ContentRules>('content-rules', operatorPath('content-rules'));
export const configQuery = ofOperator<OperatorConfig>('config', operatorPath('config'));
export const maintenanceQuery = ofOperator<Maintenance>('maintenance', operatorPath('maintenance'), SLOW_MS);

export type AuditAsk = { cursor: string; actor: string; action: string; subject: string };
export const auditQuery = (ask: AuditAsk, limit: number) => ({
  ...ofOperator<AuditPage>('audit', operatorPath('audit') + query({ ...ask, limit })),
  placeholderData: keepPreviousData<AuditPage>,
});

/** Has those queries fetched again, and the overview and the audit log, which tell of every change. */
export async function refreshOperator(client: QueryClient, name: OperatorQueryName): Promise<void> {
  await Promise.all(
    [name, 'overview', 'audit'].map((one) => client.invalidateQueries({ queryKey: ['operator', one] })),
  );
}
