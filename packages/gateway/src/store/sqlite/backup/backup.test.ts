import { createHash } from 'node:crypto';
import {
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
import { MANIFEST_FILE, type ManifestFile } from './manifest.ts';
import { restoreBackup } from './restore.ts';
import { TAR_BLOCK_BYTES, readTarHeader, tarHeader, tarPadding } from './tar.ts';

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
      'people.sqlite',
      'switchyard.sqlite',
      RECEIPT_KEY_FILE,
    ]);
    expect([...filesOf(readFileSync(target)).keys()]).toEqual([
      'ledger.sqlite',
      'people.sqlite',
      'switchyard.sqlite',
      RECEIPT_KEY_FILE,
      MANIFEST_FILE,
    ]);
    expect(statSync(target).mode & 0o077).toBe(0);
    expect(readdirSync(folder).toSorted()).toEqual(['backup', 'data']);

    const restored = await restore();
    expect(restored).toMatchObject({
      report: { ok: true, problems: [] },
      strangers: { accounts: [], keys: [] },
    });
    expect(restored.report.counts.receipts).toBeGreaterThan(1_000);
    expect(restored.manifest).toEqual(manifest);
    for (const { name, bytes } of manifest.files) {
      const file = join(folder, 'restored', name);
      expect([name, statSync(file).mode & 0o077]).toEqual([name, 0]);
      expect(filesOf(readFileSync(target)).get(name)?.length).toBe(bytes);
    }
    expect(readFileSync(join(folder, 'restored', RECEIPT_KEY_FILE), 'utf8')).toBe('the key of a test');
    dataDirectory = join(folder, 'restored');
    const next = await open();
    expect(next.context.registry.directory.accounts().length).toBeGreaterThan(1);
    await next.close();
  }, 120_000);

  it('goes into a new file only, and leaves nothing behind when it fails', async () => {
    await makeData();
    await backUp();
    const made = readFileSync(target);
    await expect(backUp()).rejects.toMatchObject({ code: 'exists' });
    expect(readFileSync(target).equals(made)).toBe(true);
    target = dataDirectory;
    await expect(backUp()).rejects.toMatchObject({ code: 'exists' });
    target = join(folder, 'new folder', 'other');
    await backUp();
    target = join(folder, 'new folder', 'third');
    writeFileSync(join(dataDirectory, 'switchyard.sqlite'), 'no database'.repeat(500));
    await expect(backUp()).rejects.toThrow();
    expect(readdirSync(join(folder, 'new folder'))).toEqual(['other']);
    dataDirectory = join(folder, 'nothing here');
    await expect(backUp()).rejects.toMatchObject({ code: 'no_data' });
  });

  it('of the same data, restored and backed up again, is the same', async () => {
    await makeData();
    const first = await backUp();
    await restore();
    dataDirectory = join(folder, 'restored');
    target = join(folder, 'second');
    expect((await backUp()).files).toEqual(first.files);
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

  const damages: [name: string, damage: (files: Files) => void, code: string][] = [
    ['without its manifest', (files) => files.delete(MANIFEST_FILE), 'damaged_backup'],
    [
      'with a manifest that is no JSON',
      (files) => files.set(MANIFEST_FILE, Buffer.from('{')),
      'damaged_backup',
    ],
    [
      'with a manifest of something else',
      (files) => files.set(MANIFEST_FILE, Buffer.from('{}')),
      'damaged_backup',
    ],
    [
      'with a manifest that is too large',
      (files) => files.set(MANIFEST_FILE, Buffer.alloc(100_000, ' ')),
      'damaged_backup',
    ],
    [
      'with a name that leads out of the folder',
      (files) => rename(files, 'switchyard.sqlite', '../../evil'),
      'damaged_backup',
    ],
    ['with a file of another name', (files) => rename(files, 'ledger.sqlite', 'notes.txt'), 'no_backup'],
    ['without one of its files', (files) => files.delete('switchyard.sqlite'), 'damaged_backup'],
    ['with a file that nobody named', (files) => addKey(files), 'damaged_backup'],
    ['with a byte that changed', (files) => flipByte(files.get('ledger.sqlite')), 'damaged_backup'],
    [
      'with a file that grew',
      (files) =>
        files.set(
          'ledger.sqlite',
          Buffer.concat([files.get('ledger.sqlite') ?? Buffer.alloc(0), Buffer.from('x')]),
        ),
      'damaged_backup',
    ],
  ];
  const blunt: [name: string, damage: (bytes: Buffer) => Buffer, code: string][] = [
    ['that is empty', () => Buffer.alloc(0), 'no_backup'],
    ['that is a database', () => readFileSync(join(dataDirectory, 'ledger.sqlite')), 'no_backup'],
    ['with more behind its end', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]), 'damaged_backup'],
    ['that lost its end', (bytes) => bytes.subarray(0, -1), 'damaged_backup'],
    ['that is only its first half', (bytes) => bytes.subarray(0, bytes.length / 2), 'damaged_backup'],
    ['with a header that changed', (bytes) => (flipByte(bytes.subarray(0, 200)), bytes), 'no_backup'],
    ['twice in one file', (bytes) => Buffer.concat([bytes.subarray(0, -2_048), bytes]), 'damaged_backup'],
  ];
  it.each(damages)('refuses a backup %s and leaves nothing behind', async (_name, damage, code) => {
    const files = filesOf(readFileSync(target));
    damage(files);
    writeFileSync(target, archiveOf(files));
    await expectRefusal(code);
  });

  it.each(blunt)('refuses a backup %s and leaves nothing behind', async (_name, damage, code) => {
    writeFileSync(target, damage(readFileSync(target)));
    await expectRefusal(code);
  });

  it('refuses a folder and what is not there', async () => {
    await expect(restore(undefined, dataDirectory)).rejects.toMatchObject({ code: 'no_backup' });
    await expect(restore(undefined, join(folder, 'nothing'))).rejects.toMatchObject({ code: 'no_backup' });
  });

  async function expectRefusal(code: string): Promise<void> {
    const to = join(folder, 'restored');
    await expect(restore(to)).rejects.toMatchObject({ code });
    expect(existsSync(to)).toBe(false);
    mkdirSync(to);
    await expect(restore(to)).rejects.toMatchObject({ code });
    expect(readdirSync(to)).toEqual([]);
  }

  it('tells of a ledger that does not add up, and of charges of nobody', async () => {
    const { manifest } = await restore(join(folder, 'first'));
    const path = join(folder, 'first', 'ledger.sqlite');
    const ledger = new Database(path);
    ledger.exec(
      `UPDATE key_spend SET amount = amount + 1;
       UPDATE account SET owner = 'acc_gone' WHERE owner = (SELECT owner FROM account WHERE kind = 'promo' LIMIT 1)`,
    );
    ledger.close();
    const files = filesOf(readFileSync(target));
    files.set('ledger.sqlite', readFileSync(path));
    const named = manifest.files.map(({ name }) => describeOf(name, files));
    files.set(MANIFEST_FILE, Buffer.from(JSON.stringify({ ...manifest, files: named })));
    writeFileSync(target, archiveOf(files));
    const { report, strangers } = await restore();
    expect(report.problems.map(({ invariant }) => invariant)).toEqual(['R2 key spend equals receipts']);
    expect(strangers).toEqual({ accounts: ['acc_gone'], keys: [] });
  });
});

/** The files of an archive, by name. */
type Files = Map<string, Buffer>;

function filesOf(archive: Buffer): Files {
  const files: Files = new Map();
  for (let at = 0; at < archive.length;) {
    const entry = readTarHeader(archive.subarray(at, at + TAR_BLOCK_BYTES));
    if (entry === undefined || entry === 'end') break;
    at += TAR_BLOCK_BYTES;
    files.set(entry.name, Buffer.from(archive.subarray(at, at + entry.bytes)));
    at += entry.bytes + tarPadding(entry.bytes);
  }
  return files;
}

function archiveOf(files: Files): Buffer {
  const parts = [...files].flatMap(([name, data]) => [
    tarHeader({ name, bytes: data.length }, 0),
    data,
    Buffer.alloc(tarPadding(data.length)),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * TAR_BLOCK_BYTES)]);
}

/** Keeps the place of the file. */
function rename(files: Files, from: string, to: string): void {
  const entries = [...files];
  files.clear();
  for (const [name, data] of entries) files.set(name === from ? to : name, data);
}

function addKey(files: Files): void {
  const entries = [...files];
  files.clear();
  files.set(RECEIPT_KEY_FILE, Buffer.from('another key'));
  for (const [name, data] of entries) files.set(name, data);
}

function describeOf(name: string, files: Files): ManifestFile {
  const data = files.get(name) ?? Buffer.alloc(0);
  return { name, bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
}

function flipByte(bytes: Buffer | undefined): void {
  if (bytes === undefined) throw new Error('no file');
  const at = bytes.length - 100;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
}
