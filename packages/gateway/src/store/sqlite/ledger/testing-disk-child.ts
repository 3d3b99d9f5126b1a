import { systemClock } from '../../../core/clock.ts';
import { micros } from '../../../core/money.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { receiptFor, reservation } from '../../../ledger/testing-receipt.ts';
import { openLedgerStore } from './open.ts';

/**
 * A process that charges until its disk fails, and then says what the ledger still does. One line of output for each
 * charge that was acknowledged: `settled <request> <µ$>`; the last one is `after <JSON>`.
 *
 * Argument: the path of the ledger.
 */
const CLIENTS = 16;
const CHARGES_MAX = 200_000;

const [path = ''] = process.argv.slice(2);
const failures: string[] = [];

async function client(ledger: Ledger, number: number): Promise<void> {
  for (let turn = 0; turn < CHARGES_MAX; turn += 1) {
    const requestId = `req_${number}_${turn}`;
    const held = ledger.reserve(reservation(requestId, 'acc_1', 50, { durable: turn % 4 === 0 }));
    if (!held.ok) return;
    const receipt = receiptFor(held.value);
    const resolution = await ledger.settle(held.value, { amountMicros: micros(1 + (turn % 50)), receipt });
    if (resolution.outcome !== 'settled') return;
    process.stdout.write(`settled ${requestId} ${resolution.chargedMicros}\n`);
  }
}

const { ledger } = await openLedgerStore({
  path,
  clock: systemClock,
  onFailure: (cause) => failures.push(cause),
});
const deposit = {
  id: 'dep:1',
  accountId: 'acc_1',
  kind: 'deposit',
  balance: 'paid',
  reason: 'load',
} as const;
await ledger.transfer({ ...deposit, amountMicros: micros(1_000_000_000) });
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(ledger, number)));

const reserved = ledger.reserve(reservation('req_after', 'acc_1', 1));
const { outcome } = await ledger.transfer({ ...deposit, id: 'dep:2', amountMicros: micros(5) });
const after = {
  failures,
  healthy: ledger.healthy(),
  reserve: reserved.ok ? 'reserved' : reserved.error,
  transfer: outcome,
  answersBalance: ledger.balance('acc_1').paidMicros > 0,
};
await ledger.close();
process.stdout.write(`after ${JSON.stringify(after)}\n`);
