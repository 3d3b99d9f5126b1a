/** What can be on a roster. It keeps its own place there; `NOWHERE` when it is on none. */
export type Rostered = { rosterPlace: number };

export const NOWHERE = -1;

/**
 * The things that are under way, when thousands come and go each second. A `Set` or `Map` must not be used for these: V8
 * replaces its table after as many removals as it has room, each table points to the one after it, and once one of them has
 * become old, all that follow, with all that was in them, count as alive until the whole heap is collected. Every request
 * then outlives the cheap collections of young objects (measured: docs/decisions/0017-rosters.md). An array in which the
 * last item takes the place of the removed one keeps nothing.
 *
 * An item can be on one roster at a time. There is no order.
 */
export class Roster<Item extends Rostered> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Does nothing when it is there already. Throws when it is on another roster, where it could not be found again. */
  add(item: Item): void {
    if (this.#items[item.rosterPlace] === item) return;
    if (item.rosterPlace !== NOWHERE) throw new Error('this is on another roster');
    item.rosterPlace = this.#items.push(item) - 1;
  }

  /** False: it was not there. */
  delete(item: Item): boolean {
    const place = item.rosterPlace;
    if (this.#items[place] !== item) return false;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[place] = last;
      last.rosterPlace = place;
    }
    item.rosterPlace = NOWHERE;
    return true;
  }

  /** The first found that passes. Looks at each: for rosters that stay short. */
  find(test: (item: Item) => boolean): Item | undefined {
    return this.#items.find(test);
  }

  clear(): void {
    for (const item of this.#items) item.rosterPlace = NOWHERE;
    this.#items.length = 0;
  }

  /** Those that are there at the start, each once, without those that are removed meanwhile. */
  *[Symbol.iterator](): Generator<Item, void> {
    for (const item of this.#items.slice()) if (this.#items[item.rosterPlace] === item) yield item;
  }
}
