import type { Database } from 'better-sqlite3';

export type KeySpendWriter = {
  /** `key`: its number, see `RequestNames`. `day`: UTC day, days since 1970. */
  add(key: number, day: number, amountMicros: number): void;
  flush(): void;
  clear(): void;
};

/** Sums the charges of a batch for each key and day. */
export function createKeySpendWriter(database: Database): KeySpendWriter {
  const upsert = database.prepare<[number, number, number]>(
    `INSERT INTO key_spend (day, key, amount) VALUES (?, ?, CAST(? AS INTEGER))
     ON CONFLICT (day, key) DO UPDATE SET amount = amount + excluded.amount`,
  );
  const sums = new Map<number, Map<number, number>>();
  return {
    add(key, day, amountMicros) {
      let ofDay = sums.get(day);
      if (ofDay === undefined) sums.set(day, (ofDay = new Map()));
      ofDay.set(key, (ofDay.get(key) ?? 0) + amountMicros);
    },
    flush() {
      for (const [day, ofDay] of sums) for (const [key, amount] of ofDay) upsert.run(day, key, amount);
      sums.clear();
    },
    clear: () => sums.clear(),
  };
}
