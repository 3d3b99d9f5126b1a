import type { Database } from 'better-sqlite3';

/** Numbers for receipts and transfers, in the order of their decisions. None is ever given twice, so gaps do no harm. */
export type Numbers = { next(): number };

/** Goes on after all that is there or was. */
export function createNumbers(database: Database): Numbers {
  const highest = database.prepare<[], number>(
    `SELECT max((SELECT coalesce(max(seq), 0) FROM receipt), (SELECT coalesce(max(seq), 0) FROM transfer),
       (SELECT max(value) FROM meta WHERE key IN ('rolled_up_to', 'earned_up_to')))`,
  );
  let last = highest.pluck().get() ?? 0;
  return { next: () => (last += 1) };
}
