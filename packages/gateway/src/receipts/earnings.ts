import type { Micros } from '../core/money.ts';
import type { Result } from '../core/result.ts';

export const EARNINGS_GROUPS = ['day', 'node', 'model', 'account'] as const;
export type EarningsGroup = (typeof EARNINGS_GROUPS)[number];

/**
 * Days are UTC, counted since 1970; both ends belong to the range. An earning belongs to the day on which its job ended.
 * Without `accountId`: of all owners, for the operator.
 */
export type EarningsQuestion = {
  accountId?: string;
  nodeId?: string;
  fromDay: number;
  toDay: number;
  groupBy: readonly EarningsGroup[];
};

/** Sums of one group. Only the groups that were asked for are set. Earned = taken back + pending + payable or paid. */
export type EarningsRow = {
  day?: number;
  /** Ids. */
  node?: string;
  model?: string;
  account?: string;
  /** Jobs that earned something. */
  jobs: number;
  earnedMicros: Micros;
  reversedMicros: Micros;
  pendingMicros: Micros;
};

/** `next`: when the next part of what is pending becomes payable. */
export type EarningsBalance = {
  pendingMicros: Micros;
  payableMicros: Micros;
  paidMicros: Micros;
  next: { atMs: number; amountMicros: Micros } | undefined;
};

/** Rows are ordered by the groups. The balance is that of the account, or of all owners together, whatever the days. */
export type EarningsAnswer = { rows: EarningsRow[]; balance: EarningsBalance };

/** Port: what nodes earned, read off the main thread. `busy`: too many questions wait already. */
export type EarningsReader = {
  earnings(question: EarningsQuestion): Promise<Result<EarningsAnswer, 'too-many-rows' | 'busy'>>;
};
