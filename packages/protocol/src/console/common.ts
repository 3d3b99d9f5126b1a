/**
 * What the console API and the web app agree on. JSON only; `null` where there is nothing; times are ISO 8601 in UTC;
 * days are `2026-11-20` in UTC; fields that end in `Micros` are whole µ$ (one credit = 10 000 µ$ = $0.01).
 */

/** The exact amount in whole µ$, and the same in credits and US dollars to show. */
export type Money = { micros: number; credits: number; usd: number };

/** What a person may do in an account. Each role may do all that the ones after it may. */
export const MEMBER_ROLES = ['owner', 'admin', 'developer', 'viewer'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** What every refusal looks like. `code` is of the error catalogue (docs/errors); `param` names the field at fault. */
export type ConsoleFailure = { error: { code: string; message: string; param?: string } };

/** The answer of a change that has nothing to tell. */
export type Done = { done: true };

/** Tokens of a request or a group of requests, in disjoint kinds, and the totals as OpenAI's clients count them. */
export type TokenCounts = {
  input_tokens: number;
  image_input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
};

/** The last 24 hours in quarters of an hour, oldest first; without the quarters of which nothing is known. */
export type Availability24h = {
  /** Share of the looks at which it was available, 0 to 1. null: nothing is known. */
  available: number | null;
  quarters: {
    from: string;
    available: number;
    /** Share of its slots in use, 0 to 1. */
    busy: number;
    waitingMax: number;
  }[];
};
