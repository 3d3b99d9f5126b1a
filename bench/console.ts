/**
 * The benchmark of the console API: what a person waits for while an account has a million receipts, and what a thousand
 * open pages cost. The real routes over HTTP and the real stores; only who is signed in is given. Prints a table. Nothing
 * here asserts a time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { createAccount } from '../packages/gateway/src/admin/accounts.ts';
import { openMaintenance } from '../packages/gateway/src/admin/maintenance.ts';
import { openAdminContext, type OpenedContext } from '../packages/gateway/src/cli/local-gateway.ts';
import type { Config } from '../packages/gateway/src/config/config.ts';
import { loadConfigText } from '../packages/gateway/src/config/load.ts';
import { type Console, openConsole } from '../packages/gateway/src/console/open-console.ts';
import type { PeopleMembers } from '../packages/gateway/src/console/people.ts';
import { systemClock as clock } from '../packages/gateway/src/core/clock.ts';
import { newId } from '../packages/gateway/src/core/ids.ts';
import { micros } from '../packages/gateway/src/core/money.ts';
import { createHttpServer } from '../packages/gateway/src/http/server.ts';
import type { Person } from '../packages/gateway/src/people/person.ts';
import { createReceiptSigner, newReceiptKeyPem } from '../packages/gateway/src/receipts/signing.ts';
import { keptReceipt } from '../packages/gateway/src/receipts/testing-receipts.ts';
import { createBatchWriter } from '../packages/gateway/src/store/sqlite/ledger/apply-batch.ts';
import { openForWriting } from '../packages/gateway/src/store/sqlite/ledger/connection.ts';
import { depositItem, resolveItem } from '../packages/gateway/src/store/sqlite/ledger/testing-items.ts';
import { openRecordReader } from '../packages/gateway/src/store/sqlite/ledger/usage-reader.ts';
import type { ReadersSettings } from './console-readers.ts';
import { monotonicMs } from './pacer.ts';

const { values } = parseArgs({
  options: {
    receipts: { type: 'string', default: '1000000' },
    asks: { type: 'string', default: '200' },
    streams: { type: 'string', default: '1000' },
  },
});
const DAY_MS = 86_400_000;
const BATCH = 5_000;
const DAYS = 30;
const print = (line: string) => void process.stdout.write(`${line}\n`);

const none = () => Promise.reject(new Error('nobody asks this'));
const NO_MEMBERS: PeopleMembers = {
  members: none,
  changeRole: none,
  removeMember: none,
  invitations: none,
  invite: none,
  withdrawInvitation: none,
  acceptInvitation: none,
  exportAccount: none,
  deleteAccount: none,
  askForEmail: none,
  confirmEmail: none,
  exportPerson: none,
  deletePerson: none,
};

const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-console-'));
try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const loaded = loadConfigText('{}', {
    name: 'bench.yaml',
    environment: {},
    overrides: { dataDir: folder },
    workingFolder: folder,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { config } = loaded.value;
  const first = await openContext(config);
  const accounts = await makeAccounts(first, Number(values.streams));
  await first.close();
  const [owner = ''] = accounts;
  seed(owner, Number(values.receipts));
  const opened = await openContext(config);
  await measure(config, opened, accounts);
  await opened.close();
}

async function openContext(config: Config): Promise<OpenedContext> {
  const opened = await openAdminContext({ config, clock, lockWaitMs: 0 });
  if (opened === undefined) throw new Error('the folder is in use');
  return opened;
}

async function makeAccounts({ context }: OpenedContext, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const made = await createAccount(context, { name: `bench ${number}`, role: 'person' });
    if (!made.ok) throw new Error(made.error.code);
    ids.push(made.value.id);
  }
  return ids;
}

/** A month of requests: 5 models and 8 keys, spread over all hours. */
function seed(accountId: string, count: number): void {
  const writer = openForWriting(join(folder, 'ledger.sqlite'));
  const write = createBatchWriter(writer, 1);
  write([depositItem(accountId, 1e12)]);
  const startMs = clock.nowMs() - DAYS * DAY_MS;
  const beganMs = monotonicMs();
  for (let from = 0; from < count; from += BATCH) {
    const items = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) =>
      resolveItem(
        keptReceipt({
          requestId: newId('req'),
          accountId,
          modelId: `model-${(from + index) % 5}`,
          keyId: `key_${(from + index) % 8}`,
          startedAtMs: Math.floor(startMs + ((from + index) / count) * DAYS * DAY_MS),
          heldMicros: micros(900),
          chargedMicros: micros(700),
        }),
      ),
    );
    write(items);
  }
  writer.close();
  print(`${count} receipts written in ${Math.round((monotonicMs() - beganMs) / 1_000)} s`);
}

async function measure(config: Config, { context, plan }: OpenedContext, accounts: string[]): Promise<void> {
  const records = openRecordReader({
    ledgerPath: join(folder, 'ledger.sqlite'),
    usagePath: join(folder, 'usage.sqlite'),
  });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  let port: number | undefined;
  const api = openConsole({
    // One person asks for a crowd.
    callRate: { refuse: () => undefined },
    config,
    admin: context,
    people: {
      sessions: { read: (headers) => Promise.resolve(personOf(headers['x-account'])) },
      members: NO_MEMBERS,
      onSessionEnd() {},
    },
    operator: {
      plan,
      maintenance: await openMaintenance(context.registry),
      upstreams: () => [],
      load: () => ({ running: 0, waiting: 0 }),
      lastFault: () => undefined,
      ledgerCheck: () => undefined,
      blocksPerDay: () => [],
      configValues: [],
    },
    records,
    // Not asked for here.
    receipts: {
      receiptOf: () => undefined,
      prices: { priceOf: () => Promise.resolve(undefined) },
      signer: createReceiptSigner(newReceiptKeyPem()),
    },
    keyLimits: { running: () => 0 },
    port: () => port,
    log,
  });
  const server = createHttpServer({
    config: { ...config.server, host: '127.0.0.1', port: 0 },
    routes: api.rows,
    handleUpgrade: () => undefined,
    log,
  });
  ({ port } = await server.listen());
  const origin = `http://127.0.0.1:${port}`;
  await measureAsks(origin, accounts[0] ?? '');
  await measureStreams(api, origin, accounts);
  api.close();
  await server.close();
  await records.close();
}

async function measureAsks(origin: string, account: string): Promise<void> {
  const ask = async (path: string): Promise<number> => {
    const beganMs = monotonicMs();
    const response = await fetch(`${origin}/api/console/accounts/${account}/${path}`, {
      headers: { 'x-account': account },
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return monotonicMs() - beganMs;
  };
  print(`first question (sums up all receipts once): ${Math.round(await ask('overview'))} ms`);
  print('| question | p50 ms | p95 ms |\n|---|---|---|');
  for (const path of [
    'overview',
    'usage?by=model',
    'usage?bucket=hour&by=key',
    'requests?limit=20',
    'requests?model=model-3',
    'ledger',
    'keys',
  ]) {
    const times: number[] = [];
    for (let count = 0; count < Number(values.asks); count += 1) times.push(await ask(path));
    times.sort((a, b) => a - b);
    const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
    print(`| ${path} | ${at(0.5)} | ${at(0.95)} |`);
  }
}

/** One page for each account; ends of requests are told to them in turn. Readers are in a thread of their own. */
async function measureStreams(api: Console, origin: string, accounts: string[]): Promise<void> {
  globalThis.gc?.();
  const memoryBefore = process.memoryUsage().heapUsed;
  const readers = new Worker(new URL('./console-readers.ts', import.meta.url), {
    workerData: { origin, accounts } satisfies ReadersSettings,
  });
  await once(readers, 'message');
  globalThis.gc?.();
  const memory = process.memoryUsage().heapUsed - memoryBefore;
  const rounds = 20;
  const before = process.threadCpuUsage();
  for (let round = 0; round < rounds; round += 1) {
    for (const accountId of accounts) api.requestEnded(keptReceipt({ accountId }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.threadCpuUsage(before);
  const events = rounds * accounts.length;
  const idleBefore = process.threadCpuUsage();
  await new Promise<void>((resolve) => void clock.after(5_000, resolve));
  const idle = process.threadCpuUsage(idleBefore);
  readers.postMessage('bytes');
  const [bytes] = (await once(readers, 'message')) as [number];
  print(`${accounts.length} streams: ${Math.round(memory / accounts.length / 1_024)} KB of heap each`);
  print(`${events} events: ${((user + system) / events).toFixed(1)} µs of CPU each, ${bytes} bytes read`);
  print(`without events: ${((idle.user + idle.system) / 50_000).toFixed(1)} % of one core`);
  await readers.terminate();
}

function personOf(account: unknown): Person | undefined {
  if (typeof account !== 'string') return undefined;
  return {
    id: `person_of_${account}`,
    email: 'bench@example.com',
    name: 'Bench',
    emailVerified: true,
    site: 'person',
    twoFactor: false,
    wallets: [],
    memberships: [{ accountId: account, role: 'owner' }],
    signedInAtMs: clock.nowMs(),
  };
}
