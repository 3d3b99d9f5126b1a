import { NO_USAGE } from '@switchyard/protocol/usage.ts';
import { ZERO_MICROS, micros } from '../../core/money.ts';
import type { Hold, Receipt, TransferKind, TransferRequest } from '../../ledger/ledger.ts';
import type { GatewayProcess } from './gateway-process.ts';
import type { Stage } from './stage.ts';

const KINDS: readonly TransferKind[] = ['deposit', 'deposit', 'deposit', 'gift', 'adjustment', 'refund'];

/** Finds the process that runs now, if one does. */
export type Running = () => GatewayProcess | undefined;

/**
 * A payment on its way: sent until somebody says what became of it, as payment providers do, and now and then once
 * more afterwards, at the same time, or with another amount under the same id.
 */
export function planTransfer(stage: Stage, running: Running, plan: { number: number; atMs: number }): void {
  const { random, scheduler, owner, people } = stage;
  const isFirst = plan.number < 2 * people.accounts.length;
  const account = people.accounts[Math.floor(plan.number / 2)] ?? random.pick(people.accounts);
  const kind = isFirst ? (plan.number % 2 === 0 ? 'deposit' : 'gift') : random.pick(KINDS);
  const size = random.int(1, isFirst ? 80_000 : 15_000);
  const request: TransferRequest = {
    id: `test:${plan.number}`,
    accountId: account.id,
    kind,
    balance: kind === 'gift' || (kind === 'adjustment' && random.chance(0.4)) ? 'promo' : 'paid',
    amountMicros: micros(kind === 'adjustment' && random.chance(0.8) ? -size : size),
    reason: 'simulated',
  };
  const other = { ...request, amountMicros: micros(request.amountMicros + Math.sign(request.amountMicros)) };
  const sends: [delayMs: number, content: TransferRequest][] = [[0, request]];
  if (random.chance(0.3)) sends.push([random.int(0, 20), request]);
  if (random.chance(0.2)) sends.push([random.int(5_000, 60_000), request]);
  if (random.chance(0.1)) sends.push([random.int(0, 30_000), other]);
  stage.transfers.set(request.id, {
    contents: sends.map(([, content]) => content),
    applied: [],
    isKnownToExist: false,
  });
  stage.open += sends.length;
  for (const [delayMs, content] of sends) {
    scheduler.after(plan.atMs + delayMs, owner, () => sendTransfer(stage, running, content));
  }
}

function sendTransfer(stage: Stage, running: Running, request: TransferRequest): void {
  const { random, scheduler, owner, trace } = stage;
  const process = running();
  const again = () =>
    void scheduler.after(random.int(200, 3_000), owner, () => sendTransfer(stage, running, request));
  if (process === undefined || !process.life.alive) {
    again();
    return;
  }
  const record = stage.transfers.get(request.id);
  let isAnswered = false;
  void process.ledger.transfer(request).then(({ outcome }) => {
    if (!process.life.alive || isAnswered) return;
    isAnswered = true;
    trace.note(`${request.id} ${request.amountMicros} ${outcome}`);
    if (outcome === 'ledger-unavailable') {
      again();
      return;
    }
    if (outcome === 'applied') record?.applied.push(request.amountMicros);
    if (outcome === 'exists' && record !== undefined) record.isKnownToExist = true;
    stage.stats.transfers += 1;
    stage.open -= 1;
  });
  // Who hears nothing asks again, of whichever process runs by then.
  scheduler.after(10_000, owner, () => {
    if (isAnswered || process.life.alive) return;
    isAnswered = true;
    again();
  });
}

/** An operator gives back a part of what some request was charged from paid credit, or all of it. */
export function refundSome(stage: Stage, process: GatewayProcess, number: number): void {
  const { random, store, refunds, stats, trace } = stage;
  const paidBy = ({ requestId, accountId }: Receipt) =>
    Math.abs(store.rows.get(`charge:${requestId}:${accountId}/paid`)?.amountMicros ?? 0);
  const charged = [...store.receipts.values()].filter((receipt) => paidBy(receipt) > 0);
  if (charged.length === 0 || !process.life.alive) return;
  const receipt = random.pick(charged);
  const { requestId, accountId } = receipt;
  const paid = paidBy(receipt);
  const amountMicros = micros(random.chance(0.5) ? paid : random.int(1, paid));
  const id = `refund:${number}`;
  const record = { requestId, amountMicros, isApplied: false, wasPayable: false };
  refunds.set(id, record);
  const words = { balance: 'paid', reason: 'simulated' } as const;
  void process.ledger.refund({ ...words, id, accountId, requestId, amountMicros }).then(({ outcome }) => {
    trace.note(`${id} of ${requestId} ${amountMicros} ${outcome}`);
    if (outcome !== 'applied') return;
    stats.refunds += 1;
    record.isApplied = true;
    record.wasPayable = store.earnings.get(requestId)?.isPayable ?? false;
  });
}

/** Work that is paid by a hold on the disk: takes it, waits for the disk, works, and settles or gives up. */
export function runJob(stage: Stage, process: GatewayProcess, number: number): void {
  const { random, scheduler, people, trace } = stage;
  const [keyId, owner] = random.pick([...people.keys]);
  const id = `job_${number}`;
  const result = process.ledger.reserve({
    requestId: id,
    accountId: owner.account.id,
    keyId,
    amountMicros: micros(random.int(0, 9_000)),
    spendLimits: owner.key.spendLimits,
    durable: true,
  });
  trace.note(`${id} ${result.ok ? 'holds' : result.error}`);
  if (!result.ok) return;
  const hold = result.value;
  stage.stats.durableHolds += 1;
  stage.jobs.set(id, { id, accountId: hold.accountId, chargeMicros: undefined, epoch: process.life.epoch });
  const endsInMs = random.int(0, 8_000);
  if (random.chance(0.2)) {
    // Given up at once, perhaps before the hold is on the disk.
    scheduler.after(random.int(0, 5), process.life, () => endJob(stage, process, hold));
    return;
  }
  void process.ledger.journaled(hold).then((isThere) => {
    if (process.life.alive && isThere)
      scheduler.after(endsInMs, process.life, () => endJob(stage, process, hold));
    else if (process.life.alive) endJob(stage, process, hold);
  });
}

function endJob(stage: Stage, process: GatewayProcess, hold: Hold): void {
  const { random } = stage;
  const record = stage.jobs.get(hold.requestId);
  const wanted = random.chance(0.3) ? 0 : random.int(0, hold.amountMicros + 500);
  if (record !== undefined) record.chargeMicros = Math.min(wanted, hold.amountMicros);
  const receipt = jobReceipt(hold, process.deps.clock.nowMs());
  const resolve = (): Promise<unknown> =>
    wanted === 0
      ? process.ledger.release(hold, receipt)
      : process.ledger.settle(hold, { amountMicros: micros(wanted), receipt });
  void resolve();
  // A second try must change nothing, whatever it asks for.
  if (random.chance(0.3)) void process.ledger.release(hold, receipt);
  if (random.chance(0.3)) void process.ledger.settle(hold, { amountMicros: hold.amountMicros, receipt });
}

function jobReceipt(hold: Hold, nowMs: number): Receipt {
  return {
    requestId: hold.requestId,
    accountId: hold.accountId,
    keyId: hold.keyId,
    modelId: 'job',
    surface: 'job',
    routeKind: 'pool',
    routeName: 'main',
    nodeId: '',
    streamed: false,
    startedAtMs: nowMs,
    firstPartMs: -1,
    durationMs: 0,
    usage: NO_USAGE,
    usageSource: 'none',
    end: 'stop',
    errorCode: '',
    heldMicros: hold.amountMicros,
    chargedMicros: ZERO_MICROS,
    priceVersion: 'v1',
    attempts: 1,
  };
}
