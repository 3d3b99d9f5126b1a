import type { Registry } from '../accounts/registry.ts';
import type { Deployment } from '../catalog/deployment.ts';
import type { Model, PriceSchedule } from '../catalog/model.ts';
import type { Clock } from '../core/clock.ts';
import type { Micros } from '../core/money.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { TrustBook } from '../fleet/trust/trust-book.ts';
import type { HistoryReader } from '../ledger/history.ts';
import type { EarningsReader } from '../receipts/earnings.ts';
import type { AvailabilityHistory } from '../observe/availability-history.ts';
import type { FirstContent } from '../observe/first-content.ts';
import type { OperatorLedger, Receipt } from '../ledger/ledger.ts';
import type { People } from '../people/open-people.ts';

/**
 * What the operator's use cases work with. The running gateway fills it with its own live parts; a command without
 * a running gateway opens the stores and leaves `fleet` out.
 */
export type AdminContext = {
  clock: Clock;
  registry: Registry;
  ledger: OperatorLedger;
  receipts: ReceiptReader & HistoryReader;
  earnings: EarningsReader;
  models: ModelReader;
  deployments: DeploymentReader;
  /** Names of the configured pools. */
  pools: readonly string[];
  /** Undefined: no gateway runs, so no node is connected. */
  fleet: AdminFleet | undefined;
  /** The last 24 hours of nodes (by id) and models (by `historyOfModel`). Undefined: no gateway runs. */
  history: Pick<AvailabilityHistory, 'of' | 'now'> | undefined;
  /** How soon answers begin. Undefined: no gateway runs. */
  firstContent: Pick<FirstContent, 'medianMs'> | undefined;
  trust: AdminTrust;
  people: AdminPeople;
  /** Where nodes and clients reach this gateway, as far as it knows. Undefined: its port is not known. */
  gatewayUrl(): string | undefined;
  /** `brand.keyPrefix` of the configuration. */
  brand: string;
  /** Given once to each new account. */
  welcomeMicros: Micros;
  /** Who acts, for the audit trail: `cli`, `first-run`, or the id of an admin key. */
  actor: string;
};

export type AdminPeople = Pick<People, 'deps' | 'resetToken'>;

/** `contact`: where owners of nodes object to a sanction. */
export type AdminTrust = {
  book: Pick<TrustBook, 'standing' | 'record' | 'sanctions' | 'ban' | 'setTier' | 'pardon'>;
  contact: string | undefined;
};

export type AdminFleet = Pick<Fleet, 'nodes' | 'disconnect' | 'drainNode'>;

/** Port: receipts of an account, newest first. */
export type ReceiptReader = {
  recent(accountId: string, limit: number): Promise<readonly Receipt[]> | readonly Receipt[];
};

/** Port: the catalogue, hidden models included. */
export type ModelReader = {
  all(): readonly Model[];
  /** By id or alias. */
  find(name: string): Model | undefined;
  /** Undefined when no gateway runs: then nobody knows. */
  availability(model: Model): ModelState | undefined;
};

export type ModelState = {
  available: boolean;
  nodesOnline: number;
  slots: number;
  freeSlots: number;
  /** Requests that wait for a slot. */
  waiting: number;
  /** How long a request that comes now probably waits. null: not at all, or nobody serves the model. */
  expectedWaitSeconds: number | null;
};

/** Port: what is not in the registry about deployments. */
export type DeploymentReader = {
  /** What a request to any of them costs. */
  prices: PriceSchedule;
  /** Undefined when no gateway runs: then nobody knows. */
  state(deployment: Deployment): DeploymentState | undefined;
};

/** `model` has 0 tokens of context when no node has offered it since the gateway began. */
export type DeploymentState = ModelState & { model: Model };
