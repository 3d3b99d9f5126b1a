import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MAIN_DATABASE_FILE } from '../store/sqlite/main/data-folder.ts';
import { acquireDataLock } from '../store/sqlite/main/data-lock.ts';
import { runCommandLine } from './program.ts';
import { TEST_CONFIG } from './test-gateway.ts';

let folder = '';
let data = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-start-'));
  data = join(folder, 'data');
  writeFileSync(join(folder, 'switchyard.yaml'), TEST_CONFIG);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...words: string[]): Promise<{ exitCode: number; stderr: string }> {
  let stderr = '';
  const common = ['--config', join(folder, 'switchyard.yaml'), '--data', data];
  const { exitCode } = await runCommandLine([...words, ...common], {
    stdout: () => undefined,
    stderr: (text) => void (stderr += text),
  });
  return { exitCode, stderr };
}

const start = (command = 'start') => run(command, '--port', '0', '--log-level', 'silent');

it.each(['start', 'up'])('%s does not serve on when its last step fails', async (command) => {
  expect(await run('account', 'list')).toMatchObject({ exitCode: 0 });
  const database = new Database(join(data, MAIN_DATABASE_FILE));
  // As on a disk that fills up after the databases were opened.
  database.exec(
    `CREATE TRIGGER full BEFORE INSERT ON account BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`,
  );
  database.close();
  const { exitCode, stderr } = await start(command);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('The data folder cannot be used: database or disk is full');
  const lock = acquireDataLock(data, 0);
  expect(lock).toBeDefined();
  lock?.release();
});

it.each([
  ['is a file', () => writeFileSync(data, '')],
  ['lies in a file', () => (writeFileSync(data, ''), (data = join(data, 'sub')))],
  [
    'has a folder where a database belongs',
    () => mkdirSync(join(data, MAIN_DATABASE_FILE), { recursive: true }),
  ],
])('says that a data folder cannot be used which %s', async (_what, make) => {
  make();
  const { exitCode, stderr } = await start();
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^error: The data folder cannot be used: E[A-Z]+: /);
  expect(stderr).toContain(`It is ${data}; name another one with --data DIR.`);
});
