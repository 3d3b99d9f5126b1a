import { assertTransferId } from './decide-transfer.ts';
import { dueHourOf, hourOf } from './earnings.ts';
import type { EarningsItem, EarningsStep, ItemOutcome } from './journal.ts';
import type { OperatorLedger, TransferOutcome } from './ledger.ts';

/** Without earnings the place up to which they are counted still moves on, so that a start has little to read. */
const FOLD_PERIOD_MS = 60_000;
const FORFEIT_ID = /^[A-Za-z0-9_:.-]{1,100}$/;
const REASON_MAX_CHARS = 500;

export type EarningsDeskOptions = {
  /** False while nothing may be written. */
  isReady(): boolean;
  /** `done` hears once, later, what became of the item. */
  push(item: EarningsItem, done: (outcome: ItemOutcome | 'failed') => void): void;
  nowMs(): number;
};

/**
 * Earnings of nodes' owners, from outside of requests. Nothing here is spent by requests, so no balance of it is kept
 * in memory: what requests earn is only appended, and counted in from time to time by `fold`.
 */
export type EarningsDesk = Pick<OperatorLedger, 'reward' | 'forfeit' | 'restore' | 'payOut'> & {
  /** A request was resolved. */
  noted(hasEarned: boolean): void;
  /** To be called about once a second. */
  fold(): void;
};

export function createEarningsDesk(options: EarningsDeskOptions): EarningsDesk {
  let hasEarned = false;
  let isBehind = false;
  let foldedAtMs = -Infinity;
  let foldedHour = -1;

  function write(step: EarningsStep): Promise<TransferOutcome> {
    if (!options.isReady()) return Promise.resolve({ outcome: 'ledger-unavailable' });
    const { promise, resolve } = Promise.withResolvers<TransferOutcome>();
    options.push({ type: 'earnings', step, atMs: options.nowMs() }, (outcome) =>
      resolve({ outcome: outcomeOf(outcome) }),
    );
    return promise;
  }

  return {
    noted(didEarn) {
      hasEarned ||= didEarn;
      isBehind = true;
    },
    fold() {
      const nowMs = options.nowMs();
      const hour = hourOf(nowMs);
      const isDue = hasEarned || hour !== foldedHour || (isBehind && nowMs - foldedAtMs >= FOLD_PERIOD_MS);
      if (!isDue || !options.isReady()) return;
      hasEarned = false;
      isBehind = false;
      foldedAtMs = nowMs;
      foldedHour = hour;
      // When the write fails, the ledger is finished, and the next start counts from where the last one stopped.
      options.push({ type: 'earnings', step: { do: 'fold', hour }, atMs: nowMs }, () => undefined);
    },
    reward(reward) {
      assertTransferId(reward.id);
      if (!isAmount(reward.amountMicros)) return Promise.resolve({ outcome: 'invalid-amount' });
      hasEarned = true;
      return write({ do: 'reward', reward, dueHour: dueHourOf(options.nowMs() + reward.maturityMs) });
    },
    forfeit({ id, nodeId, reason }) {
      assertForfeitId(id);
      return write({ do: 'forfeit', id, nodeId, reason: reason.slice(0, REASON_MAX_CHARS) });
    },
    restore({ forfeitId, maturityMs }) {
      assertForfeitId(forfeitId);
      hasEarned = true;
      return write({ do: 'restore', forfeitId, dueHour: dueHourOf(options.nowMs() + maturityMs) });
    },
    payOut(payOut) {
      assertTransferId(payOut.id);
      if (!isAmount(payOut.amountMicros)) return Promise.resolve({ outcome: 'invalid-amount' });
      return write({
        do: 'pay-out',
        payOut: { ...payOut, reason: payOut.reason.slice(0, REASON_MAX_CHARS) },
      });
    },
  };
}

function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** Names of transfers are made of it. */
function assertForfeitId(id: string): void {
  if (!FORFEIT_ID.test(id)) throw new RangeError('a forfeit id has 1-100 letters, digits and _ : . -');
}

function outcomeOf(outcome: ItemOutcome | 'failed'): TransferOutcome['outcome'] {
  switch (outcome) {
    case 'written':
      return 'applied';
    case 'exists':
    case 'exists-with-other-content':
    case 'exceeds-charge':
    case 'insufficient':
      return outcome;
    case 'absent':
    case 'refused':
    case 'failed':
      break;
  }
  return 'ledger-unavailable';
}
