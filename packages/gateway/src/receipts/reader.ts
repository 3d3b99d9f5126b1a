import type { Usage } from '@switchyard/protocol/usage.ts';
import type { Price } from '../catalog/model.ts';
import type { Micros } from '../core/money.ts';
import type { Result } from '../core/result.ts';
import type { Receipt, RequestEnd } from '../ledger/ledger.ts';

/** Which of an account's receipts. `limit` is at most `RECEIPTS_MAX`. */
export type ReceiptQuestion = {
  accountId: string;
  limit: number;
  /** Continues after this request, which must be one of the account's. */
  before?: string;
  /** Only of this model id, this key id, this end. */
  model?: string;
  key?: string;
  end?: RequestEnd;
};

/**
 * Newest first, by when they ended. `nextBefore` is set when there may be more. A page that is filtered may be shorter
 * than asked for, even empty, and still have a `nextBefore`: the rows that are looked at for one page are bounded.
 */
export type ReceiptPage = { receipts: Receipt[]; nextBefore: string | undefined };

export const USAGE_GROUPS = ['day', 'model', 'key'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Days are UTC, counted since 1970; both ends belong to the range. A request belongs to the day on which it began. */
export type UsageQuestion = {
  accountId: string;
  fromDay: number;
  toDay: number;
  groupBy: readonly UsageGroup[];
};

/** Sums of one group. Only the groups that were asked for are set. */
export type UsageRow = {
  day?: number;
  model?: string;
  key?: string;
  requests: number;
  usage: Usage;
  chargedMicros: Micros;
};

/** Hours are UTC, counted since 1970; both ends belong to the range. Kept for `USAGE_HOURS_KEPT` hours. */
export type HoursQuestion = {
  accountId: string;
  fromHour: number;
  toHour: number;
  groupBy: 'model' | 'key' | undefined;
};

export type HourRow = Omit<UsageRow, 'day'> & { hour: number };

/** 32 days: a month by hours, wherever it begins. */
export const USAGE_HOURS_KEPT = 32 * 24;

/** All accounts' charged requests of a model on one UTC day, told again at another price. */
export type RepriceQuestion = { modelId: string; day: number; price: Price };
export type Repricing = { requests: number; chargedMicros: Micros; wouldChargeMicros: Micros };

export const RECEIPTS_MAX = 100;
export const USAGE_DAYS_MAX = 366;

/** Port: reads over many receipts, off the main thread. `busy`: too many wait already, of all callers or of this account. */
export type RecordReader = {
  list(question: ReceiptQuestion): Promise<Result<ReceiptPage, 'unknown-cursor' | 'busy'>>;
  /** Ordered by the groups. */
  usage(question: UsageQuestion): Promise<Result<UsageRow[], 'too-many-rows' | 'busy'>>;
  /** Ordered by hour, then group. */
  hours(question: HoursQuestion): Promise<Result<HourRow[], 'too-many-rows' | 'busy'>>;
  /** For operators. May take a second for each million requests of the day. */
  reprice(question: RepriceQuestion): Promise<Result<Repricing, 'busy'>>;
};
