import { getHeapSpaceStatistics } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { garbageCollector } from '../testing/collect-garbage.ts';
import { NOWHERE, Roster } from './roster.ts';

const item = (name = 0) => ({ rosterPlace: NOWHERE, name });

describe('a roster', () => {
  it('holds what a set would hold', () => {
    const step = fc.record({ what: fc.constantFrom('add', 'delete', 'clear'), which: fc.nat({ max: 9 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const items = Array.from({ length: 10 }, (_, name) => item(name));
        const roster = new Roster<(typeof items)[number]>();
        const model = new Set<(typeof items)[number]>();
        for (const { what, which } of steps) {
          const one = items[which] ?? item();
          if (what === 'add') {
            roster.add(one);
            model.add(one);
          } else if (what === 'delete') expect(roster.delete(one)).toBe(model.delete(one));
          else {
            roster.clear();
            model.clear();
          }
          const byName = (a: { name: number }, b: { name: number }) => a.name - b.name;
          expect([...roster].toSorted(byName)).toEqual([...model].toSorted(byName));
          expect(roster.size).toBe(model.size);
          expect(roster.find(({ name }) => name === which)).toBe(model.has(one) ? one : undefined);
        }
      }),
    );
  });

  it('leaves out of a walk what is removed meanwhile, and what is added', () => {
    const items = [item(0), item(1), item(2), item(3)];
    const roster = new Roster<(typeof items)[number]>();
    for (const one of items) roster.add(one);
    const seen: number[] = [];
    for (const one of roster) {
      seen.push(one.name);
      for (const other of items.slice(0, 3)) roster.delete(other);
      roster.add(item(4));
    }
    expect(seen).toEqual([0, 3]);
  });

  it('does not know items of another roster', () => {
    const [mine, theirs] = [new Roster(), new Roster()];
    const one = item();
    theirs.add(one);
    expect(mine.delete(one)).toBe(false);
    mine.add(item());
    expect(mine.delete(one)).toBe(false);
    expect(() => mine.add(one)).toThrow('another roster');
    expect([mine.size, theirs.size]).toEqual([1, 1]);
  });

  it('keeps nothing of what has left when it is old itself, which a set would', () => {
    const collect = garbageCollector();
    const oldMegabytes = () =>
      getHeapSpaceStatistics()
        .filter(({ space_name: name }) => name === 'old_space' || name === 'large_object_space')
        .reduce((sum, { space_used_size: bytes }) => sum + bytes / 1e6, 0);
    const roster = new Roster();
    const under = Array.from({ length: 32 }, () => heavy());
    const passThrough = (count: number) => {
      for (let at = 0; at < count; at += 1) {
        const place = at % under.length;
        const gone = under[place];
        if (gone !== undefined) roster.delete(gone);
        roster.add((under[place] = heavy()));
      }
    };
    passThrough(10_000);
    collect?.();
    const before = oldMegabytes();
    passThrough(100_000);
    // 100 MB went through; a set would leave 17 to 40 of them among the old objects.
    expect(oldMegabytes() - before).toBeLessThan(5);
  });
});

/** About 1 KB. */
const heavy = () => ({ rosterPlace: NOWHERE, load: Array.from({ length: 120 }, () => 0.5) });
