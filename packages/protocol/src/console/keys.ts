import type { Money } from './common.ts';

/**
 * GET `accounts/:account/keys`. Role: developer, who sees their own; admins and owners see all. Newest first, revoked ones
 * too.
 */
export type KeysAnswer = { keys: ConsoleKey[]; browserKeys: ConsoleKey[] };

export type ConsoleKey = {
  id: string;
  name: string;
  /** The last four characters of the secret. */
  last4: string;
  /** Whose it is, for ever; `name` null: the person is gone. null: the account's own. */
  person: { id: string; name: string | null } | null;
  state: 'active' | 'expired' | 'revoked' | 'account-suspended';
  scopes: readonly ('inference' | 'read' | 'admin')[];
  /** null: every model. */
  models: readonly string[] | null;
  /** Names of the account's own deployments. null: all of them, or none when the key is bound to models. */
  deployments: readonly string[] | null;
  /** null: as the operator says. */
  requestsPerMinute: number | null;
  concurrency: number | null;
  /** Per UTC day, ISO week and month. */
  spend: { day: KeySpend; week: KeySpend; month: KeySpend };
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  /** To the minute; null: never, or not since the gateway kept it. */
  lastUsedAt: string | null;
};

/** `limit` null: none. `resetsAt`: when the window counts from 0 again. */
export type KeySpend = { spent: Money; limit: Money | null; resetsAt: string };

/** POST `accounts/:account/keys`. Role: developer. Answers `NewKey`. */
export type CreateKey = {
  name: string;
  /**
   * A member of the account, at least a developer; null: the account's own. Developers may name only themselves. Default:
   * oneself for developers, null for admins and owners.
   */
  personId?: string | null;
  /** Default: both. */
  scopes?: ('inference' | 'read')[];
  /** Ids or aliases. Default: every model. */
  models?: string[];
  deployments?: string[];
  requestsPerMinute?: number;
  concurrency?: number;
  dayLimitMicros?: number;
  weekLimitMicros?: number;
  monthLimitMicros?: number;
  /** Default: it does not expire. */
  expiresInMs?: number;
};

/** PATCH `accounts/:account/keys/:key`. Role: developer; a key of others: admin. `person` stays for ever. What is left out stays; `null` takes a limit away. Answers `ConsoleKey`. */
export type UpdateKey = {
  name?: string;
  models?: string[] | null;
  deployments?: string[] | null;
  requestsPerMinute?: number | null;
  concurrency?: number | null;
  dayLimitMicros?: number | null;
  weekLimitMicros?: number | null;
  monthLimitMicros?: number | null;
  expiresInMs?: number | null;
};

/**
 * POST `accounts/:account/keys/:key/rotate`. Role: developer. A new key of the same rights; the old one expires after
 * the overlap, 0 to 720 hours. Answers `NewKey`. DELETE `accounts/:account/keys/:key` revokes at once: `ConsoleKey`.
 */
export type RotateKey = { overlapHours: number };

/** The only answers that hold a secret. It cannot be shown again. */
export type NewKey = { key: ConsoleKey; secret: string };

/**
 * POST `accounts/:account/browser-key`, body `{}`. Role: developer. A key of 12 hours for this page's own requests, one per
 * person and account: asking again ends the one before. Keep it in memory only.
 */
export type BrowserKey = { secret: string; expiresAt: string };
