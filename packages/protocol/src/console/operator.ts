import type { Money } from './common.ts';
import type { ConsoleBalance } from './overview.ts';
import type { ConsoleModel, Price } from './models.ts';
import type { ConsoleNode } from './nodes.ts';

/** All under `/api/console/operator/`, for operators only. */

/** GET `overview`. */
export type OperatorOverview = {
  requestsRunning: number;
  requestsWaiting: number;
  /** Of the last minute. */
  requestsPerSecond: number;
  /** Share of the requests of the last minute that ended in an error of ours or of a target, 0 to 1. */
  errorRate: number;
  /** Of requests that run now. */
  held: Money;
  accounts: number;
  keys: number;
  nodes: number;
  nodesOnline: number;
  /** `healthy`: it can be written. `check`: whether its books add up, looked at every hour; null: not yet since the start. */
  ledger: { healthy: boolean; check: LedgerCheck | null };
  maintenance: Maintenance;
};

/**
 * `sum`: all postings of all accounts together, which must be 0, and how many transfers were checked; null: it could not be
 * checked.
 */
export type LedgerCheck = {
  at: string;
  state: 'sound' | 'broken' | 'failed';
  sum: { micros: number; transfers: number } | null;
};

/**
 * GET `accounts?limit&search&cursor`. Newest first; `search`: part of the name or the id. `total`: of all pages.
 * `nextCursor`: null on the last one.
 */
export type OperatorAccounts = { accounts: OperatorAccount[]; total: number; nextCursor: string | null };

export type OperatorAccount = {
  id: string;
  name: string;
  role: 'operator' | 'person';
  state: 'active' | 'suspended';
  /** Keys that are not revoked. */
  keys: number;
  balance: Omit<ConsoleBalance, 'runningRequests' | 'low' | 'lowBelowMicros'>;
  createdAt: string;
};

/** GET `accounts/:account`: `OperatorAccount`. POST `accounts/:account/suspend` and `…/resume`, body `{}`: `OperatorAccount`. */

/**
 * GET `accounts/:account/keys`: `KeysAnswer`, `…/members`: `MembersAnswer`, `…/requests?cursor&limit&model&key&status`:
 * `RequestsPage`, as its members see them. No secret, no prompt.
 */

/** POST `accounts/:account/adjust`, freshly signed in. A posting with a reason. Answers `OperatorAccount`. */
export type AdjustCredit = {
  /** Above 0: to the account. Never takes more than what is free. */
  amountMicros: number;
  reason: string;
  /** Made by the page, so that a repeated request moves no money twice: 16 to 64 of `A-Za-z0-9_-`. */
  requestId: string;
};

/** GET `models`. Hidden ones too. */
export type OperatorModels = { models: OperatorModel[] };

export type OperatorModel = Omit<ConsoleModel, 'history' | 'availableSince' | 'firstContentMs'> & {
  hidden: boolean;
  /** Where its requests go, in order of preference. `target`: the pool or the upstream, `model`: its name there. */
  routes: { kind: 'pool' | 'upstream' | 'deployment'; target: string; model: string }[];
  slots: number;
  waiting: number;
  /** All known versions, oldest first. `source`: where it stands. */
  prices: ({ from: string | null; source: 'configuration' | 'console' } & Price)[];
};

/** A price to be. Flat: µ$ per request or picture. Per token: µ$ for one million tokens; what is left out counts as input or output. */
export type PriceInput =
  | { type: 'flat'; amountMicros: number }
  | {
      type: 'per-token';
      inputMicrosPerMillion: number;
      outputMicrosPerMillion: number;
      imageInputMicrosPerMillion?: number;
      cacheReadMicrosPerMillion?: number;
      cacheWriteMicrosPerMillion?: number;
      reasoningMicrosPerMillion?: number;
      minimumMicros?: number;
    };

/** POST `models/:model/price/preview`. What yesterday's requests (UTC) of the model would have cost. */
export type PricePreviewInput = { price: PriceInput };
export type PricePreview = {
  day: string;
  requests: number;
  /** What was charged. */
  chargedMicros: number;
  /** The same tokens or requests at the new price. Requests that were not charged stay free. */
  wouldChargeMicros: number;
};

/** PUT `models/:model/price`, freshly signed in. `from`: ISO 8601 in the future, or null for now. Answers `OperatorModel`. */
export type SetPrice = { price: PriceInput; from: string | null };

/** GET `upstreams`. */
export type OperatorUpstreams = { upstreams: OperatorUpstream[] };

export type OperatorUpstream = {
  name: string;
  /** Its API keys by state: `ready`, `resting` (too fast), `set-aside` (refused, or without money). */
  keys: { ready: number; resting: number; setAside: number };
  /** Models that it served, and whether requests go there: `open` means not for the moment. */
  breakers: { model: string; phase: 'closed' | 'half-open' | 'open' }[];
  /** The newest since the start; null: none. `cause`: a word such as `timeout`. */
  lastFault: { at: string; cause: string } | null;
};

/** GET `nodes`. All accounts'. POST `nodes/:node/drain|resume`, DELETE `nodes/:node`: `OperatorNode`. */
export type OperatorNodes = { nodes: OperatorNode[]; total: number };
export type OperatorNode = ConsoleNode & {
  account: { id: string; name: string };
  /** What its work is trusted with: `new`, `trusted`, … */
  tier: string;
  /** What its tier comes from. Test jobs and looks at answers: the newest 20 at most. */
  record: {
    paidJobs: number;
    firstPaidAt: string | null;
    approvedAt: string | null;
    tests: { passed: number; failed: number };
    checks: { clean: number; suspicious: number };
  };
  /** Share of its usual work that it gets, above 0 to 1. */
  workShare: number;
  /** Sanctions that hold now or held before, newest first. */
  sanctions: OperatorSanction[];
};
export type OperatorSanction = {
  id: string;
  kind: string;
  reason: string;
  /** The reason in words, with counts. */
  because: string;
  at: string;
  expiresAt: string;
  active: boolean;
  lifted: { at: string; because: string } | null;
};

/**
 * POST `nodes/:node/sanction`, freshly signed in: `OperatorNode`. `until` null: it is suspended until `resume`, and keeps what
 * it earned. A time (ISO 8601, within a year): it is banned until then, and what it has pending is taken back.
 */
export type SanctionNode = { reason: string; until: string | null };
/** POST `nodes/:node/tier`, freshly signed in: `OperatorNode`. Trusts a node of others at once, or has it prove itself anew. */
export type SetNodeTier = { tier: 'verified' | 'probation'; reason: string };
/** POST `nodes/:node/pardon`: `OperatorNode`. Lifts its sanctions; what bans took back is pending again. */
export type PardonNode = { reason: string };

/** GET `audit?limit&cursor&actor&action&subject`. Newest first; the last three: a part of the word. */
export type AuditPage = { entries: AuditRow[]; nextCursor: string | null };
export type AuditRow = {
  at: string;
  /** `cli`, `person:<id>`, `hard-line`, … */
  actor: string;
  /** `key.create`, `price.set`, … */
  action: string;
  subject: string;
  /** What it was before and after, in words. Never a secret. */
  detail: string;
};

/** GET `config`: the effective values, secrets replaced. */
export type OperatorConfig = { values: { path: string; value: string; source: string }[] };

/** GET `content-rules`: what the operator set for prompts and pictures. */
export type ContentRules = {
  classifier: boolean;
  suspendAfterBlocks: number | null;
  /** Names the lists of terms: another version has another name. */
  termsVersion: string;
  /** Prompts that were refused, by UTC day, the newest first. Counted since the start of the gateway, 30 days at most. */
  blocks: { day: string; blocks: number }[];
};

/** GET `maintenance`; PUT with the same shape, freshly signed in. New paid requests get 503; running ones end. */
export type Maintenance = { on: boolean; message: string };
