import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { addMicros, micros, ZERO_MICROS } from '../core/money.ts';
import { createSharedSpends } from './shared-spend.ts';
import {
  type KeySpend,
  addKeySpend,
  calendarOfDay,
  countedSpend,
  emptyKeySpend,
  holdKeySpend,
  rollKeySpend,
  unholdKeySpend,
} from './spend-windows.ts';

type Step =
  | { do: 'hold'; key: number; amount: number }
  | { do: 'settle'; pick: number }
  | { do: 'days'; days: number }
  /** The limit is looked at, with so many keys of the person known. */
  | { do: 'look'; keys: number };

const KEYS = ['a', 'b', 'c'];
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('hold' as const), key: fc.nat(2), amount: fc.nat(1_000) }),
  fc.record({ do: fc.constant('settle' as const), pick: fc.nat() }),
  fc.record({ do: fc.constant('days' as const), days: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ do: fc.constant('look' as const), keys: fc.integer({ min: 1, max: 3 }) }),
);

it('is the sum of its keys in every window, whenever they join and whatever was held then', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let today = calendarOfDay(20_000);
      const keys = new Map<string, KeySpend>();
      const keep = (id: string): KeySpend => {
        const key = keys.get(id) ?? emptyKeySpend(id, today);
        keys.set(id, key);
        rollKeySpend(key, today);
        return key;
      };
      const spends = createSharedSpends(keep);
      const holds: { key: KeySpend; amount: number }[] = [];
      let known = 1;
      const spender = () => ({ id: 'ann', keyIds: KEYS.slice(0, known), spendLimits: {} });
      let ann = spender();
      for (const one of steps) {
        switch (one.do) {
          case 'hold': {
            const key = keep(KEYS[one.key % known] ?? 'a');
            holdKeySpend(key, micros(one.amount));
            holds.push({ key, amount: one.amount });
            break;
          }
          case 'settle': {
            const [hold] = holds.splice(one.pick % Math.max(1, holds.length), 1);
            if (hold === undefined) break;
            rollKeySpend(hold.key, today);
            unholdKeySpend(hold.key, micros(hold.amount));
            addKeySpend(hold.key, hold.key, micros(hold.amount));
            break;
          }
          case 'days':
            today = calendarOfDay(today.day + one.days);
            break;
          case 'look':
            if (one.keys > known) {
              known = one.keys;
              ann = spender();
            }
        }
        if (one.do !== 'look') continue;
        const sum = { dayMicros: ZERO_MICROS, weekMicros: ZERO_MICROS, monthMicros: ZERO_MICROS };
        for (const id of KEYS.slice(0, known)) {
          const spent = countedSpend(keep(id));
          sum.dayMicros = addMicros(sum.dayMicros, spent.dayMicros);
          sum.weekMicros = addMicros(sum.weekMicros, spent.weekMicros);
          sum.monthMicros = addMicros(sum.monthMicros, spent.monthMicros);
        }
        expect(countedSpend(spends.of(ann, today))).toEqual(sum);
      }
    }),
    { numRuns: 500 },
  );
});
