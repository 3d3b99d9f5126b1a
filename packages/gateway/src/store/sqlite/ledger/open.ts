import type { Database } from 'better-sqlite3';
import type { Clock } from '../../../core/clock.ts';
import { micros } from '../../../core/money.ts';
import type { LedgerSnapshot } from '../../../ledger/journal.ts';
import type { GrantBalance, OperatorLedger } from '../../../ledger/ledger.ts';
import { createLedger } from '../../../ledger/memory-owner.ts';
import { calendarOfDay, firstCountedDay } from '../../../ledger/spend-windows.ts';
import { migrate } from '../main/migrate.ts';
import { openForWriting } from './connection.ts';
import { lockLedger } from './ledger-lock.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { voidOrphans } from './orphans.ts';
import { type LedgerUpkeep, startWorkerWriter } from './worker-writer.ts';

const DAY_MS = 86_400_000;
/** How late the expiry of a grant or hold may be booked. New holds never count on what has expired. */
const SWEEP_PERIOD_MS = 1_000;
export type LedgerStore = {
  ledger: OperatorLedger;
  /** Durable holds of an earlier run that were voided: the requests that died with it. */
  orphanedHolds: number;
  /** Counts the starts on this file. */
  bootEpoch: number;
  /** For `startRollupJob`. */
  upkeep: LedgerUpkeep;
};

/**
 * Opens the ledger of a gateway, makes it when it is missing, and takes it for this process until `ledger.close()`.
 * Reads all balances into memory (about 1 µs for each) and voids what an earlier run left reserved.
 *
 * Throws `LedgerInUseError`, `DatabaseTooNewError`, `DatabaseTooOldError`, or SQLite's error when the file cannot be used. `onFailure` hears
 * once when the disk fails later: the ledger then refuses all payments until a restart.
 */
export async function openLedgerStore(options: {
  path: string;
  clock: Clock;
  onFailure?: (cause: string) => void;
}): Promise<LedgerStore> {
  const { path, clock, onFailure } = options;
  const unlock = lockLedger(path);
  try {
    const { snapshot, orphanedHolds, bootEpoch } = boot(path, clock.nowMs());
    const writer = await startWorkerWriter({ path, epoch: bootEpoch });
    const ledger = createLedger({
      clock,
      snapshot,
      turns: { soon: setImmediate, monotonicMs: () => clock.monotonicMs() },
      writer: {
        write: (batch) => writer.write(batch),
        close() {
          sweeper.cancel();
          return writer.close().finally(unlock);
        },
      },
      ...(onFailure === undefined ? {} : { onFailure }),
    });
    const sweeper = clock.every(SWEEP_PERIOD_MS, () => ledger.sweep());
    ledger.sweep();
    return { ledger, orphanedHolds, bootEpoch, upkeep: writer };
  } catch (error) {
    unlock();
    throw error;
  }
}

function boot(
  path: string,
  nowMs: number,
): { snapshot: LedgerSnapshot; orphanedHolds: number; bootEpoch: number } {
  const database = openForWriting(path);
  try {
    migrate(database, LEDGER_MIGRATIONS, nowMs);
    const startRun = database.transaction(() => {
      const bootEpoch = nextEpoch(database);
      return { bootEpoch, orphanedHolds: voidOrphans(database, bootEpoch, nowMs) };
    });
    return { ...startRun.immediate(), snapshot: readSnapshot(database, nowMs) };
  } finally {
    database.close();
  }
}

function nextEpoch(database: Database): number {
  return database
    .prepare("UPDATE meta SET value = value + 1 WHERE key = 'boot_epoch' RETURNING value")
    .pluck()
    .get() as number;
}

type AccountRow = {
  owner: string;
  paid: number;
  promo: number;
  deposited: number;
  spent: number;
  pending: number;
};

function readSnapshot(database: Database, nowMs: number): LedgerSnapshot {
  const rows = database.prepare<[], AccountRow>(
    `SELECT owner,
       sum(iif(kind = 'paid', credits_posted - debits_posted, 0)) AS paid,
       sum(iif(kind = 'promo' AND tag = '', credits_posted - debits_posted, 0)) AS promo,
       sum(credits_posted) AS deposited, sum(spent) AS spent, sum(debits_pending) AS pending
     FROM account WHERE kind IN ('paid', 'promo', 'allowance') GROUP BY owner`,
  );
  const accounts = rows.all().map((row) => {
    if (row.pending !== 0) throw new Error('the ledger does not add up: reserved money without a hold');
    return {
      accountId: row.owner,
      paidMicros: micros(row.paid),
      promoMicros: micros(row.promo),
      depositedMicros: micros(row.deposited),
      spentMicros: micros(row.spent),
    };
  });
  const firstDay = firstCountedDay(calendarOfDay(Math.floor(nowMs / DAY_MS)));
  const keySpend = database
    .prepare<[number], { key_id: string; day: number; amount: number }>(
      'SELECT k.key_id, s.day, s.amount FROM key_spend s JOIN api_key k ON k.id = s.key WHERE s.day >= ?',
    )
    .all(firstDay)
    .map((row) => ({ keyId: row.key_id, day: row.day, amountMicros: micros(row.amount) }));
  return { accounts, grants: readGrants(database), keySpend };
}

function readGrants(database: Database): NonNullable<LedgerSnapshot['grants']> {
  type GrantRow = {
    tag: string;
    owner: string;
    kind: GrantBalance;
    expires_at_ms: number;
    left_micros: number;
  };
  return database
    .prepare<[], GrantRow>(
      `SELECT tag, owner, kind, expires_at_ms, credits_posted - debits_posted AS left_micros FROM account
       WHERE tag <> '' AND credits_posted > debits_posted`,
    )
    .all()
    .map((row) => ({
      grantId: row.tag,
      accountId: row.owner,
      balance: row.kind,
      expiresAtMs: row.expires_at_ms,
      leftMicros: micros(row.left_micros),
    }));
}
