import type { ReasoningEffort } from '@switchyard/protocol/chat.ts';
import type { Micros } from '../core/money.ts';

/** An entry of the operator's catalogue, after loading: variants are entries of their own. Or a deployment. Frozen. */
export type Model = {
  id: string;
  aliases: readonly string[];
  kind: 'text' | 'image';
  displayName: string;
  description: string;
  ownedBy: string;
  /** Tokens of input and output together. */
  contextTokens: number;
  maxOutputTokens: number;
  capabilities: Capabilities;
  /** Rising in time, never empty. Which one holds, only `priceAt` says. */
  prices: PriceSchedule;
  routes: readonly Route[];
  /** Of each charge, what the owner of the node earns, in basis points. */
  nodeShareBps: number;
  /** Another node may go on in an answer whose node was lost, unless the request says otherwise. Absent: no. */
  continueElsewhere?: boolean;
  /** Settings that a variant adds to each request. */
  settings: ModelSettings;
  /** The model that this one is a variant of. */
  variantOf: string | undefined;
  /** The id of the deployment that it is; undefined for models of the catalogue. */
  deployment: string | undefined;
  /** Of image models: it cannot draw adult content, so its pictures need not be looked at. Absent: it can. */
  safeOutput?: boolean;
  /** Whether it is left out of public lists. */
  hidden: boolean;
  /** Seconds since 1970, for the `created` field of model lists. */
  createdAtSeconds: number;
};

export type Capabilities = { tools: boolean; vision: boolean; thinking: boolean; jsonSchema: boolean };

export type ModelSettings = { reasoningEffort?: ReasoningEffort };

/** `version` names this price for receipts; it changes whenever the price does. */
export type PriceEntry = { version: string; price: Price };

/** `fromMs`: the moment from which it holds, milliseconds since 1970. -Infinity: since ever, as the first one of a model. */
export type ScheduledPrice = PriceEntry & { fromMs: number };

export type PriceSchedule = readonly [ScheduledPrice, ...ScheduledPrice[]];

export type Price = FlatPrice | TokenPrice;

/** One amount per successful request, whatever its length. */
export type FlatPrice = { type: 'flat'; amountMicros: Micros };

/** Whole µ$ per one million tokens of each bucket of `Usage`. `minimumMicros` is the least charge of a request with output. */
export type TokenPrice = {
  type: 'per-token';
  inputMicrosPerMillion: Micros;
  imageInputMicrosPerMillion: Micros;
  cacheReadMicrosPerMillion: Micros;
  cacheWriteMicrosPerMillion: Micros;
  outputMicrosPerMillion: Micros;
  reasoningMicrosPerMillion: Micros;
  minimumMicros: Micros;
};

/** Where a model's requests may go. `remoteModel` is its name there. In order of preference. */
export type Route =
  | { kind: 'pool'; pool: string; remoteModel: string }
  | { kind: 'upstream'; upstream: string; remoteModel: string }
  | DeploymentRoute;

/** To private nodes of one account. `nodes`: ids of those that may serve it; undefined: all of the account. */
export type DeploymentRoute = {
  kind: 'deployment';
  deployment: string;
  accountId: string;
  nodes: readonly string[] | undefined;
  remoteModel: string;
};

/** Tells models apart where ids alone would not: two accounts may give a deployment the same name. */
export function modelKey(model: Pick<Model, 'id' | 'deployment'>): string {
  return model.deployment === undefined ? model.id : `(deployment) ${model.deployment}`;
}
