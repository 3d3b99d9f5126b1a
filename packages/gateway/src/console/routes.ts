import type { Session } from '@switchyard/protocol/console/session.ts';
import type { RecordReader } from '../receipts/reader.ts';
import type { EarningsReader } from '../receipts/earnings.ts';
import { deploymentRows } from './deployments.ts';
import { earningsRows } from './earnings.ts';
import type { EventHub } from './event-hub.ts';
import { eventsRow } from './events.ts';
import { keyRows } from './keys.ts';
import { ledgerRows } from './ledger.ts';
import { memberRows } from './members.ts';
import { modelRow } from './models.ts';
import { nodeRows } from './nodes.ts';
import { operatorAccountDetailRows } from './operator-account.ts';
import { operatorAccountRows, type OperatorOverviewDeps } from './operator-accounts.ts';
import { operatorModelRows, type OperatorModelDeps } from './operator-models.ts';
import { operatorNodeRows } from './operator-nodes.ts';
import { operatorSiteRows, type OperatorSiteDeps } from './operator-site.ts';
import { type BalanceSources, overviewRow } from './overview.ts';
import type { PeopleMembers } from './people.ts';
import type { PeopleSessions } from '../people/person.ts';
import { personRows } from './person.ts';
import { type ReceiptSource, requestRow } from './request.ts';
import { requestRows } from './requests.ts';
import type { ConsoleRow } from './row.ts';
import { sessionRow } from './session.ts';
import { usageRows } from './usage.ts';

export type ConsoleDeps = BalanceSources & {
  site(): Session['site'];
  sessions: PeopleSessions;
  people: PeopleMembers;
  records: RecordReader & EarningsReader;
  receipts: ReceiptSource;
  operator: OperatorDeps;
  hub: EventHub;
};

export type OperatorDeps = OperatorOverviewDeps & OperatorSiteDeps & Pick<OperatorModelDeps, 'plan'>;

/** The flat table of the console: everything that the web app can ask for. */
export function consoleTable(deps: ConsoleDeps): ConsoleRow[] {
  return [
    sessionRow(deps.site),
    modelRow(),
    overviewRow(deps),
    ...usageRows(deps.records),
    ...requestRows(deps.records),
    requestRow(deps.receipts),
    ...ledgerRows(),
    ...keyRows(),
    ...nodeRows(),
    ...earningsRows(deps.records),
    ...deploymentRows(),
    ...memberRows(deps.people, deps.hub),
    ...personRows(deps.people, deps.hub),
    eventsRow(deps.hub, deps.sessions),
    ...operatorAccountRows(deps.operator),
    ...operatorAccountDetailRows(deps),
    ...operatorModelRows({ plan: deps.operator.plan, records: deps.records }),
    ...operatorNodeRows(),
    ...operatorSiteRows(deps.operator),
  ];
}
