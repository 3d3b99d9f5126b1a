import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from './program.ts';
import { TEST_CONFIG } from './test-gateway.ts';

let folder = '';
let data = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-backup-'));
  data = join(folder, 'data');
  writeFileSync(join(folder, 'switchyard.yaml'), TEST_CONFIG);
  await run('account', 'create', 'alice', '--data', data);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...words: string[]) {
  const written = { stdout: '', stderr: '' };
  const { exitCode } = await runCommandLine([...words, '--config', join(folder, 'switchyard.yaml')], {
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
  });
  return { code: exitCode, ...written };
}

describe('backup and restore', () => {
  it('make a second data folder that a command can work on', async () => {
    const made = await run('backup', join(folder, 'copy.tar'), '--data', data);
    expect(made).toMatchObject({ code: 0 });
    expect(made.stdout).toContain('ledger.sqlite');
    for (const what of ['copy', 'pack', 'check'])
      expect(made.stderr).toContain(`${what} ledger.sqlite 100 %`);
    const other = join(folder, 'other');
    const restored = await run('restore', join(folder, 'copy.tar'), '--data', other, '--json');
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(restored.stdout)).toMatchObject({ dataFolder: other, report: { ok: true } });
    expect((await run('credit', 'balance', 'alice', '--data', other)).stdout).toContain('100 credits ($1)');
  });

  it('say what is wrong and what to do', async () => {
    expect(await run('backup', data, '--data', data)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `error: ${data} is there already\nName a new file. Nothing is ever overwritten.\n`,
    });
    const failed = await run('restore', folder, '--data', join(folder, 'other'), '--json');
    expect(JSON.parse(failed.stderr)).toMatchObject({ error: { code: 'no_backup' } });
    expect(failed.code).toBe(1);
    const full = await run('restore', join(folder, 'switchyard.yaml'), '--data', data);
    expect(full.stderr).toContain('Name a new folder. Nothing is ever overwritten.');
    const nothing = await run('backup', join(folder, 'copy'), '--data', join(folder, 'nothing'));
    expect(nothing.stderr).toContain('Name the data folder with --data DIR');
  });
});

describe('reconcile', () => {
  it('says what was checked, and what could not be', async () => {
    const { code, stdout, stderr } = await run('reconcile', '--data', data);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('The ledger adds up.');
    expect(stdout).toContain('I7 cash is real: no payment processor');
  });

  it('ends with 1 and names the rows that do not add up', async () => {
    const database = new Database(join(data, 'ledger.sqlite'));
    database.exec("UPDATE account SET credits_posted = credits_posted + 5 WHERE kind = 'promo'");
    database.close();
    const ended = await run('reconcile', '--data', data);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('posted: debits 1000000, credits 1000005');
    expect(ended.stderr).toMatch(/acc_\w+ promo: debits 0 of 0, credits 1000005 of 1000000/);
    const machine = await run('reconcile', '--data', data, '--json');
    expect(machine.code).toBe(1);
    expect(JSON.parse(machine.stdout)).toMatchObject({
      ok: false,
      problems: [
        { invariant: 'I2 debits equal credits', rows: 1, examples: [expect.any(String)] },
        { rows: 1 },
      ],
    });
  });
});
