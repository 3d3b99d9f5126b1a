/** The thread of `relay-rows.ts`: takes batches of rows and answers when they are on the disk. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(String(workerData));
// As the gateway's ledger: a commit is on the disk when it returns.
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON');
database.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT');
database.exec('CREATE TABLE account (id INTEGER PRIMARY KEY, spent INTEGER NOT NULL) STRICT');
database.exec('INSERT INTO account (id, spent) VALUES (1, 0)');
const insert = database.prepare('INSERT INTO entry (text) VALUES (?)');
const spend = database.prepare('UPDATE account SET spent = spent + ? WHERE id = 1');

parentPort?.on('message', (batch: readonly string[]) => {
  database.exec('BEGIN IMMEDIATE');
  for (const text of batch) insert.run(text);
  spend.run(batch.length);
  database.exec('COMMIT');
  parentPort?.postMessage('written');
});
