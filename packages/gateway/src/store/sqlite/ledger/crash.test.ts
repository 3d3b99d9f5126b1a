import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { openLedgerStore } from './open.ts';
import { reconcile } from './reconcile.ts';
import { temporaryLedgers } from './testing-folder.ts';

const newPath = temporaryLedgers();
const CHILD = fileURLToPath(new URL('./testing-crash-child.ts', import.meta.url));
const ROUNDS = 5;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function startChild(path: string, run: string): ChildProcess {
  const child = spawn(process.execPath, [CHILD, path, run], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** Lets a process work, kills it after so many acknowledgements, and returns all that it had acknowledged: µ$ by request. */
async function killAfter(path: string, run: string, acknowledgements: number): Promise<Map<string, number>> {
  const child = startChild(path, run);
  const acknowledged = new Map<string, number>();
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = once(child, 'exit');
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [outcome, requestId, amount] = line.split(' ');
    // The last line may be cut in two by the kill; a whole one says settled with its amount, or released.
    if (outcome === 'settled' && requestId !== undefined && amount !== undefined) {
      acknowledged.set(requestId, Number(amount));
    } else if (outcome === 'released' && requestId !== undefined) {
      acknowledged.set(requestId, 0);
    }
    if (acknowledged.size === acknowledgements) child.kill('SIGKILL');
  }
  const [, signal] = (await ended) as [unknown, unknown];
  expect([errors, signal]).toEqual(['', 'SIGKILL']);
  return acknowledged;
}

/** What is on disk: µ$ by request, and how many receipts each has. */
function readCharges(path: string): { charges: Map<string, number>; receipts: Map<string, number> } {
  const database = new Database(path, { readonly: true });
  const legs = database
    .prepare<[], { id: string; amount: number }>(
      'SELECT r.request_id AS id, t.amount FROM transfer t LEFT JOIN receipt r ON r.seq = t.receipt WHERE t.code = 1 AND t.kind IN (1, 3)',
    )
    .all();
  const charges = new Map<string, number>();
  for (const { id, amount } of legs) charges.set(id, (charges.get(id) ?? 0) + amount);
  const rows = database
    .prepare<[], { id: string; charged: number }>('SELECT request_id AS id, charged FROM receipt')
    .all();
  database.close();
  return { charges, receipts: new Map(rows.map((row) => [row.id, row.charged])) };
}

describe('a process that is killed', () => {
  it(`has every acknowledged charge on disk once, in ${ROUNDS} rounds on one file`, async () => {
    const path = newPath();
    const acknowledged = new Map<string, number>();
    let seed = 20_261_120;
    for (let round = 0; round < ROUNDS; round += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      const acknowledgements = 1 + (seed % 4_000);
      const ofRound = await killAfter(path, `r${round}`, acknowledgements);
      expect(ofRound.size).toBeGreaterThanOrEqual(acknowledgements);
      for (const [requestId, amount] of ofRound) acknowledged.set(requestId, amount);

      const { ledger } = await openLedgerStore({ path, clock: systemClock });
      const { charges, receipts } = readCharges(path);
      const lost = [...acknowledged].filter(
        ([id, amount]) => receipts.get(id) !== amount || (charges.get(id) ?? 0) !== amount,
      );
      expect(lost).toEqual([]);

      const spent = [...charges.values()].reduce((sum, amount) => sum + amount, 0);
      const balances = Array.from({ length: 8 }, (_, account) => ledger.balance(`acc_${account}`));
      const total = (field: 'spentMicros' | 'heldMicros' | 'availableMicros' | 'depositedMicros') =>
        balances.reduce((sum, balance) => sum + balance[field], 0);
      expect(total('heldMicros')).toBe(0);
      expect(total('spentMicros')).toBe(spent);
      expect(total('availableMicros')).toBe(total('depositedMicros') - spent);
      expect(reconcile(path)).toMatchObject({ ok: true, problems: [], counts: { openHolds: 0 } });
      await ledger.close();
    }
  }, 180_000);

  it('does not share its file with a second process while it lives', async () => {
    const path = newPath();
    const { ledger } = await openLedgerStore({ path, clock: systemClock });
    const child = startChild(path, 'second');
    let errors = '';
    child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(errors).toContain('the ledger is in use by another process');
    await ledger.close();
  });
});
