import type { Database } from 'better-sqlite3';
import { SYSTEM_ACCOUNT, TRANSFER_CODE, TRANSFER_KIND } from './migrations.ts';

export const DAY_MS = 86_400_000;

/** One receipt, as far as the sums need it. Counts of tokens that were no numbers were kept as -1. */
export type OldReceipt = {
  seq: number;
  request_id: string;
  legs: number;
  account_id: string;
  key_id: string;
  model_id: string;
  started_at_ms: number;
  charged: number;
  input_tokens: number;
  image_input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
};

/** The UTC day that a request belongs to: the one on which it began. Days since 1970. */
export function dayOf(receipt: OldReceipt): number {
  return Math.floor(Math.max(receipt.started_at_ms, 0) / DAY_MS);
}

const SUMS = [
  'charged',
  'input_tokens',
  'image_input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
] as const;

/** Adds receipts up by day, account, key and model. */
export function createReceiptSums(database: Database): {
  add(receipt: OldReceipt): void;
  flush(): void;
  clear(): void;
} {
  const upsert = database.prepare(
    `INSERT INTO rollup (day, account_id, key_id, model_id, requests, ${SUMS.join(', ')})
     VALUES (@day, @account_id, @key_id, @model_id, CAST(@requests AS INTEGER), ${SUMS.map((name) => `CAST(@${name} AS INTEGER)`).join(', ')})
     ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, signature = '',
       ${SUMS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
  );
  type Sum = Record<(typeof SUMS)[number], number> & {
    day: number;
    account_id: string;
    key_id: string;
    model_id: string;
    requests: number;
  };
  const sums = new Map<string, Sum>();
  return {
    add(receipt) {
      const { account_id, key_id, model_id } = receipt;
      const day = dayOf(receipt);
      const name = JSON.stringify([day, account_id, key_id, model_id]);
      const sum = sums.get(name) ?? { day, account_id, key_id, model_id, requests: 0, ...NOTHING };
      sum.requests += 1;
      for (const column of SUMS) sum[column] += Math.max(receipt[column], 0);
      sums.set(name, sum);
    },
    flush() {
      for (const sum of sums.values()) upsert.run(sum);
      sums.clear();
    },
    clear: () => sums.clear(),
  };
}

const NOTHING = {
  charged: 0,
  input_tokens: 0,
  image_input_tokens: 0,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
};

/**
 * Adds charges up by ledger account and day, into one transfer each. It takes the place of the first charge in the order
 * of the transfers, so an account's history stays in its order. Counters do not change: they count these charges already.
 */
export function createChargeSums(database: Database): {
  add(charge: { seq: number; debit: number; amount: number; day: number }): void;
  flush(): void;
  clear(): void;
} {
  const grow = database.prepare<[number, string]>(
    'UPDATE transfer SET amount = amount + CAST(? AS INTEGER) WHERE id = ?',
  );
  const insert = database.prepare<[number, string, number, number, number]>(
    `INSERT INTO transfer (seq, id, kind, debit, credit, amount, code, reason, at_ms)
     VALUES (?, ?, ${TRANSFER_KIND.direct}, ?, ${SYSTEM_ACCOUNT.revenue}, CAST(? AS INTEGER), ${TRANSFER_CODE.charge}, '', ?)`,
  );
  const sums = new Map<string, { seq: number; debit: number; amount: number; day: number }>();
  return {
    add({ seq, debit, amount, day }) {
      const id = `rollup:${debit}:${day}`;
      const sum = sums.get(id);
      if (sum === undefined) sums.set(id, { seq, debit, amount, day });
      else sum.amount += amount;
    },
    flush() {
      for (const [id, { seq, debit, amount, day }] of sums) {
        if (grow.run(amount, id).changes === 0) insert.run(seq, id, debit, amount, (day + 1) * DAY_MS - 1);
      }
      sums.clear();
    },
    clear: () => sums.clear(),
  };
}
