import { totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { JobResult } from './job-run.ts';

/** What jobs have shown of each model, for the owner. At most as many as were ever on offer. */
export type ModelRecords = {
  note(alias: string, result: Extract<JobResult, { result: 'done' }>): void;
  done(alias: string): number;
  tokensPerSecond(alias: string): number | undefined;
};

/** How much of a new job goes into the speed. */
const SPEED_WEIGHT = 0.2;
/** Shorter answers say nothing about speed. */
const MEASURABLE_TOKENS = 16;

export function createModelRecords(): ModelRecords {
  const records = new Map<string, { done: number; tokensPerSecond: number | undefined }>();
  return {
    note(alias, { usage, outputMs = 0 }) {
      const record = records.get(alias) ?? { done: 0, tokensPerSecond: undefined };
      records.set(alias, record);
      record.done += 1;
      const tokens = usage === undefined ? 0 : totalOutputTokens(usage);
      if (tokens < MEASURABLE_TOKENS || outputMs <= 0) return;
      const perSecond = (1_000 * tokens) / outputMs;
      const before = record.tokensPerSecond ?? perSecond;
      record.tokensPerSecond = before * (1 - SPEED_WEIGHT) + perSecond * SPEED_WEIGHT;
    },
    done: (alias) => records.get(alias)?.done ?? 0,
    tokensPerSecond: (alias) => records.get(alias)?.tokensPerSecond,
  };
}
