import type { SpendLimits } from '../ledger/ledger.ts';

/** Who pays. */
export type Account = {
  id: string;
  name: string;
  role: 'operator' | 'person';
  suspended: boolean;
  createdAtMs: number;
};

/** What a key may do. `inference`: the text and image routes. `read`: models, balance, own usage. `admin`: operator's routes. */
export type Scope = 'inference' | 'read' | 'admin';

/** A secret of an account, without the secret: only its SHA-256 is kept. Undefined limits fall back to the configuration. */
export type ApiKey = {
  id: string;
  accountId: string;
  name: string;
  /** Last four characters, so that a person can tell keys apart. */
  last4: string;
  scopes: readonly Scope[];
  /** Model ids that the key may use; undefined: all. */
  models: readonly string[] | undefined;
  /** Ids of deployments that the key may use; undefined: all of the account, unless `models` binds the key. */
  deployments: readonly string[] | undefined;
  requestsPerMinute: number | undefined;
  concurrency: number | undefined;
  spendLimits: SpendLimits;
  createdAtMs: number;
  expiresAtMs: number | undefined;
  revokedAtMs: number | undefined;
};
