import type { Database } from 'better-sqlite3';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { openForReading } from './connection.ts';
import { INVARIANTS, NOT_APPLICABLE, type Invariant } from './invariants.ts';

export type { Invariant } from './invariants.ts';

/** Rows that a problem shows. There may be millions. */
const EXAMPLES_MAX = 20;

export type ReconcileReport = {
  ok: boolean;
  /** What does not hold, in words for an operator; how many rows break it, and the first of them. */
  problems: { invariant: Invariant; means: string; rows: number; examples: string[] }[];
  /** What was checked and holds. */
  passed: Invariant[];
  /** What cannot be checked here, and why. */
  notApplicable: { invariant: string; why: string }[];
  counts: { accounts: number; transfers: number; openHolds: number; receipts: number };
  /** All postings of all accounts together, in µ$: 0, or something is wrong. */
  sumMicros: number;
};

/**
 * Checks that the ledger adds up, by SQL over one snapshot. Only reads; may run while a gateway works on the file.
 * Takes seconds per million transfers, in the thread that calls it. Throws when the file cannot be read.
 * `onCheck` hears each invariant before it is checked.
 */
export function reconcile(
  path: string,
  clock: Clock = systemClock,
  onCheck: (invariant: Invariant) => void = () => undefined,
): ReconcileReport {
  const database = openForReading(path);
  try {
    const snapshot = database.transaction(() => {
      const problems: ReconcileReport['problems'] = [];
      const passed: Invariant[] = [];
      for (const invariant of Object.keys(INVARIANTS) as Invariant[]) {
        onCheck(invariant);
        const { means, broken } = INVARIANTS[invariant];
        const found = findBroken(database, broken, clock.nowMs());
        if (found.rows > 0) problems.push({ invariant, means, ...found });
        else passed.push(invariant);
      }
      return {
        ok: problems.length === 0,
        problems,
        passed,
        notApplicable: Object.entries(NOT_APPLICABLE).map(([invariant, why]) => ({ invariant, why })),
        counts: {
          accounts: countOf(database, 'account'),
          transfers: countOf(database, 'transfer'),
          openHolds: countOf(database, 'hold'),
          receipts: countOf(database, 'receipt'),
        },
        sumMicros: sumOfPostings(database),
      };
    });
    return snapshot();
  } finally {
    database.close();
  }
}

function findBroken(database: Database, sql: string, nowMs: number): { rows: number; examples: string[] } {
  const statement = database.prepare<unknown[], string | null>(sql).pluck();
  const examples: string[] = [];
  let rows = 0;
  for (const row of sql.includes('@nowMs') ? statement.iterate({ nowMs }) : statement.iterate()) {
    rows += 1;
    if (examples.length < EXAMPLES_MAX) examples.push(row ?? 'a row without a name');
  }
  return { rows, examples };
}

/** Bounded to what a number can say exactly: a larger one is as wrong. */
function sumOfPostings(database: Database): number {
  const most = Number.MAX_SAFE_INTEGER;
  return (
    database
      .prepare<[], number | null>(
        `SELECT max(min(sum(credits_posted) - sum(debits_posted), ${most}), -${most}) FROM account`,
      )
      .pluck()
      .get() ?? 0
  );
}

function countOf(database: Database, table: string): number {
  return database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0;
}
