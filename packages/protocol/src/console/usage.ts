import type { TokenCounts } from './common.ts';

/**
 * GET `accounts/:account/usage?from&to&bucket=hour|day&by=model|key|member`. Role: viewer; `member`: admin.
 * `from`, `to`: UTC days, both in the range; default: the last 30 (with `hour`: the last 2). At most 366 days, by hours at
 * most 31. `by` left out: no groups. Also as `usage.csv`.
 */
export type UsageAnswer = {
  from: string;
  to: string;
  bucket: 'hour' | 'day';
  by: 'model' | 'key' | 'member' | null;
  /** Ordered by bucket, then group. Buckets without requests are left out. */
  rows: UsageBucket[];
  total: { requests: number; chargedMicros: number } & TokenCounts;
};

export type UsageBucket = {
  /** Begin of the bucket, UTC. */
  at: string;
  /** Id of the model, key or person; `account`: the account's own keys. null: no groups were asked for. */
  group: string | null;
  /** Name of the key, person or account, or the id of the model; null: no groups, or a key or person that is gone. */
  groupName: string | null;
  requests: number;
  chargedMicros: number;
} & TokenCounts;
