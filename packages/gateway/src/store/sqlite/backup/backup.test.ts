import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAdminContext } from '../../../cli/local-gateway.ts';
import { loadConfigText } from '../../../config/load.ts';
import { systemClock } from '../../../core/clock.ts';
import { micros } from '../../../core/money.ts';
import type { OperatorLedger } from '../../../ledger/ledger.ts';
import { receiptFor, reservation } from '../../../ledger/testing-receipt.ts';
import { runOperation } from '../../../admin/operations.ts';
import { TEST_CONFIG } from '../../../cli/test-gateway.ts';
import { RECEIPT_KEY_FILE } from '../../receipt-key-file.ts';
import { makeBackup } from './backup.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { restoreBackup } from './restore.ts';

let folder = '';
let dataDirectory = '';
let target = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'backup-'));
  dataDirectory = join(folder, 'data');
  target = join(folder, 'backup');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const quiet = { clock: systemClock, onProgress: () => undefined };
const backUp = () => makeBackup({ ...quiet, dataDirectory, target });
const restore = (to = join(folder, 'restored'), source = target) =>
  restoreBackup({ ...quiet, source, dataDirectory: to });

/** A data folder with accounts, keys and money, open as a gateway has it. */
async function open() {
  const loaded = loadConfigText(TEST_CONFIG, {
    name: 'test.yaml',
    environment: {},
    overrides: { dataDir: dataDirectory },
    workingFolder: folder,
  });
  if (!loaded.ok) throw new Error('the test configuration is wrong');
  const opened = await openAdminContext({ config: loaded.value.config, clock: systemClock, lockWaitMs: 0 });
  if (opened === undefined) throw new Error('in use');
  return opened;
}

let turn = 0;
/** New accounts, keys and charges, until told to stop. Returns how many charges were acknowledged. */
async function keepBusy(
  context: Awaited<ReturnType<typeof open>>['context'],
  isDone: () => boolean,
): Promise<number> {
  let charges = 0;
  while (!isDone()) {
    turn += 1;
    const account = await runOperation(context, 'account.create', { name: `person ${turn}` });
    if (!account.ok) throw new Error(account.error.code);
    const accountId = (account.value as { id: string }).id;
    const key = await runOperation(context, 'key.create', { account: accountId, name: 'key' });
    if (!key.ok) throw new Error(key.error.code);
    const keyId = (key.value as { key: { id: string } }).key.id;
    const one = (index: number) => charge(context.ledger, `req_${turn}_${index}`, { accountId, keyId });
    await Promise.all(Array.from({ length: 50 }, (_, index) => one(index)));
    charges += 50;
  }
  return charges;
}

async function charge(ledger: OperatorLedger, requestId: string, who: { accountId: string; keyId: string }) {
  const held = ledger.reserve(reservation(requestId, who.accountId, 10, { keyId: who.keyId }));
  if (!held.ok) throw new Error(held.error);
  const receipt = receiptFor(held.value);
  await ledger.settle(held.value, { amountMicros: micros(7), receipt });
}

async function makeData(): Promise<void> {
  const { context, close } = await open();
  let turns = 0;
  await keepBusy(context, () => turns++ === 3);
  await close();
}

describe('a backup', () => {
  it('of a gateway at work is restored to a pair that adds up and belongs together', async () => {
    const { context, close } = await open();
    writeFileSync(join(dataDirectory, RECEIPT_KEY_FILE), 'the key of a test');
    let turns = 0;
    // Enough pages for many steps of the copy.
    await keepBusy(context, () => turns++ === 60);
    let isDone = false;
    let steps = 0;
    const busy = keepBusy(context, () => isDone);
    const onProgress = () => void (steps += 1);
    const manifest = await makeBackup({ ...quiet, dataDirectory, target, onProgress, stepPages: 8 });
    isDone = true;
    expect(await busy).toBeGreaterThan(0);
    await close();
    expect(steps).toBeGreaterThan(20);
    expect(manifest.files.map(({ name }) => name)).toEqual([
      'ledger.sqlite',
      'switchyard.sqlite',
      RECEIPT_KEY_FILE,
    ]);
    expect(readdirSync(target).toSorted()).toEqual([
      'ledger.sqlite',
      MANIFEST_FILE,
      RECEIPT_KEY_FILE,
      'switchyard.sqlite',
    ]);
    for (const name of readdirSync(target)) expect(statSync(join(target, name)).mode & 0o077).toBe(0);

    const restored = await restore();
    expect(restored).toMatchObject({
      report: { ok: true, problems: [] },
      strangers: { accounts: [], keys: [] },
    });
    expect(restored.report.counts.receipts).toBeGreaterThan(1_000);
    expect(readFileSync(join(folder, 'restored', RECEIPT_KEY_FILE), 'utf8')).toBe('the key of a test');
    dataDirectory = join(folder, 'restored');
    const next = await open();
    expect(next.context.registry.directory.accounts().length).toBeGreaterThan(1);
    await next.close();
  }, 120_000);

  it('goes into a new or an empty folder only, and leaves nothing behind when it fails', async () => {
    await makeData();
    mkdirSync(target);
    await backUp();
    await expect(backUp()).rejects.toMatchObject({ code: 'not_empty' });
    target = join(folder, 'file');
    writeFileSync(target, 'x');
    await expect(backUp()).rejects.toMatchObject({ code: 'not_empty' });
    target = join(folder, 'other');
    writeFileSync(join(dataDirectory, 'switchyard.sqlite'), 'no database'.repeat(500));
    await expect(backUp()).rejects.toThrow();
    expect(existsSync(target)).toBe(false);
    dataDirectory = join(folder, 'nothing here');
    await expect(backUp()).rejects.toMatchObject({ code: 'no_data' });
  });
});

describe('a restore', () => {
  beforeEach(async () => {
    await makeData();
    await backUp();
  });

  it('refuses a folder with anything in it, and leaves it alone', async () => {
    const before = readFileSync(join(dataDirectory, 'ledger.sqlite'));
    await expect(restore(dataDirectory)).rejects.toMatchObject({ code: 'not_empty' });
    expect(readFileSync(join(dataDirectory, 'ledger.sqlite')).equals(before)).toBe(true);
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    expect((await restore(empty)).report.ok).toBe(true);
  });

  const damages: [name: string, damage: () => void, code: string][] = [
    ['without its manifest', () => rmSync(join(target, MANIFEST_FILE)), 'no_backup'],
    [
      'with a manifest that is no JSON',
      () => writeFileSync(join(target, MANIFEST_FILE), '{'),
      'damaged_backup',
    ],
    [
      'with a manifest of something else',
      () => writeFileSync(join(target, MANIFEST_FILE), '{}'),
      'damaged_backup',
    ],
    ['with a name that leads out of the folder', () => rename('../../evil'), 'damaged_backup'],
    ['without one of its files', () => rmSync(join(target, 'switchyard.sqlite')), 'damaged_backup'],
    ['with a byte that changed', () => flipByte(join(target, 'ledger.sqlite')), 'damaged_backup'],
    ['with a file that grew', () => appendFileSync(join(target, 'switchyard.sqlite'), 'x'), 'damaged_backup'],
  ];
  it.each(damages)('refuses a backup %s and leaves nothing behind', async (_name, damage, code) => {
    damage();
    const to = join(folder, 'restored');
    await expect(restore(to)).rejects.toMatchObject({ code });
    expect(existsSync(to)).toBe(false);
    mkdirSync(to);
    await expect(restore(to)).rejects.toMatchObject({ code });
    expect(readdirSync(to)).toEqual([]);
  });

  it('tells of a ledger that does not add up, and of charges of nobody', async () => {
    const { readManifest, describeFile } = await import('./manifest.ts');
    const manifest = readManifest(target);
    const ledger = new Database(join(target, 'ledger.sqlite'));
    ledger.exec(
      `UPDATE key_spend SET amount = amount + 1;
       UPDATE account SET owner = 'acc_gone' WHERE owner = (SELECT owner FROM account WHERE kind = 'promo' LIMIT 1)`,
    );
    ledger.close();
    const files = await Promise.all(manifest.files.map(({ name }) => describeFile(target, name)));
    writeFileSync(join(target, MANIFEST_FILE), JSON.stringify({ ...manifest, files }));
    const { report, strangers } = await restore();
    expect(report.problems.map(({ invariant }) => invariant)).toEqual(['R2 key spend equals receipts']);
    expect(strangers).toEqual({ accounts: ['acc_gone'], keys: [] });
  });

  function rename(name: string): void {
    const text = readFileSync(join(target, MANIFEST_FILE), 'utf8');
    writeFileSync(join(target, MANIFEST_FILE), text.replace('ledger.sqlite', name));
  }
});

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  const at = bytes.length - 100;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
