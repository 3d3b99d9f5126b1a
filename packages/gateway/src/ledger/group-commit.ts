import type { ItemOutcome, JournalItem, JournalWriter } from './journal.ts';

/** Items in one commit. Larger batches gain nothing (measured: 5 µs for each row against 0.15 ms for the fsync). */
const BATCH_MAX = 1_000;

/** `failed`: not known to be durable, and never will be acknowledged. */
export type Done = (outcome: ItemOutcome | 'failed') => void;

/** The turns of the event loop. */
export type Turns = {
  /** Calls `work` when the present turn has brought all that it brings. */
  soon(work: () => void): void;
  /** Milliseconds of a clock that only goes forward. */
  monotonicMs(): number;
};

/** Each batch at the end of the running callback, without waiting for more. */
const NO_TURNS: Turns = { soon: queueMicrotask, monotonicMs: () => 0 };

/** After a smaller batch few come in the time of a commit, so waiting would save nothing: the next one goes at once. */
const BUSY_BATCH = 4;
/** The longest wait of a busy writer for more items; a commit takes 0.3 to 1 ms. */
const GATHER_MAX_MS = 2;

export type GroupCommit = {
  /** Queues an item. `done` is called once: when its batch is durable, or at once when the writer has failed. */
  push(item: JournalItem, done: Done): void;
  /** Items that are queued or being written. Bounded by who pushes, see `createLedger`. */
  pending(): number;
  healthy(): boolean;
  /** Resolves when nothing is pending, then takes no more. */
  drain(): Promise<void>;
};

/**
 * Writes items in batches, in order. While one batch is on its way to the disk the next one builds up, so no timer is
 * needed: an idle writer commits at once, a busy one commits many at a time. A busy one also waits for the next turns of the
 * event loop, as long as each brings items and for 2 ms at most: a commit costs as much CPU as ten items.
 *
 * After the first failed batch it is unhealthy for good: that batch and all behind it are reported as `failed`.
 * What had been reported before stays durable. `onFailure` hears the cause once.
 */
export function createGroupCommit(
  writer: JournalWriter,
  onFailure: (cause: string) => void,
  turns: Turns = NO_TURNS,
): GroupCommit {
  let items: JournalItem[] = [];
  let dones: Done[] = [];
  let inFlight: Done[] = [];
  let flushIsDue = false;
  let dueSinceMs = 0;
  let itemsBefore = 0;
  let lastBatchSize = 0;
  let state: 'open' | 'closed' | 'failed' = 'open';
  let drained: (() => void) | undefined;

  function flushSoon(): void {
    if (flushIsDue) return;
    flushIsDue = true;
    dueSinceMs = turns.monotonicMs();
    itemsBefore = 0;
    turns.soon(flushOrGather);
  }

  function flushOrGather(): void {
    const bringsMore = items.length > itemsBefore;
    if (lastBatchSize < BUSY_BATCH || !bringsMore || turns.monotonicMs() - dueSinceMs >= GATHER_MAX_MS) {
      flush();
      return;
    }
    itemsBefore = items.length;
    turns.soon(flushOrGather);
  }

  function flush(): void {
    flushIsDue = false;
    if (inFlight.length > 0 || items.length === 0 || state !== 'open') return;
    const batch = items.length <= BATCH_MAX ? items : items.slice(0, BATCH_MAX);
    inFlight = items.length <= BATCH_MAX ? dones : dones.slice(0, BATCH_MAX);
    items = items.length <= BATCH_MAX ? [] : items.slice(BATCH_MAX);
    dones = dones.length <= BATCH_MAX ? [] : dones.slice(BATCH_MAX);
    lastBatchSize = batch.length;
    writer.write(batch).then(acknowledge, (error: unknown) => fail(causeOf(error)));
  }

  function acknowledge(outcomes: ReadonlyMap<number, ItemOutcome>): void {
    if (state === 'failed') return;
    const acknowledged = inFlight;
    inFlight = [];
    let refused = false;
    for (const [index, done] of acknowledged.entries()) {
      const outcome = outcomes.get(index) ?? 'written';
      if (outcome === 'refused') refused = true;
      done(outcome);
    }
    // The disk contradicts the memory. Going on could only make it worse.
    if (refused) fail('the store refused a row that the ledger had decided');
    else if (items.length > 0) flushSoon();
    else finishDrain();
  }

  function fail(cause: string): void {
    if (state === 'failed') return;
    state = 'failed';
    const lost = inFlight.concat(dones);
    inFlight = [];
    items = [];
    dones = [];
    onFailure(cause);
    for (const done of lost) done('failed');
    finishDrain();
  }

  function finishDrain(): void {
    if (drained === undefined) return;
    if (state === 'open') state = 'closed';
    drained();
    drained = undefined;
  }

  return {
    push(item, done) {
      if (state !== 'open') {
        done('failed');
        return;
      }
      items.push(item);
      dones.push(done);
      if (inFlight.length === 0) flushSoon();
    },
    pending: () => items.length + inFlight.length,
    healthy: () => state === 'open',
    async drain() {
      if (items.length + inFlight.length > 0) {
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      }
      if (state === 'open') state = 'closed';
    },
  };
}

/** A short cause for the log. Errors of stores carry codes and names of columns, never values. */
function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
