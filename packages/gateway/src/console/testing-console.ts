import type { IncomingHttpHeaders } from 'node:http';
import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import { createAccount } from '../admin/accounts.ts';
import type { AdminContext } from '../admin/context.ts';
import { openMaintenance, type MaintenanceSwitch } from '../admin/maintenance.ts';
import { openTestGateway, type TestGateway } from '../cli/test-gateway.ts';
import { createHttpServer } from '../http/server.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { micros } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { fault, type Fault } from '../core/errors.ts';
import { openPriceBook } from '../receipts/price-book.ts';
import { createReceiptSigner, newReceiptKeyPem, type ReceiptJwkSet } from '../receipts/signing.ts';
import { openReceiptStore } from '../store/sqlite/ledger/read.ts';
import { openRecordReader } from '../store/sqlite/ledger/usage-reader.ts';
import { createVirtualClock, type VirtualClock } from '../testing/virtual-clock.ts';
import { openConsole } from './open-console.ts';
import type { PeopleMembers } from './people.ts';
import type { ConsoleRow } from './row.ts';
import type { Person } from '../people/person.ts';

/** For the tests of this folder: the console over a real HTTP server and real stores, with people in memory. */
export type ConsoleWorld = {
  clock: VirtualClock;
  gateway: TestGateway;
  /** What checks its receipts. */
  receiptKeys: ReceiptJwkSet;
  admin: AdminContext;
  origin: string;
  people: Map<string, Person>;
  /** `Dana`, a developer of the account `Lab` unless told otherwise. */
  join(name: string, accountId: string, role: MemberRole, change?: Partial<Person>): Person;
  newAccount(name: string): Promise<string>;
  /** As the page of a person would, from our own origin. */
  call(who: string | undefined, method: string, path: string, body?: unknown): Promise<Answer>;
  table: readonly ConsoleRow[];
  requestEnded(receipt: Receipt): void;
  maintenance: MaintenanceSwitch;
  close(): Promise<void>;
};

export type Answer = { status: number; json: unknown; text: string; headers: Headers };

export async function openConsoleWorld(): Promise<ConsoleWorld> {
  const clock = createVirtualClock();
  const gateway = await openTestGateway(clock);
  const people = new Map<string, Person>();
  const records = openRecordReader({
    ledgerPath: `${gateway.directory}/ledger.sqlite`,
    usagePath: `${gateway.directory}/usage.sqlite`,
  });
  const receipts = openReceiptStore(`${gateway.directory}/ledger.sqlite`);
  const prices = await openPriceBook(gateway.context.registry, gateway.context.models.all());
  const signer = createReceiptSigner(newReceiptKeyPem());
  let port: number | undefined;
  const config = {
    accounts: {
      welcomeMicros: micros(1_000_000),
      lowBalanceMicros: micros(500_000),
      topUps: ['card' as const],
    },
    brand: { name: 'Acme', keyPrefix: 'acme' },
    people: {
      signUp: 'open' as const,
      requireVerifiedEmail: false,
      sessionMs: 86_400_000,
      freeCreditsPerAddress: 3,
      refusedEmailDomains: [],
      secret: undefined,
      wallet: false,
      oauth: [],
      smtp: undefined,
    },
    safety: { classifier: undefined, suspendAfterBlocks: 0 },
    server: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: undefined,
      trustedProxies: [],
      chatBodyMaxBytes: 1_000_000,
      drainMs: 1_000,
      drainDelayMs: 0,
      metrics: { enabled: false, token: undefined },
    },
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const maintenance = await openMaintenance(gateway.context.registry);
  const consoleApi = openConsole({
    config,
    admin: gateway.context,
    people: { sessions: sessionsOf(people), members: membersOf(people), onSessionEnd() {} },
    records,
    receipts: { receiptOf: (account, id) => receipts.byId(account, id), prices, signer },
    operator: {
      plan: gateway.plan,
      maintenance,
      upstreams: () => [
        {
          name: 'provider',
          keys: { ready: 1, resting: 0, 'set-aside': 1 },
          breakers: [{ model: 'big', phase: 'open' }],
        },
      ],
      lastFault: () => ({ atMs: 0, cause: 'timeout' }),
      load: () => ({ running: 0, waiting: 0 }),
      ledgerCheck: () => ({ atMs: clock.nowMs(), state: 'sound', sum: { micros: 0, transfers: 7 } }),
      blocksPerDay: () => [{ day: '2026-11-20', blocks: 2 }],
      configValues: [{ path: 'server.port', value: '0', source: 'default' }],
    },
    keyLimits: { running: () => 0 },
    port: () => port,
    log,
  });
  const server = createHttpServer({
    config: config.server,
    routes: consoleApi.rows,
    handleUpgrade() {},
    log,
  });
  ({ port } = await server.listen());
  const origin = `http://127.0.0.1:${port}`;
  return {
    clock,
    gateway,
    receiptKeys: signer.jwks,
    admin: gateway.context,
    origin,
    people,
    maintenance,
    table: consoleApi.table,
    requestEnded: consoleApi.requestEnded,
    join(name, accountId, role, change = {}) {
      const known = people.get(name);
      const person: Person = {
        id: `person_${name}`,
        email: `${name}@example.com`,
        name,
        emailVerified: true,
        site: 'person',
        twoFactor: false,
        wallets: [],
        memberships: [...(known?.memberships ?? []), { accountId, role }],
        signedInAtMs: clock.nowMs(),
        ...change,
      };
      people.set(name, person);
      return person;
    },
    async newAccount(name) {
      const made = await createAccount(gateway.context, { name, role: 'person' });
      if (!made.ok) throw new Error(made.error.code);
      return made.value.id;
    },
    async call(who, method, path, body) {
      const response = await fetch(`${origin}${path}`, {
        method,
        headers: {
          ...(who === undefined ? {} : { cookie: `person=${who}` }),
          ...(method === 'GET' ? {} : { origin }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return {
        status: response.status,
        text,
        json: isJson ? (JSON.parse(text) as unknown) : undefined,
        headers: response.headers,
      };
    },
    async close() {
      consoleApi.close();
      await server.close();
      await records.close();
      receipts.close();
      await gateway.dispose();
    },
  };
}

function sessionsOf(people: Map<string, Person>) {
  return {
    read: (headers: IncomingHttpHeaders) =>
      Promise.resolve(people.get(/person=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? '')),
  };
}

/** Roles and leaving are real, mail and export are not. */
function membersOf(people: Map<string, Person>): PeopleMembers {
  const viewOf = (person: Person, role: MemberRole) => ({
    personId: person.id,
    name: person.name,
    email: person.email,
    role,
    since: '2026-01-01T00:00:00.000Z',
  });
  return {
    ...NO_MEMBERS,
    members: (accountId) =>
      Promise.resolve(
        [...people.values()].flatMap((person) =>
          person.memberships.flatMap((one) =>
            one.accountId === accountId ? [viewOf(person, one.role)] : [],
          ),
        ),
      ),
    removeMember(accountId, { personId }) {
      for (const person of people.values()) {
        if (person.id !== personId) continue;
        person.memberships = person.memberships.filter((one) => one.accountId !== accountId);
        return Promise.resolve(ok(undefined));
      }
      return Promise.resolve(failed(fault('not_found')));
    },
  };
}

/** What the tests of this folder do not need: it has its own in `people/`. */
const NO_MEMBERS: PeopleMembers = {
  members: () => Promise.resolve([]),
  invitations: () => Promise.resolve([]),
  exportAccount: refuse,
  changeRole: refuse,
  removeMember: refuse,
  invite: refuse,
  withdrawInvitation: refuse,
  acceptInvitation: refuse,
  askForEmail: () => Promise.resolve(ok(undefined)),
  confirmEmail: refuse,
  deleteAccount: refuse,
  exportPerson: (person) => Promise.resolve(ok({ person: { email: person.email } })),
  deletePerson: () => Promise.resolve(ok(undefined)),
};

function refuse(): Promise<Result<never, Fault>> {
  return Promise.resolve(failed(fault('not_found')));
}
