import type { Spender } from './ledger.ts';
import { type Calendar, type KeySpend, emptyKeySpend, rollKeySpend, shareKeySpend } from './spend-windows.ts';

/** The sums of all keys of a spender. */
export type SharedSpends = { of(spender: Spender, today: Calendar): KeySpend };

/**
 * Finds the sums of spenders, and makes them of those of their keys when a spender is new or was changed. After that
 * each key keeps them up to date by itself. One entry for each spender that was ever asked for since the start.
 * @param keepKey the sums of a key, rolled to today
 */
export function createSharedSpends(keepKey: (keyId: string) => KeySpend): SharedSpends {
  const known = new Map<string, { of: Spender | undefined; spend: KeySpend }>();
  return {
    of(spender, today) {
      let entry = known.get(spender.id);
      if (entry === undefined) {
        entry = { of: undefined, spend: emptyKeySpend(spender.id, today) };
        known.set(spender.id, entry);
      }
      rollKeySpend(entry.spend, today);
      if (entry.of !== spender) {
        for (const keyId of spender.keyIds) shareKeySpend(keepKey(keyId), entry.spend);
        entry.of = spender;
      }
      return entry.spend;
    },
  };
}
