import type { ContentRules } from '@switchyard/protocol/console/operator.ts';
import type { Session } from '@switchyard/protocol/console/session.ts';
import type { AdminContext } from '../admin/context.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../core/log.ts';
import { isThisMachine } from '../core/this-machine.ts';
import type { RouteRow } from '../http/routes.ts';
import type { Receipt } from '../ledger/ledger.ts';
import type { RunningRequests } from '../limits/key-limits.ts';
import { TERMS_VERSION } from '../safety/terms-version.ts';
import type { EarningsReader } from '../receipts/earnings.ts';
import type { RecordReader } from '../receipts/reader.ts';
import { type CallRate, createCallRate } from './call-rate.ts';
import { createEventHub } from './event-hub.ts';
import { eventSources } from './events.ts';
import type { PeopleMembers } from './people.ts';
import type { PeopleSessions } from '../people/person.ts';
import type { ReceiptSource } from './request.ts';
import { createRequestRate } from './request-rate.ts';
import { consoleTable, type OperatorDeps } from './routes.ts';
import type { ConsoleRow } from './row.ts';
import { serveRows } from './serve.ts';

export type ConsoleParts = {
  config: Pick<Config, 'accounts' | 'brand' | 'server' | 'people' | 'safety'>;
  admin: AdminContext;
  people: {
    sessions: PeopleSessions;
    members: PeopleMembers;
    /** Calls with the person whose session has ended before its time. */
    onSessionEnd(hear: (personId: string) => void): void;
  };
  records: RecordReader & EarningsReader;
  receipts: ReceiptSource;
  operator: Omit<OperatorDeps, 'rate' | 'onMaintenance' | 'contentRules'> & {
    /** Refused prompts by day. */
    blocksPerDay(): ContentRules['blocks'];
  };
  keyLimits: RunningRequests;
  /** The port in use. Undefined: not known yet. */
  port(): number | undefined;
  log: Pick<Log, 'error'>;
  /** Absent: the usual one. */
  callRate?: CallRate;
};

export type Console = {
  /** Who may ask what. */
  table: readonly ConsoleRow[];
  rows: RouteRow[];
  /** To be told of each request that has ended. */
  requestEnded(receipt: Receipt): void;
  /** Ends the streams of events. */
  close(): void;
};

/** Puts the console API together: its routes, and the events behind them. */
export function openConsole(parts: ConsoleParts): Console {
  const { config, admin, people, records, keyLimits, log } = parts;
  const balances = { keyLimits, lowBalanceMicros: config.accounts.lowBalanceMicros };
  const hub = createEventHub(eventSources(admin, balances));
  people.onSessionEnd((personId) => hub.sessionEnded(personId));
  const rate = createRequestRate(admin.clock);
  const table = consoleTable({
    ...balances,
    site: () => siteView(parts, ownOrigins(config.server, parts.port())),
    operator: {
      ...parts.operator,
      rate,
      onMaintenance: (message) => hub.notice({ code: 'maintenance', message }),
      contentRules: () => ({
        classifier: config.safety.classifier !== undefined,
        suspendAfterBlocks: config.safety.suspendAfterBlocks === 0 ? null : config.safety.suspendAfterBlocks,
        termsVersion: TERMS_VERSION,
        blocks: parts.operator.blocksPerDay(),
      }),
    },
    sessions: people.sessions,
    people: people.members,
    records,
    receipts: parts.receipts,
    hub,
  });
  const rows = serveRows(table, {
    admin,
    sessions: people.sessions,
    log,
    rate: parts.callRate ?? createCallRate(admin.clock),
    ownOrigins: () => ownOrigins(config.server, parts.port()),
    operatorsNeedTwoFactor: !isOwnMachineOnly(config.server),
  });
  return {
    table,
    rows,
    requestEnded(receipt) {
      rate.ended(receipt.end);
      hub.requestEnded(receipt);
    },
    close: () => hub.close(),
  };
}

type Server = Pick<Config['server'], 'host' | 'port' | 'publicUrl'>;

/** The origins of our own pages: the configured one, or the names of this machine. Never what a request says. */
function ownOrigins(server: Server, boundPort: number | undefined): readonly string[] {
  if (server.publicUrl !== undefined) return [new URL(server.publicUrl).origin];
  const port = boundPort ?? server.port;
  return [`http://localhost:${port}`, `http://127.0.0.1:${port}`, `http://[::1]:${port}`];
}

function isOwnMachineOnly({ host, publicUrl }: Server): boolean {
  return isThisMachine(publicUrl === undefined ? host : new URL(publicUrl).hostname);
}

function siteView(
  { config, operator }: Pick<ConsoleParts, 'config' | 'operator'>,
  origins: readonly string[],
): Session['site'] {
  return {
    signUp: config.people.signUp,
    methods: {
      password: true,
      passkey: true,
      oauth: config.people.oauth.map(({ name }) => name),
      wallet: config.people.wallet,
    },
    brand: config.brand.name,
    publicUrl: config.server.publicUrl ?? origins[0] ?? '',
    keyPrefix: config.brand.keyPrefix,
    // No way of payment is built yet: what the operator named is shown, and says so.
    topUps: config.accounts.topUps.map((method) => ({ method, ready: false })),
    freeCreditMicros: config.accounts.welcomeMicros,
    maintenance: operator.maintenance.state(),
  };
}
