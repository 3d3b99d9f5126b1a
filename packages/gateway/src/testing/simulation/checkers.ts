import type { DurableStore } from './durable-store.ts';
import { sawWholeAnswer } from './clients.ts';
import type { GatewayProcess } from './gateway-process.ts';
import type { RequestRecord, Stage } from './stage.ts';

/** What must hold after each step of a living process. */
export function checkStep(stage: Stage, process: GatewayProcess): void {
  const { deps, ledger, engines, disk } = process;
  ledger.checkBalances();
  if (stage.looksAtKeys) ledger.checkKeys();
  if (process.openPermits() !== deps.running.size) {
    stage.report(`${deps.running.size} requests run with ${process.openPermits()} places of their keys`);
  }
  const forgotten = engines.forgottenCount();
  if (forgotten > 0) stage.report(`${forgotten} targets work for nobody`);
  if (disk.hasFailed()) checkFailure(stage, process);
}

/** A disk that failed leaves nobody waiting for it. */
function checkFailure(stage: Stage, { ledger, life }: GatewayProcess): void {
  if (ledger.healthy()) stage.report('the disk has failed and the ledger goes on');
  for (const { id, epoch, isResolved, endedCount } of stage.requestsByBody.values()) {
    if (epoch === life.epoch && isResolved && endedCount === 0)
      stage.report(`${id}: waits for a disk that has failed`);
  }
}

/** What must hold when nothing goes on any more. */
export function checkRest(stage: Stage, process: GatewayProcess): void {
  const { deps, ledger, engines, life } = process;
  ledger.checkKeys();
  const left: [what: string, count: number][] = [
    ['requests still run', deps.running.size],
    ['requests still wait', deps.queue.length()],
    ['places of keys are still taken', process.openPermits()],
    ['holds are still open', ledger.openHolds()],
    ['targets still work', engines.busyCount()],
    ['slots are still taken', engines.takenSlots()],
    ['timers are left besides the pulse', life.timers - 1],
    ['holds are left on the disk', stage.store.holds.size],
  ];
  for (const [what, count] of left) if (count !== 0) stage.report(`at rest ${count} ${what}`);
  for (const { accountId, paidMicros, promoMicros, spentMicros } of stage.store.boot(true).accounts) {
    const told = ledger.balance(accountId);
    const isSame =
      told.paidMicros === paidMicros && told.promoMicros === promoMicros && told.spentMicros === spentMicros;
    if (!isSame || told.heldMicros !== 0) stage.report(`at rest memory and disk differ on ${accountId}`);
  }
}

/** What must hold of the whole story, looking only at the disk and at what clients saw. */
export function checkStory(stage: Stage): void {
  checkBooks(stage.store, stage.report);
  checkTransfers(stage);
  checkReceipts(stage);
  checkEarnings(stage);
  for (const record of stage.requestsByBody.values()) checkRequest(stage, record);
  checkOrders(stage);
}

/** Debits equal credits, counters equal the sums of the rows, nobody is below zero. */
function checkBooks(store: DurableStore, report: (problem: string) => void): void {
  const sums = new Map<string, number>();
  let debits = 0;
  let credits = 0;
  for (const { user, other, amountMicros } of store.rows.values()) {
    sums.set(user, (sums.get(user) ?? 0) + amountMicros);
    sums.set(other, (sums.get(other) ?? 0) - amountMicros);
  }
  for (const [name, book] of store.books) {
    debits += book.debits;
    credits += book.credits;
    const balance = book.credits - book.debits;
    if (balance !== (sums.get(name) ?? 0)) report(`the book of ${name} is not the sum of its rows`);
    if (name.includes('/') && balance - book.pending < 0) report(`${name} is below zero on the disk`);
  }
  if (debits !== credits) report(`debits ${debits} and credits ${credits} differ`);
}

/** Each id moves money once, with a content that was really sent, and no acknowledgement is lost. */
function checkTransfers({ store, transfers, refunds, report }: Stage): void {
  for (const [id, kept] of store.transfers) {
    if (refunds.get(id)?.amountMicros === kept.amountMicros) continue;
    const sent = transfers.get(id)?.contents.some((content) => content.amountMicros === kept.amountMicros);
    if (sent !== true) report(`${id}: nobody sent this transfer`);
  }
  for (const [id, { applied, isKnownToExist }] of transfers) {
    const kept = store.transfers.get(id);
    if (applied.length > 1) report(`${id}: applied ${applied.length} times`);
    if (applied.some((amount) => amount !== kept?.amountMicros))
      report(`${id}: an acknowledged transfer is lost`);
    if (isKnownToExist && kept === undefined) report(`${id}: said to exist and does not`);
  }
}

/** Receipts, charge rows and the spending of keys say the same, each of a request that was really made. */
function checkReceipts({ store, requests, jobs, report }: Stage): void {
  const charged = new Map<string, number>();
  for (const { id, amountMicros } of store.rows.values()) {
    const requestId = id.startsWith('charge:') ? (id.split(':')[1] ?? '') : undefined;
    if (requestId !== undefined) charged.set(requestId, (charged.get(requestId) ?? 0) - amountMicros);
  }
  const spent = new Map<string, number>();
  for (const [id, receipt] of store.receipts) {
    spent.set(receipt.keyId, (spent.get(receipt.keyId) ?? 0) + receipt.chargedMicros);
    if ((charged.get(id) ?? 0) !== receipt.chargedMicros)
      report(`${id}: its receipt says another charge than its rows`);
    const job = jobs.get(id);
    const must = job === undefined ? requests.get(id)?.oracle.expectation()?.chargeMicros : job.chargeMicros;
    if (must !== receipt.chargedMicros)
      report(`${id}: charged ${receipt.chargedMicros} on the disk, must be ${must}`);
  }
  for (const id of charged.keys()) if (!store.receipts.has(id)) report(`${id}: charged without a receipt`);
  for (const [keyId, days] of store.keySpend) {
    let sum = 0;
    for (const amount of days.values()) sum += amount;
    if (sum !== (spent.get(keyId) ?? 0)) report(`${keyId}: its days do not add up to its receipts`);
  }
}

/** Who served earns a share of what was charged, never who pays, and nothing of what went back while it was pending. */
function checkEarnings({ store, requests, refunds, report }: Stage): void {
  for (const [id, { accountId, chargedMicros }] of store.receipts) {
    const must = requests.get(id)?.oracle.expectation()?.earned;
    const kept = store.earnings.get(id);
    if (kept?.accountId !== must?.accountId || kept?.earnedMicros !== must?.amountMicros)
      report(`${id}: earns ${kept?.earnedMicros}, must earn ${must?.amountMicros}`);
    if (kept === undefined) continue;
    if (kept.accountId === accountId) report(`${id}: who pays earns on it`);
    if (kept.leftMicros < 0 || kept.leftMicros > kept.earnedMicros) report(`${id}: earns less than nothing`);
    let wentBack = 0;
    for (const refund of refunds.values()) {
      const isEarly = refund.requestId === id && refund.isApplied && !refund.wasPayable;
      if (isEarly) wentBack += refund.amountMicros;
    }
    const most = kept.earnedMicros - Math.ceil((kept.earnedMicros * wentBack) / chargedMicros);
    if (kept.leftMicros > most) report(`${id}: earns ${kept.leftMicros} after refunds, at most ${most}`);
  }
  for (const id of store.earnings.keys())
    if (!store.receipts.has(id)) report(`${id}: earns without a receipt`);
}

function checkRequest(stage: Stage, record: RequestRecord): void {
  const { id, oracle, holdMicros } = record;
  // An id that is tried again after a crash belongs to the last try: the ones before must have left nothing.
  const isLast = stage.requests.get(id) === record;
  if (!isLast && record.isHandedOut) stage.report(`${id}: runs again after its answer was handed out`);
  const kept = isLast ? stage.store.receipts.get(id) : undefined;
  const isWhole = sawWholeAnswer(record);
  if (isWhole && !record.isHandedOut) stage.report(`${id}: the client saw an end that nobody gave`);
  if (isWhole && kept === undefined) stage.report(`${id}: a whole answer has no receipt`);
  if (record.endedCount > 1) stage.report(`${id}: its end was told ${record.endedCount} times`);
  if (holdMicros === undefined && kept !== undefined) stage.report(`${id}: was refused and has a receipt`);
  if (kept === undefined) return;
  if (kept.chargedMicros > (holdMicros ?? 0)) stage.report(`${id}: charged above its hold`);
  if (kept.end !== oracle.expectation()?.end) stage.report(`${id}: its receipt has another end`);
  const isFailure = record.status >= 400;
  if (isFailure && kept.chargedMicros > 0 && !stage.unknownCommits.has(id)) {
    stage.report(`${id}: the client got the error ${record.status} and was charged ${kept.chargedMicros}`);
  }
}

/** An `Idempotency-Key` of an account is charged once and answered once, whatever dies in between. */
function checkOrders({ requestsByBody, store, report }: Stage): void {
  const charged = new Map<string, Set<string>>();
  const answered = new Map<string, number>();
  for (const { id, order, isHandedOut } of requestsByBody.values()) {
    if (order === undefined) continue;
    if ((store.receipts.get(id)?.chargedMicros ?? 0) > 0)
      charged.set(order, (charged.get(order) ?? new Set()).add(id));
    if (isHandedOut) answered.set(order, (answered.get(order) ?? 0) + 1);
  }
  for (const [order, ids] of charged) if (ids.size > 1) report(`${order}: was charged ${ids.size} times`);
  for (const [order, count] of answered) if (count > 1) report(`${order}: was answered ${count} times`);
}

/** Counts what happened, to see that the worlds are not all alike. */
export function countOutcomes(stage: Stage): void {
  stage.stats.earned += stage.store.earnings.size;
  for (const record of stage.requestsByBody.values()) {
    if (sawWholeAnswer(record)) stage.stats.whole += 1;
    if (record.status >= 400 && record.holdMicros !== undefined) stage.stats.failed += 1;
    if ((stage.store.receipts.get(record.id)?.chargedMicros ?? 0) > 0) stage.stats.charged += 1;
  }
}
