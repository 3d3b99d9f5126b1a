import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testAccount, testKey, testNode } from '../../../accounts/fixtures.ts';
import { describeAccountStore } from '../../../accounts/store-contract.ts';
import { systemClock } from '../../../core/clock.ts';
import { openSqliteAccountStore } from './account-store.ts';
import { MAIN_DATABASE_FILE } from './data-folder.ts';
import { acquireDataLock } from './data-lock.ts';
import { DatabaseTooNewError, migrate } from './migrate.ts';
import type { Migration } from './migrate.ts';
import { MIGRATIONS } from './migrations/all.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-store-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describeAccountStore('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-contract-'));
  let store = openSqliteAccountStore(folder, systemClock);
  return {
    store,
    async reopen() {
      await store.close();
      store = openSqliteAccountStore(folder, systemClock);
      return store;
    },
    async dispose() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

describe('SQLite account store', () => {
  it('keeps its files to its owner', async () => {
    const store = openSqliteAccountStore(directory, systemClock);
    await store.commit([], { atMs: 1, actor: 'a', action: 'b', subject: 'c', detail: 'd' });
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
    await store.close();
  });

  it('stores no secret in clear, in no file', async () => {
    const key = testKey();
    const node = testNode();
    const store = openSqliteAccountStore(directory, systemClock);
    await store.commit(
      [
        { type: 'put-account', account: testAccount() },
        { type: 'put-key', key: key.key, digest: key.digest },
        { type: 'put-node', node: node.node, digest: node.digest },
      ],
      { atMs: 1, actor: 'a', action: 'b', subject: 'c', detail: 'd' },
    );
    const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
    expect(files.some((bytes) => bytes.includes('laptop'))).toBe(true);
    expect(files.some((bytes) => bytes.includes(key.secret.slice(8, 40)))).toBe(false);
    expect(files.some((bytes) => bytes.includes(node.token.slice(12)))).toBe(false);
    await store.close();
  });

  it('refuses to change or remove an audit line', async () => {
    const store = openSqliteAccountStore(directory, systemClock);
    await store.commit([], { atMs: 1, actor: 'a', action: 'b', subject: 'c', detail: 'd' });
    await store.close();
    const database = new Database(join(directory, MAIN_DATABASE_FILE));
    expect(() => database.exec("UPDATE audit SET detail = 'x'")).toThrow('append only');
    expect(() => database.exec('DELETE FROM audit')).toThrow('append only');
    database.close();
  });

  it('refuses a file that is no database, with nothing of the file in the error', () => {
    writeFileSync(
      join(directory, MAIN_DATABASE_FILE),
      'this is a letter to grandmother, not a database'.repeat(50),
    );
    expect(() => openSqliteAccountStore(directory, systemClock)).toThrow(/not a database/);
  });
});

describe('migrate', () => {
  const one: Migration = { version: 1, name: 'one', sql: 'CREATE TABLE a (x INTEGER) STRICT' };
  const two: Migration = {
    version: 2,
    name: 'two',
    sql: 'CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b VALUES (1)',
  };
  const open = () => {
    const database = new Database(join(directory, 'm.sqlite'), { timeout: 0 });
    database.pragma('journal_mode = WAL');
    return database;
  };
  const tables = (database: Database.Database) =>
    database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all();

  it('runs each migration once, in order', () => {
    const database = open();
    migrate(database, [one], 5);
    migrate(database, [one, two], 6);
    migrate(database, [one, two], 7);
    expect(database.prepare('SELECT count(*) FROM b').pluck().get()).toBe(1);
    expect(database.prepare('SELECT version, name, applied_at FROM schema_version').raw().all()).toEqual([
      [1, 'one', 5],
      [2, 'two', 6],
    ]);
    database.close();
  });

  it('keeps another connection out between looking and writing', () => {
    const [database, other] = [open(), open()];
    migrate(database, [one], 5);
    let otherFailed = '';
    // `at` is called after the look at the version: the other connection tries to get in just then.
    const migrations = Object.assign([one, two], {
      at() {
        try {
          migrate(other, [one, two], 9);
        } catch (error) {
          otherFailed = error instanceof Database.SqliteError ? error.code : 'other';
        }
        return two;
      },
    });
    migrate(database, migrations, 6);
    expect(otherFailed).toBe('SQLITE_BUSY');
    migrate(other, [one, two], 9);
    expect(other.prepare('SELECT applied_at FROM schema_version').pluck().all()).toEqual([5, 6]);
    database.close();
    other.close();
  });

  it('leaves everything as it was when one fails', () => {
    const database = open();
    migrate(database, [one], 5);
    const bad: Migration = {
      version: 3,
      name: 'bad',
      sql: 'CREATE TABLE c (x INTEGER) STRICT; CREATE TABLE a (y INTEGER) STRICT',
    };
    expect(() => migrate(database, [one, two, bad], 6)).toThrow('already exists');
    expect(tables(database)).toEqual(['a', 'schema_version']);
    database.close();
  });

  it('refuses the database of a newer program', () => {
    const database = open();
    migrate(database, [one, two], 5);
    expect(() => migrate(database, [one], 6)).toThrow(DatabaseTooNewError);
    database.close();
  });

  it('numbers the released migrations 1, 2, 3 ...', () => {
    expect(MIGRATIONS.map((migration) => migration.version)).toEqual(
      MIGRATIONS.map((_migration, index) => index + 1),
    );
  });

  it('lets processes that start at once race: all of them end with the same tables', async () => {
    const module = pathToFileURL(join(import.meta.dirname, 'account-store.ts')).href;
    const clock = pathToFileURL(join(import.meta.dirname, '../../../core/clock.ts')).href;
    const script = `
      const { openSqliteAccountStore } = await import(${JSON.stringify(module)});
      const { systemClock } = await import(${JSON.stringify(clock)});
      process.stdout.write('ready');
      process.stdin.once('data', async () => {
        const store = openSqliteAccountStore(process.argv[1], systemClock);
        await store.commit([], { atMs: 1, actor: 'a', action: 'b', subject: String(process.pid), detail: 'd' });
        await store.close();
        process.exit(0);
      });`;
    const children = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script, directory], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      return {
        child,
        ready: new Promise<void>((resolve) => child.stdout.once('data', () => resolve())),
        exit: new Promise<number | null>((resolve) => child.once('exit', resolve)),
      };
    });
    await Promise.all(children.map(({ ready }) => ready));
    for (const { child } of children) child.stdin.write('go');
    expect(await Promise.all(children.map(({ exit }) => exit))).toEqual([0, 0, 0, 0]);
    const store = openSqliteAccountStore(directory, systemClock);
    expect(await store.auditTrail(10)).toHaveLength(4);
    await store.close();
  });
});

describe('data lock', () => {
  it('is held by one at a time and freed by its holder', () => {
    const first = acquireDataLock(directory, 0);
    expect(first).toBeDefined();
    expect(acquireDataLock(directory, 0)).toBeUndefined();
    first?.release();
    const second = acquireDataLock(directory, 0);
    expect(second).toBeDefined();
    second?.release();
  });

  it('is freed when its process is killed', async () => {
    const module = pathToFileURL(join(import.meta.dirname, 'data-lock.ts')).href;
    const script = `
      const { acquireDataLock } = await import(${JSON.stringify(module)});
      globalThis.lock = acquireDataLock(process.argv[1], 0);
      process.stdout.write('held');
      process.stdin.resume();`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exit = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(acquireDataLock(directory, 0)).toBeUndefined();
    child.kill('SIGKILL');
    await exit;
    const lock = acquireDataLock(directory, 0);
    expect(lock).toBeDefined();
    lock?.release();
  });
});
