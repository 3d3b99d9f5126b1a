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
  /** Whose it is, for ever. Undefined: the account's own. */
  personId: string | undefined;
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

/** A person in an account. */
export type MemberId = { accountId: string; personId: string };

/** What all keys of one person in one account may do together. Undefined: as much as each of them may. */
export type MemberLimits = MemberId & {
  requestsPerMinute: number | undefined;
  concurrency: number | undefined;
  spendLimits: SpendLimits;
};

/** Such limits with the keys that share them. The same object until a limit changes or a key comes. */
export type MemberShare = MemberLimits & { readonly id: string; readonly keyIds: readonly string[] };
