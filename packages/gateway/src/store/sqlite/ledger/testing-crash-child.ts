import { systemClock } from '../../../core/clock.ts';
import { micros } from '../../../core/money.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { receiptFor, reservation } from '../../../ledger/testing-receipt.ts';
import { openLedgerStore } from './open.ts';

/**
 * A process that puts the ledger under load until it is killed, and tells on its output what was acknowledged:
 * one line `settled <request> <µ$>` or `released <request>` for each. Writing to a pipe is synchronous on POSIX, so a line
 * is out before the next decision.
 *
 * Arguments: the path of the ledger, and a word that makes the request ids of this run its own.
 */
const CLIENTS = 64;
const ACCOUNTS = 8;

const [path = '', run = ''] = process.argv.slice(2);

async function client(ledger: Ledger, number: number): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const requestId = `req_${run}_${number}_${turn}`;
    const account = `acc_${(number + turn) % ACCOUNTS}`;
    const held = ledger.reserve(reservation(requestId, account, 50, { durable: turn % 3 === 0 }));
    if (!held.ok) throw new Error(held.error);
    if (turn % 6 === 0) await ledger.journaled(held.value);
    const receipt = receiptFor(held.value);
    if (turn % 5 === 0) {
      await ledger.release(held.value, receipt);
      process.stdout.write(`released ${requestId}\n`);
      continue;
    }
    const resolution = await ledger.settle(held.value, { amountMicros: micros(1 + (turn % 50)), receipt });
    if (resolution.outcome !== 'settled') throw new Error(resolution.outcome);
    process.stdout.write(`settled ${requestId} ${resolution.chargedMicros}\n`);
  }
}

const { ledger } = await openLedgerStore({ path, clock: systemClock });
for (let account = 0; account < ACCOUNTS; account += 1) {
  for (const balance of ['paid', 'promo'] as const) {
    const accountId = `acc_${account}`;
    const id = `dep:${run}:${balance}:${account}`;
    const request = { id, accountId, kind: 'deposit', balance, reason: 'load' } as const;
    await ledger.transfer({ ...request, amountMicros: micros(balance === 'paid' ? 100_000_000 : 20_000) });
  }
}
process.stdout.write('ready\n');
await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(ledger, number)));
