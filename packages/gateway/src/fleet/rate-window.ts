/** Names kept in one window. When they are used up, everybody new counts as one. */
const NAMES_MAX = 10_000;

/** Counts events by name within the current window, such as a minute, and forgets all when the next one starts. */
export class RateWindow {
  readonly #max: number;
  #window = 0;
  readonly #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  isFull(name: string, window: number): boolean {
    this.#turn(window);
    return (this.#counts.get(this.#slotOf(name)) ?? 0) >= this.#max;
  }

  count(name: string, window: number): void {
    this.#turn(window);
    const slot = this.#slotOf(name);
    this.#counts.set(slot, (this.#counts.get(slot) ?? 0) + 1);
  }

  #slotOf(name: string): string {
    return this.#counts.has(name) || this.#counts.size < NAMES_MAX ? name : '';
  }

  #turn(window: number): void {
    if (window === this.#window) return;
    this.#window = window;
    this.#counts.clear();
  }
}
