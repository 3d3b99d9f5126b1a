import type { TokenCounts } from './common.ts';

/**
 * GET `accounts/:account/usage?from&to&bucket=hour|day&by=model|key`. Role: viewer.
 * `from`, `to`: UTC days, both in the range; default: the last 30 (with `hour`: the last 2). At most 366 days, by hours at
 * most 31. `by` left out: no groups. Also as `usage.csv`.
 */
export type UsageAnswer = {
  from: string;
  to: string;
  bucket: 'hour' | 'day';
  by: 'model' | 'key' | null;
  /** Ordered by bucket, then group. Buckets without requests are left out. */
  rows: UsageBucket[];
  total: { requests: number; chargedMicros: number } & TokenCounts;
};

export type UsageBucket = {
  /** Begin of the bucket, UTC. */
  at: string;
  /** Id of the model or key; null: no groups were asked for. */
  group: string | null;
  /** Name of the key, or the id of the model; null: no groups, or a key that is gone. */
  groupName: string | null;
  requests: number;
  chargedMicros: number;
} & TokenCounts;
