import type { Session } from '@switchyard/protocol/console/session.ts';
import type { RecordReader } from '../receipts/reader.ts';
import { deploymentRows } from './deployments.ts';
import type { EventHub } from './event-hub.ts';
import { eventsRow } from './events.ts';
import { keyRows } from './keys.ts';
import { ledgerRows } from './ledger.ts';
import { memberRows } from './members.ts';
import { modelRow } from './models.ts';
import { nodeRows } from './nodes.ts';
import { type BalanceSources, overviewRow } from './overview.ts';
import type { PeopleMembers } from './people.ts';
import type { PeopleSessions } from '../people/person.ts';
import { requestRows } from './requests.ts';
import type { ConsoleRow } from './row.ts';
import { sessionRow } from './session.ts';
import { usageRows } from './usage.ts';

export type ConsoleDeps = BalanceSources & {
  site(): Session['site'];
  sessions: PeopleSessions;
  people: PeopleMembers;
  records: RecordReader;
  hub: EventHub;
};

/** The flat table of the console: everything that the web app can ask for. */
export function consoleTable(deps: ConsoleDeps): ConsoleRow[] {
  return [
    sessionRow(deps.site),
    modelRow(),
    overviewRow(deps),
    ...usageRows(deps.records),
    ...requestRows(deps.records),
    ...ledgerRows(),
    ...keyRows(),
    ...nodeRows(),
    ...deploymentRows(),
    ...memberRows(deps.people),
    eventsRow(deps.hub, deps.sessions),
  ];
}
