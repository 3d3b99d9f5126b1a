import { closeSync, openSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { useWriteAheadLog } from '../main/write-ahead.ts';
import { USAGE_HOURS_KEPT } from '../../../receipts/reader.ts';

/** Receipts that are summed up in one transaction: about 100 ms. */
const STEP_ROWS = 50_000;

/** Raised when the table below changes: a file of another form is made anew from the receipts. */
const FORM = 3;

const SCHEMA = `
CREATE TABLE usage_day (
  account_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  model_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  image_input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  PRIMARY KEY (account_id, day, model_id, key_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE usage_hour (
  account_id TEXT NOT NULL,
  hour INTEGER NOT NULL,
  model_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  image_input_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  charged INTEGER NOT NULL,
  PRIMARY KEY (account_id, hour, model_id, key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_hour_age ON usage_hour (hour);
CREATE TABLE progress (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  ledger_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  request_id TEXT NOT NULL
) STRICT;
INSERT INTO progress (only, ledger_id, seq, request_id) VALUES (1, -1, 0, '');
PRAGMA user_version = ${FORM};
`;

/**
 * Sums of receipts by account, UTC day, model and key, and by hours for the last month, in a file of its own. They are made of the receipts and of
 * nothing else, when somebody asks: requests pay nothing for them, and the file may be deleted at any time.
 */
export type UsageDays = {
  database: Database.Database;
  /**
   * Adds the receipts that came since, at most a step of them. False: there are more. Receipts are numbered in the
   * order of their commits by one writer, so what stands below the highest number is complete.
   */
  catchUp(): boolean;
  close(): void;
};

/** @param ledger a connection that can only read */
export function openUsageDays(path: string, ledger: Database.Database): UsageDays {
  const database = openOrRemake(path);
  const step = prepareStep(database, ledger);
  return {
    database,
    catchUp: step,
    close: () => void database.close(),
  };
}

function openOrRemake(path: string): Database.Database {
  try {
    const database = open(path);
    const form = database.pragma('user_version', { simple: true });
    if (form === FORM) return database;
    if (form === 0) {
      database.transaction(() => database.exec(SCHEMA))();
      return database;
    }
    database.close();
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || !UNREADABLE.test(error.code)) throw error;
  }
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
  const database = open(path);
  database.transaction(() => database.exec(SCHEMA))();
  return database;
}

/** A file that holds no sound database. It is only a copy of sums, so it is made anew. */
const UNREADABLE = /^SQLITE_(?:CORRUPT|NOTADB)/;

function open(path: string): Database.Database {
  closeSync(openSync(path, 'a', 0o600));
  const database = new Database(path, { timeout: 5_000 });
  try {
    useWriteAheadLog(database);
    // A lost commit is made again from the receipts.
    database.pragma('synchronous = NORMAL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The last receipt that was added, of which ledger; `seq` is its last number, that of its last leg. */
type Progress = { ledger_id: number; seq: number; request_id: string };
type Position = Pick<Progress, 'seq' | 'request_id'>;
type DayRow = {
  account_id: string;
  day: number;
  model_id: string;
  key_id: string;
  requests: number;
  input_tokens: number;
  image_input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  charged: number;
};

type HourRow = Omit<DayRow, 'day'> & { hour: number };

/** Adds a row's numbers to those that stand there already. */
function addTo(table: 'usage_day' | 'usage_hour', column: 'day' | 'hour', value: '@day' | '@hour'): string {
  const sums = [
    'requests',
    'input_tokens',
    'image_input_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
    'output_tokens',
    'reasoning_tokens',
    'charged',
  ];
  const values = sums.map((sum) => `CAST(@${sum} AS INTEGER)`);
  const updates = sums.map((sum) => `${sum} = ${sum} + excluded.${sum}`);
  return `INSERT INTO ${table} (account_id, ${column}, model_id, key_id, ${sums.join(', ')})
    VALUES (@account_id, CAST(${value} AS INTEGER), @model_id, @key_id, ${values.join(', ')})
    ON CONFLICT DO UPDATE SET ${updates.join(', ')}`;
}

const DAY_COLUMNS = `account_id, day, model_id, key_id, requests, input_tokens, image_input_tokens, cache_read_tokens,
  cache_write_tokens, output_tokens, reasoning_tokens, charged`;

/** Returns a function that makes one step, by one view of the ledger and in one transaction of our own. */
function prepareStep(database: Database.Database, ledger: Database.Database): () => boolean {
  const source = prepareSource(ledger);
  const progress = database.prepare<[], Progress>('SELECT ledger_id, seq, request_id FROM progress');
  const setPosition = database.prepare<[number, string]>('UPDATE progress SET seq = ?, request_id = ?');
  const startAt = database.prepare<[number, number]>(
    "UPDATE progress SET ledger_id = ?, seq = ?, request_id = ''",
  );
  const forget = database.prepare('DELETE FROM usage_day');
  const add = database.prepare<[DayRow]>(addTo('usage_day', 'day', '@day'));
  const addHour = database.prepare<[HourRow]>(addTo('usage_hour', 'hour', '@hour'));
  const newestHour = database.prepare<[], number | null>('SELECT max(hour) FROM usage_hour').pluck();
  const forgetHours = database.prepare<[number]>('DELETE FROM usage_hour WHERE hour <= ?');

  /** Adds receipts to both tables. Their hours are grouped first, so that a step writes few rows. */
  function count(from: number, to: number): void {
    for (const row of source.sums.iterate(from, to)) {
      add.run({ ...row, day: Math.floor(row.hour / 24) });
      addHour.run(row);
    }
  }

  /**
   * Where to go on. What the ledger has summed up and removed stays counted here, for the sums are of the same groups.
   * From the beginning when receipts were removed before they were counted, or when the ledger is another one than
   * before, for example an older copy that went on differently.
   */
  function startOf(): number {
    const { ledger_id: countedOf = -1, seq = 0, request_id: requestId = '' } = progress.get() ?? {};
    const ledgerId = source.meta.get('ledger_id') ?? 0;
    const rolledUpTo = source.meta.get('rolled_up_to') ?? 0;
    const isSame = ledgerId === countedOf && (seq <= rolledUpTo || source.placeOf.get(requestId) === seq);
    if (isSame && rolledUpTo <= seq) return seq;
    forget.run();
    forgetHours.run(Number.MAX_SAFE_INTEGER);
    for (const row of source.rolled.iterate()) add.run(row);
    // What was passed over when the receipts around it were removed.
    count(0, rolledUpTo);
    startAt.run(ledgerId, rolledUpTo);
    return rolledUpTo;
  }

  function step(): boolean {
    const from = startOf();
    const full = source.stepEnd.get(from);
    const to = full ?? source.newest.get();
    if (to === undefined || to.seq <= from) return true;
    count(from, to.seq);
    forgetHours.run((newestHour.get() ?? 0) - USAGE_HOURS_KEPT);
    setPosition.run(to.seq, to.request_id);
    return full === undefined;
  }

  return ledger.transaction(database.transaction(step));
}

/** What is read of the ledger. */
function prepareSource(ledger: Database.Database) {
  return {
    placeOf: ledger.prepare<[string], number>('SELECT seq + legs FROM receipt WHERE request_id = ?').pluck(),
    newest: ledger.prepare<[], Position>(
      'SELECT seq + legs AS seq, request_id FROM receipt ORDER BY receipt.seq DESC LIMIT 1',
    ),
    stepEnd: ledger.prepare<[number], Position>(
      `SELECT seq + legs AS seq, request_id FROM receipt WHERE seq > ? ORDER BY receipt.seq LIMIT 1 OFFSET ${STEP_ROWS - 1}`,
    ),
    // Numbers first: names are looked up for the groups alone. A count that is no number of tokens was kept as -1.
    sums: ledger.prepare<[number, number], HourRow>(
      `WITH sums AS (
         SELECT account, max(started_at_ms, 0) / 3600000 AS hour, service, key, count(*) AS requests,
           sum(max(input_tokens, 0)) AS input_tokens, sum(max(image_input_tokens, 0)) AS image_input_tokens,
           sum(max(cache_read_tokens, 0)) AS cache_read_tokens, sum(max(cache_write_tokens, 0)) AS cache_write_tokens,
           sum(max(output_tokens, 0)) AS output_tokens, sum(max(reasoning_tokens, 0)) AS reasoning_tokens,
           sum(charged) AS charged
         FROM receipt WHERE seq > ? AND seq <= ? GROUP BY 1, 2, 3, 4)
       SELECT a.owner AS account_id, hour, s.model_id, k.key_id, requests, input_tokens, image_input_tokens,
         cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, charged
       FROM sums JOIN account a ON a.id = account JOIN service s ON s.id = service JOIN api_key k ON k.id = key`,
    ),
    rolled: ledger.prepare<[], DayRow>(`SELECT ${DAY_COLUMNS} FROM rollup`),
    meta: ledger.prepare<[string], number>('SELECT value FROM meta WHERE key = ?').pluck(),
  };
}
