import { ZERO_MICROS } from '../../core/money.ts';
import type { Caller, InferenceDeps } from '../../inference/deps.ts';
import { createIdempotency, type Idempotency } from '../../inference/idempotency.ts';
import { createNodeWork, type NodeWork } from '../../inference/node-work.ts';
import { startPulse } from '../../inference/serve-text.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { fault } from '../../core/errors.ts';
import { failed, ok } from '../../core/result.ts';
import { Roster } from '../../core/roster.ts';
import { createTrustBook } from '../../fleet/trust/trust-book.ts';
import type { Hold, Receipt } from '../../ledger/ledger.ts';
import { createLedger } from '../../ledger/memory-owner.ts';
import { createAddressGuard } from '../../limits/address-guard.ts';
import { createKeyLimits, type KeyLimits, type Permit } from '../../limits/key-limits.ts';
import { createWaitingQueue } from '../../routing/queue.ts';
import { createRouter } from '../../routing/router.ts';
import { createEngines, type Engines } from './engines.ts';
import type { BugFacts, PlantedBug } from './planted-bugs.ts';
import { createFlakyDisk, type FlakyDisk } from './flaky-disk.ts';
import type { Life } from './life.ts';
import { priceOf } from './price-oracle.ts';
import type { RequestRecord, Stage } from './stage.ts';
import { createWitness, type Witness } from './witness.ts';

/** Some of what is earned becomes payable before its world ends. */
const MATURITY_MS = 20_000;

/** A minute, as the documents say, and two ticks of the pulse. */
const DRAIN_MAX_MS = 62_000;

/** Stays the same over all starts, as the stored one does. */
const SECRET = Buffer.alloc(32, 7);

/** One run of the gateway: the real code from `serveText` down, between simulated engines, clients and a disk. */
export type GatewayProcess = {
  life: Life;
  deps: InferenceDeps;
  ledger: Witness;
  engines: Engines;
  disk: FlakyDisk;
  pulse: Timer;
  isAccepting: boolean;
  isRestartDue: boolean;
  openPermits(): number;
  /** What its ledger does about once a second. */
  sweep(): void;
};

/** Opens the store as a new process does and puts the parts together as `main.ts` does. */
export function startProcess(stage: Stage, life: Life): GatewayProcess {
  const { scheduler, random, trace, store, planted } = stage;
  const clock = scheduler.clockOf(life);
  const report = (problem: string): void => {
    if (life.alive) stage.report(problem);
  };
  const snapshot = store.boot(planted?.keepsHoldsAtStart ?? false);
  for (const requestId of store.holds.keys()) report(`the hold ${requestId} outlived its process`);

  const { habits, unknownCommits } = stage;
  const disk = createFlakyDisk({ store, scheduler, life, random, habits, trace, report, unknownCommits });
  const plain = createLedger({
    clock,
    snapshot,
    writer: planted?.writer?.(disk) ?? disk,
    onFailure: () => trace.note('the ledger stopped'),
  });
  const facts: BugFacts = {
    reportedOf: (requestId) => reportedOf(stage, requestId),
    presentPriceOf(requestId) {
      const record = stage.requests.get(requestId);
      return record === undefined ? undefined : priceOf(record.ask.model, clock.nowMs()).price;
    },
  };
  const ledger = createWitness({
    ledger: planted?.ledger?.(plain, facts) ?? plain,
    refund: plain.refund,
    snapshot,
    store,
    life,
    nowMs: clock.nowMs,
    report,
    onReserve({ requestId, amountMicros }) {
      const record = stage.requests.get(requestId);
      if (record !== undefined) record.holdMicros = amountMicros;
    },
    onResolve: (hold, wanted, receipt) => checkResolution(stage, { hold, wanted, receipt, report }),
  });

  const engines = createEngines({
    scheduler,
    life,
    random,
    trace,
    requestOf: (body) => recordOf(stage, body),
    ownerOf: (nodeId) => stage.people.nodes.get(nodeId),
    onTriedAgain: () => void (stage.stats.triedAgain += 1),
  });
  const router = createRouter(engines.fleet, engines.upstreams);
  const queue = createWaitingQueue(clock, router, { waitMs: 8_000, depthPerModel: 3 });
  engines.onCapacity(() => queue.capacityChanged());

  const limits = watchPermits(planted?.keyLimits?.(createKeyLimits(clock)) ?? createKeyLimits(clock), report);
  const deps: InferenceDeps = {
    clock,
    authenticate: (rawHeaders) => callerOf(stage, rawHeaders),
    resolveModel(_key, name) {
      const model = stage.people.models.get(name);
      return model === undefined ? failed('model_not_found') : ok(model);
    },
    defaultLimits: { requestsPerMinute: 600, concurrency: 50, accountConcurrency: 1_000 },
    lowBalanceMicros: ZERO_MICROS,
    addressGuard: createAddressGuard(clock, 1_000),
    keyLimits: limits.keyLimits,
    ledger: planted?.inference?.(ledger, facts) ?? ledger,
    idempotency: watchClaims(stage, planted),
    router,
    queue,
    nodeWork: nodeWorkOf(stage, clock),
    // Time is no bound here: what the oracle expects does not depend on how slow a target is.
    retry: { attempts: 3, budgetMs: Infinity },
    running: new Roster(),
    accepting: () => process.isAccepting,
    observer: {
      ended(receipt) {
        const record = stage.requests.get(receipt.requestId);
        if (!life.alive || record === undefined) return;
        record.endedCount += 1;
        trace.note(`${record.id} ended ${receipt.end} ${receipt.chargedMicros}`);
        if (receipt.attempts > 1) stage.stats.retried += 1;
      },
      balanceIsLow: () => undefined,
      refused({ requestId, code }) {
        if (!life.alive) return;
        stage.stats.refused += 1;
        trace.note(`${requestId} refused ${code}`);
      },
      attemptFailed: ({ requestId, cause }) => trace.note(`${requestId} lost a try: ${cause}`),
    },
  };
  const process: GatewayProcess = {
    life,
    deps,
    ledger,
    engines,
    disk,
    pulse: startPulse(clock, deps.running),
    isAccepting: true,
    isRestartDue: false,
    openPermits: limits.openPermits,
    sweep: () => void plain.sweep(),
  };
  return process;
}

/** The real rules of what nodes earn and are believed, over a store that keeps nothing. */
function nodeWorkOf(stage: Stage, clock: Clock): NodeWork {
  const ownershipOf = (nodeId: string) => stage.people.nodes.get(nodeId);
  const nothing = () => Promise.resolve();
  const book = createTrustBook({
    clock,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    store: {
      load: () => Promise.reject(new Error('nothing is kept')),
      saveRecords: nothing,
      saveSanctions: nothing,
    },
    snapshot: { records: new Map(), sanctions: [], calibration: undefined },
    ownershipOf,
    promotion: { jobs: 100, hours: 72 },
    onBan: () => undefined,
    onPardon: () => undefined,
  });
  return createNodeWork({
    book,
    ownershipOf,
    maturity: { maturityMs: 0, probationMs: MATURITY_MS },
    canaries: undefined,
  });
}

/** Compares what inference asks of the ledger with what the oracle says that this request must cost. */
function checkResolution(
  stage: Stage,
  about: { hold: Hold; wanted: number; receipt: Receipt; report: (problem: string) => void },
): void {
  const { hold, wanted, receipt, report } = about;
  const record = stage.requests.get(hold.requestId);
  if (record === undefined) return;
  record.isResolved = true;
  if (receipt.priceVersion !== record.price.version)
    report(`${hold.requestId}: has price ${receipt.priceVersion}, was held by ${record.price.version}`);
  const expected = record.oracle.resolved();
  if (expected === undefined) {
    report(`${hold.requestId}: resolved as ${receipt.end} while a target works on it`);
    return;
  }
  const { end, chargeMicros, targets, source, usage } = expected;
  const { goneAtMs } = record;
  if (goneAtMs !== undefined && stage.scheduler.nowMs() - goneAtMs > DRAIN_MAX_MS) {
    report(`${hold.requestId}: was drained for too long`);
  }
  if (receipt.end !== end) report(`${hold.requestId}: ended as ${receipt.end}, must be ${end}`);
  if (wanted !== chargeMicros)
    report(`${hold.requestId}: charged ${wanted} for ${end}, must be ${chargeMicros}`);
  if (receipt.attempts !== targets)
    report(`${hold.requestId}: ${receipt.attempts} targets, must be ${targets}`);
  if (chargeMicros === 0) return;
  const isUsageSame = JSON.stringify(sorted(receipt.usage)) === JSON.stringify(sorted(usage));
  if (receipt.usageSource !== source || !isUsageSame)
    report(`${hold.requestId}: the receipt's usage is not the charged one`);
}

function sorted(usage: object | undefined): [string, unknown][] {
  return Object.entries(usage ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function recordOf(stage: Stage, body: Buffer): RequestRecord {
  const record = stage.requestsByBody.get(body);
  if (record === undefined) throw new Error('an engine was asked with bytes that no client sent');
  return record;
}

function reportedOf(stage: Stage, requestId: string): ReturnType<BugFacts['reportedOf']> {
  const price = stage.requests.get(requestId)?.price.price;
  const usage = stage.requests.get(requestId)?.oracle.reported();
  return price === undefined || usage === undefined ? undefined : { price, usage };
}

function callerOf(stage: Stage, rawHeaders: readonly string[]): ReturnType<InferenceDeps['authenticate']> {
  const caller: Caller | undefined = stage.people.keys.get((rawHeaders[1] ?? '').replace('Bearer ', ''));
  return caller === undefined ? failed(fault('invalid_api_key')) : ok(caller);
}

/** Notes under which id a request runs. */
function watchClaims(stage: Stage, planted: PlantedBug | undefined): Idempotency {
  const idempotency = createIdempotency({
    secret: SECRET,
    receiptOf(accountId, requestId) {
      const receipt = planted?.forgetsReceipts === true ? undefined : stage.store.receipts.get(requestId);
      return receipt?.accountId === accountId ? receipt : undefined;
    },
  });
  return {
    claim(ask) {
      const claim = idempotency.claim(ask);
      const record = recordOf(stage, ask.body);
      if (!claim.ok) return claim;
      record.id = claim.value.requestId;
      stage.requests.set(record.id, record);
      return claim;
    },
  };
}

/** Counts the places that are taken and not given back, and refuses to believe a wrong refusal. */
function watchPermits(
  keyLimits: KeyLimits,
  report: (problem: string) => void,
): { keyLimits: KeyLimits; openPermits: () => number } {
  const running = new Map<string, number>();
  let open = 0;

  function add(keyId: string, change: 1 | -1): void {
    running.set(keyId, (running.get(keyId) ?? 0) + change);
    open += change;
  }

  function watched(keyId: string, permit: Permit): Permit {
    let isOpen = true;
    add(keyId, 1);
    const give = (how: 'release' | 'refund') => () => {
      if (isOpen) add(keyId, -1);
      isOpen = false;
      permit[how]();
    };
    return { release: give('release'), refund: give('refund') };
  }

  return {
    openPermits: () => open,
    keyLimits: {
      admit(who, limits) {
        const { keyId } = who;
        const { result, window } = keyLimits.admit(who, limits);
        const isFull = (running.get(keyId) ?? 0) >= limits.concurrency;
        const saysFull = !result.ok && result.error.code === 'concurrency_limit_exceeded';
        if (isFull ? result.ok : saysFull) report(`${keyId}: its places are counted wrongly`);
        return { result: result.ok ? ok(watched(keyId, result.value)) : result, window };
      },
    },
  };
}
