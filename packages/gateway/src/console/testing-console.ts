import type { MemberRole } from '@switchyard/protocol/console/common.ts';
import { createAccount } from '../admin/accounts.ts';
import type { AdminContext } from '../admin/context.ts';
import { openMaintenance, type MaintenanceSwitch } from '../admin/maintenance.ts';
import { openTestGateway, type TestGateway } from '../cli/test-gateway.ts';
import { createHttpServer } from '../http/server.ts';
import type { Receipt } from '../ledger/ledger.ts';
import { micros } from '../core/money.ts';
import { openPriceBook } from '../receipts/price-book.ts';
import { createReceiptSigner, newReceiptKeyPem, type ReceiptJwkSet } from '../receipts/signing.ts';
import { openReceiptStore } from '../store/sqlite/ledger/read.ts';
import { openRecordReader } from '../store/sqlite/ledger/usage-reader.ts';
import { type OpenedPeople, openPeopleStore } from '../store/sqlite/people/open.ts';
import { createVirtualClock, type VirtualClock } from '../testing/virtual-clock.ts';
import { openConsole } from './open-console.ts';
import { createPeopleMembers } from './people-members.ts';
import type { ConsoleRow } from './row.ts';
import type { PeopleSessions, Person } from '../people/person.ts';

/** For the tests of this folder: the console over a real HTTP server and real stores; only sessions are in memory. */
export type ConsoleWorld = {
  clock: VirtualClock;
  gateway: TestGateway;
  /** What checks its receipts. */
  receiptKeys: ReceiptJwkSet;
  admin: AdminContext;
  origin: string;
  /** Who is signed in. What they may do in accounts is in the store. */
  people: Map<string, Person>;
  /** `Dana`, a developer of the account `Lab` unless told otherwise. */
  join(name: string, accountId: string, role: MemberRole, change?: Partial<Person>): Person;
  /** Takes a person out of all accounts, as if they had never been there. */
  drop(name: string): void;
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
  const kept = openPeopleStore(gateway.directory, clock);
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
    people: {
      sessions: sessionsOf(people, kept),
      members: createPeopleMembers(gateway.context.people.deps),
      onSessionEnd() {},
    },
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
      keepPerson(kept, person);
      return person;
    },
    drop: (name) => kept.store.deletePerson(`person_${name}`),
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
      kept.store.close();
      await gateway.dispose();
    },
  };
}

function sessionsOf(people: Map<string, Person>, { store }: OpenedPeople): PeopleSessions {
  return {
    read(headers) {
      const known = people.get(/person=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? '');
      if (known === undefined) return Promise.resolve(undefined);
      return Promise.resolve({ ...known, memberships: store.memberships(known.id) });
    },
  };
}

/** As if they had signed up and been invited. */
function keepPerson({ store, database }: OpenedPeople, person: Person): void {
  const { id, name, email, memberships } = person;
  database
    .prepare<string[]>(
      `INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
       VALUES (?, ?, ?, 1, '2026-01-01', '2026-01-01') ON CONFLICT DO NOTHING`,
    )
    .run(id, name, email);
  for (const { accountId } of store.memberships(id)) store.deleteMembership({ accountId, personId: id });
  for (const { accountId, role } of memberships)
    store.putMembership({ accountId, personId: id, role, sinceMs: 0 });
}
