import type { Database } from 'better-sqlite3';
import { type Micros, micros } from '../../../core/money.ts';
import { failed, ok, type Result } from '../../../core/result.ts';
import type {
  EarningsBalance,
  EarningsGroup,
  EarningsQuestion,
  EarningsRow,
} from '../../../receipts/earnings.ts';

const HOUR_MS = 3_600_000;

const COLUMN_OF: Record<EarningsGroup, string> = {
  day: 'day',
  node: 'node_id',
  model: 'model_id',
  account: 'owner',
};

type SumRow = {
  day: number;
  node_id: string;
  model_id: string;
  owner: string;
  jobs: number;
  earned: number;
  reversed: number;
  matured: number;
};

/** Sums of earnings, what was not counted in yet included. From `rowsMax` + 1 groups on refused. */
export function createEarningsSums(
  database: Database,
  rowsMax: number,
): (question: EarningsQuestion) => Result<EarningsRow[], 'too-many-rows'> {
  return ({ accountId, nodeId, fromDay, toDay, groupBy }) => {
    // Column names come from the closed table above, never from a caller.
    const columns = groupBy.map((group) => COLUMN_OF[group]).join(', ');
    const owner = accountId === undefined ? '' : 'AND a.owner = @accountId';
    const node = nodeId === undefined ? '' : 'AND e.node_id = @nodeId';
    const rows = database
      .prepare<[Record<string, string | number | undefined>], SumRow>(
        `SELECT ${columns}, sum(jobs) AS jobs, sum(earned) AS earned, sum(reversed) AS reversed, sum(matured) AS matured
         FROM account a JOIN full_earning e ON e.account = a.id
         WHERE a.kind = 'earned' AND e.day BETWEEN @fromDay AND @toDay ${owner} ${node}
         GROUP BY ${columns} ORDER BY ${columns} LIMIT @limit`,
      )
      .all({ accountId, nodeId, fromDay, toDay, limit: rowsMax + 1 });
    if (rows.length > rowsMax) return failed('too-many-rows');
    return ok(rows.map((row) => earningsRow(row, groupBy)));
  };
}

function earningsRow(row: SumRow, groupBy: readonly EarningsGroup[]): EarningsRow {
  return {
    ...(groupBy.includes('day') ? { day: row.day } : {}),
    ...(groupBy.includes('node') ? { node: row.node_id } : {}),
    ...(groupBy.includes('model') ? { model: row.model_id } : {}),
    ...(groupBy.includes('account') ? { account: row.owner } : {}),
    jobs: row.jobs,
    earnedMicros: micros(row.earned),
    reversedMicros: micros(row.reversed),
    pendingMicros: micros(row.earned - row.reversed - row.matured),
  };
}

/**
 * What an owner has earned and not been paid, and what was paid. All zero for who never earned. Without an account: all
 * owners together.
 */
export function createEarningsBalance(
  database: Database,
): (accountId: string | undefined) => EarningsBalance {
  const ofOne = balanceStatements(database, 'a.owner = ?');
  const ofAll = balanceStatements(database, '? IS NULL');
  return (accountId) => {
    const { pending, payable } = accountId === undefined ? ofAll : ofOne;
    const open = pending.all(accountId ?? null);
    const { credits, debits } = payable.get(accountId ?? null) ?? { credits: 0, debits: 0 };
    const [next] = open;
    return {
      pendingMicros: sumOf(open),
      payableMicros: micros(credits - debits),
      paidMicros: micros(debits),
      next:
        next === undefined ? undefined : { atMs: next.due_hour * HOUR_MS, amountMicros: micros(next.amount) },
    };
  };
}

/** @param whose a condition of ours with one parameter */
function balanceStatements(database: Database, whose: string) {
  return {
    pending: database.prepare<[string | null], { due_hour: number; amount: number }>(
      `SELECT e.due_hour, sum(e.earned - e.reversed) AS amount
       FROM account a JOIN full_earning e ON e.account = a.id
       WHERE ${whose} AND a.kind = 'earned' AND e.due_hour > 0 GROUP BY e.due_hour
       HAVING sum(e.earned - e.reversed) > 0 ORDER BY e.due_hour`,
    ),
    payable: database.prepare<[string | null], { credits: number; debits: number }>(
      `SELECT coalesce(sum(credits_posted), 0) AS credits, coalesce(sum(debits_posted), 0) AS debits
       FROM account a WHERE ${whose} AND a.kind = 'payable'`,
    ),
  };
}

function sumOf(rows: readonly { amount: number }[]): Micros {
  return micros(rows.reduce((sum, { amount }) => sum + amount, 0));
}
