import type { Clock } from '../core/clock.ts';
import type { Fault } from '../core/errors.ts';
import { ok } from '../core/result.ts';
import type { Result } from '../core/result.ts';
import { createKeyDirectory } from './key-directory.ts';
import type { KeyDirectory } from './key-directory.ts';
import type { AccountStore, AuditEntry, Change } from './store.ts';

/** How often the times of last use are written, in milliseconds. A crash loses at most this much of them. */
const KEY_USE_FLUSH_MS = 60_000;

/** What a use case wants to happen: durable changes with their audit line, and what to answer once they are. */
export type Plan<Value> = { changes: readonly Change[]; audit: Omit<AuditEntry, 'atMs'>; value: Value };

/** The key directory together with the only way to change it. */
export type Registry = {
  readonly directory: KeyDirectory;
  /**
   * Runs `plan` over the state of now, writes what it wants, then takes it into memory. One change at a time: a plan
   * always sees the result of the one before, so that two of them can never undo each other. Rejects, with nothing
   * changed, when the store fails. Other changes still go on after that.
   */
  change<Value>(plan: (directory: KeyDirectory) => Result<Plan<Value>, Fault>): Promise<Result<Value, Fault>>;
  /** The newest lines of the audit trail, newest first. */
  auditTrail(limit: number): Promise<AuditEntry[]>;
  /** A value that a plan wrote with `set-meta`. */
  meta(key: string): Promise<string | undefined>;
  /** Writes the times of last use now. */
  flushKeyUses(): Promise<void>;
  /** Waits for changes under way and writes the times of last use. The store stays open: it belongs to its opener. */
  close(): Promise<void>;
};

export type RegistryOptions = {
  store: AccountStore;
  clock: Clock;
  /** `brand.keyPrefix` of the configuration. */
  brand: string;
  /** Called when the times of last use could not be written. They are tried again a minute later. */
  onFlushFailure?: () => void;
};

export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const { store, clock, brand } = options;
  const directory = createKeyDirectory({ clock, brand, snapshot: await store.load() });
  let unwritten = new Map<string, number>();
  let tail: Promise<unknown> = Promise.resolve();

  /** Runs tasks one after the other. A failed one does not stop those behind it. */
  function inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    const run = tail.then(task);
    tail = run.catch(() => undefined);
    return run;
  }

  async function writeKeyUses(): Promise<void> {
    const uses = new Map([...unwritten, ...directory.takeKeyUses()]);
    if (uses.size === 0) return;
    unwritten = uses;
    await store.recordKeyUse(uses);
    unwritten = new Map();
  }

  const flushKeyUses = (): Promise<void> => inTurn(writeKeyUses);
  const timer = clock.every(KEY_USE_FLUSH_MS, () => {
    flushKeyUses().catch(() => options.onFlushFailure?.());
  });

  return {
    directory,
    flushKeyUses,
    auditTrail: (limit) => store.auditTrail(limit),
    meta: (key) => store.meta(key),
    change(plan) {
      return inTurn(async () => {
        const planned = plan(directory);
        if (!planned.ok) return planned;
        const { changes, audit, value } = planned.value;
        await store.commit(changes, { ...audit, atMs: clock.nowMs() });
        directory.apply(changes);
        return ok(value);
      });
    },
    async close() {
      timer.cancel();
      await flushKeyUses();
    },
  };
}
