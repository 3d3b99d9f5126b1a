import type { Model, PriceEntry } from '../../catalog/model.ts';
import type { TransferRequest } from '../../ledger/ledger.ts';
import type { DurableStore } from './durable-store.ts';
import type { FakeResponse } from './fake-response.ts';
import type { DiskHabits } from './flaky-disk.ts';
import type { RequestOracle } from './oracle.ts';
import type { People } from './people.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { Random } from './random.ts';
import type { Owner, Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** One request of a client, as the world knows it. */
export type RequestRecord = {
  /** Replaced when the gateway derives one from an `Idempotency-Key`; then it may be that of an earlier try. */
  id: string;
  /** Account and `Idempotency-Key`, where there is one. */
  order: string | undefined;
  isDryRun: boolean;
  keyId: string;
  accountId: string;
  ask: Ask;
  /** The one that holds at the moment of asking. */
  price: PriceEntry;
  oracle: RequestOracle;
  response: FakeResponse;
  epoch: number;
  /** Undefined until the hold is taken. */
  holdMicros: number | undefined;
  isResolved: boolean;
  /** World time at which its connection was gone. */
  goneAtMs: number | undefined;
  /** Times that the observer heard of its end. */
  endedCount: number;
  status: number;
  text: string;
  /** The gateway gave away the proper end of the answer. */
  isHandedOut: boolean;
  /** The client read all of a reply that was ended properly. */
  sawEnd: boolean;
};

/** What a client asks for, with the measures that the hold and our own count are made from. */
export type Ask = {
  model: Model;
  body: object;
  streamed: boolean;
  asksUsage: boolean;
  clientCap: number | undefined;
  inputCeiling: number;
  inputEstimate: number;
};

/** A hold on the disk for work outside of a chat request. */
export type JobRecord = { id: string; accountId: string; chargeMicros: number | undefined; epoch: number };

/** A part of a charge on its way back to who paid. */
export type RefundRecord = {
  requestId: string;
  amountMicros: number;
  isApplied: boolean;
  /** What the request earned was payable when it was applied: it stays. */
  wasPayable: boolean;
};

export type TransferRecord = {
  /** Contents that were ever sent under this id. */
  contents: TransferRequest[];
  /** Amounts that were acknowledged as applied, one for each acknowledgement. */
  applied: number[];
  isKnownToExist: boolean;
};

export type Stats = {
  requests: number;
  whole: number;
  charged: number;
  refused: number;
  failed: number;
  repeated: number;
  left: number;
  retried: number;
  /** Tries again within one upstream. */
  triedAgain: number;
  crashes: number;
  diskFailures: number;
  stops: number;
  transfers: number;
  refunds: number;
  earned: number;
  durableHolds: number;
  steps: number;
};

/** What all parts of a world share. It outlives the gateway's processes. */
export type Stage = {
  seed: number;
  scheduler: Scheduler;
  /** Owner of everything that is not the gateway. */
  owner: Owner;
  random: Random;
  trace: Trace;
  report(problem: string): void;
  store: DurableStore;
  people: People;
  habits: DiskHabits;
  planted: PlantedBug | undefined;
  /** By id, the last try of each. */
  requests: Map<string, RequestRecord>;
  /** All of them, by the very bytes of the body, which is all that an engine sees of a request's identity. */
  requestsByBody: Map<Buffer, RequestRecord>;
  /** What was asked for under an `Idempotency-Key`. */
  orders: Map<string, Ask>;
  jobs: Map<string, JobRecord>;
  transfers: Map<string, TransferRecord>;
  refunds: Map<string, RefundRecord>;
  /** Requests of batches that were committed although the writer heard of a failure: nobody can know of them. */
  unknownCommits: Set<string>;
  /** Whether the spending of keys is compared after each step. Looking rolls its windows over, which may hide a bug. */
  looksAtKeys: boolean;
  stats: Stats;
  /** Things that are not over yet: clients, transfers, jobs, plans. */
  open: number;
};
