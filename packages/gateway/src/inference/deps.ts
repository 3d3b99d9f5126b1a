import type { Account, ApiKey, MemberShare } from '../accounts/account.ts';
import type { Model } from '../catalog/model.ts';
import type { Clock } from '../core/clock.ts';
import type { ErrorCode, Fault } from '../core/errors.ts';
import type { Micros } from '../core/money.ts';
import type { Result } from '../core/result.ts';
import type { Roster, Rostered } from '../core/roster.ts';
import type { Ledger, Receipt } from '../ledger/ledger.ts';
import type { AddressGuard } from '../limits/address-guard.ts';
import type { KeyLimits, Limits } from '../limits/key-limits.ts';
import type { WaitingQueue } from '../routing/queue.ts';
import type { Router } from '../routing/router.ts';
import type { Idempotency } from './idempotency.ts';
import type { NodeWork } from './node-work.ts';

/** Everything that the life of a request needs, put together once by `composition/work.ts`. */
export type InferenceDeps = {
  clock: Clock;
  authenticate(rawHeaders: readonly string[]): Result<Caller, Fault>;
  /** The only way from a name to a model. */
  resolveModel(key: ApiKey, name: string): Result<Model, 'model_not_found' | 'model_not_allowed'>;
  defaultLimits: Limits;
  /** Below this an account's balance counts as low. 0: never. */
  lowBalanceMicros: Micros;
  addressGuard: AddressGuard;
  keyLimits: KeyLimits;
  ledger: Ledger;
  idempotency: Idempotency;
  router: Router;
  queue: WaitingQueue;
  /** What becomes of the work of nodes in pools. */
  nodeWork: NodeWork;
  /** How often one request is tried before its first content, and until when. */
  retry: { attempts: number; budgetMs: number };
  /** Requests that run now. Bounded by the limits of the keys. */
  running: Roster<Run>;
  /** False once the server is shutting down. */
  accepting(): boolean;
  /** What new paid requests are told while the operator has paused them. */
  paused?(): Fault | undefined;
  observer: RequestObserver;
};

/** A request that runs, of text or of a picture. */
export type Run = Rostered & {
  /** About once a second, with monotonic time. */
  tick(nowMs: number): void;
  /** Ends it with an error: the server's time to drain is over. */
  abort(): void;
};

/** `member`: what the key's person may do with all their keys. */
export type Caller = { account: Account; key: ApiKey; member?: MemberShare | undefined };

/** Port for logs and metrics. Gets metadata only. */
export type RequestObserver = {
  /** A request that got a hold, when it has ended. `costMicros`: what its provider charges, where that is known. */
  ended(receipt: Receipt, costMicros?: Micros): void;
  /** An account's balance fell below the mark with this request. */
  balanceIsLow(notice: { requestId: string; accountId: string }): void;
  /** A request that was refused before it got one. */
  refused(refusal: { requestId: string; surface: string; code: ErrorCode; accountId: string }): void;
  /** A try at a target failed. `cause` is from a closed set. */
  attemptFailed(attempt: { requestId: string; routeName: string; nodeId: string; cause: string }): void;
};
