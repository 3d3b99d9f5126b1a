import type { Database } from 'better-sqlite3';

export type KeySpendWriter = {
  /** `day`: UTC day, days since 1970. */
  add(keyId: string, day: number, amountMicros: number): void;
  flush(): void;
  clear(): void;
};

/** Sums the charges of a batch for each key and day. */
export function createKeySpendWriter(database: Database): KeySpendWriter {
  const upsert = database.prepare<[number, string, number]>(
    `INSERT INTO key_spend (day, key_id, amount) VALUES (?, ?, CAST(? AS INTEGER))
     ON CONFLICT (day, key_id) DO UPDATE SET amount = amount + excluded.amount`,
  );
  const sums = new Map<number, Map<string, number>>();
  return {
    add(keyId, day, amountMicros) {
      let ofDay = sums.get(day);
      if (ofDay === undefined) sums.set(day, (ofDay = new Map()));
      ofDay.set(keyId, (ofDay.get(keyId) ?? 0) + amountMicros);
    },
    flush() {
      for (const [day, ofDay] of sums) for (const [keyId, amount] of ofDay) upsert.run(day, keyId, amount);
      sums.clear();
    },
    clear: () => sums.clear(),
  };
}
