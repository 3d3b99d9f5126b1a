import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { openLedgerStore } from './open.ts';
import { reconcile } from './reconcile.ts';
import { type DiskFaultKind, createDiskFault, withFileLimit } from './testing-disk-fault.ts';
import { temporaryLedgers } from './testing-folder.ts';

const newPath = temporaryLedgers();
const CHILD = fileURLToPath(new URL('./testing-disk-child.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'disk-fault-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fault = createDiskFault(folder);
if (fault === undefined)
  console.log('skipped: failing writes and syncs on demand needs Linux and a C compiler');

type Ended = { acknowledged: Map<string, number>; after: unknown; errors: string; code: unknown };

/** Runs the charging process until its disk has failed. `onCharge` hears how many charges were acknowledged. */
async function runChild(
  [program, words]: [string, string[]],
  env: Record<string, string>,
  onCharge: (count: number) => void,
): Promise<Ended> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const ended = once(child, 'exit');
  const acknowledged = new Map<string, number>();
  let errors = '';
  let after: unknown;
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, requestId = '', amount = ''] = line.split(' ');
    if (word === 'settled') {
      acknowledged.set(requestId, Number(amount));
      onCharge(acknowledged.size);
    }
    if (word === 'after') after = JSON.parse(line.slice('after '.length));
  }
  const [code] = (await ended) as [unknown];
  return { acknowledged, after, errors, code };
}

/** The process has stopped charging in good order, and a restart on a sound disk finds all that it had acknowledged. */
async function expectNothingLost(path: string, ended: Ended): Promise<void> {
  expect(ended.errors).toBe('');
  expect(ended.code).toBe(0);
  expect(ended.after).toEqual({
    failures: [expect.stringMatching(/^the ledger could not be written: SQLITE_(?:IOERR|FULL)/)],
    healthy: false,
    reserve: 'ledger_unavailable',
    transfer: 'ledger-unavailable',
    answersBalance: true,
  });
  expect(ended.acknowledged.size).toBeGreaterThan(100);
  const { ledger } = await openLedgerStore({ path, clock: systemClock });
  const database = new Database(path, { readonly: true });
  const kept = new Map(
    database
      .prepare<[], { id: string; charged: number }>('SELECT request_id AS id, charged FROM receipt')
      .all()
      .map(({ id, charged }) => [id, charged]),
  );
  database.close();
  expect([...ended.acknowledged].filter(([id, amount]) => kept.get(id) !== amount)).toEqual([]);
  const spent = [...kept.values()].reduce((sum, amount) => sum + amount, 0);
  expect(ledger.balance('acc_1')).toMatchObject({ spentMicros: spent, heldMicros: 0 });
  await ledger.close();
  expect(reconcile(path)).toMatchObject({ ok: true, problems: [], counts: { openHolds: 0 } });
}

describe('a disk that fails', () => {
  it.skipIf(process.platform === 'win32')(
    'by a file that may not grow: no charge is lost',
    async () => {
      const path = newPath();
      const ended = await runChild(
        withFileLimit(4_000, [process.execPath, CHILD, path]),
        {},
        () => undefined,
      );
      await expectNothingLost(path, ended);
    },
    120_000,
  );

  const kinds: DiskFaultKind[] = ['sync', 'write', 'full'];
  it.skipIf(fault === undefined).each(kinds)(
    'by %s: no charge is lost',
    async (kind) => {
      const path = newPath();
      const ended = await runChild([process.execPath, [CHILD, path]], fault?.env ?? {}, (count) => {
        if (count === 500) fault?.arm(kind);
      });
      fault?.disarm();
      await expectNothingLost(path, ended);
    },
    120_000,
  );
});
