import type { Availability24h, Money } from './common.ts';

/** GET `/api/console/models`. Anonymous. Without hidden models, in the order of the configuration. */
export type ModelsAnswer = { models: ConsoleModel[] };

export type ConsoleModel = {
  id: string;
  displayName: string;
  description: string;
  kind: 'text' | 'image';
  aliases: readonly string[];
  variantOf: string | null;
  contextTokens: number;
  maxOutputTokens: number;
  capabilities: { tools: boolean; vision: boolean; thinking: boolean; jsonSchema: boolean };
  price: Price;
  /** The next planned price and when it begins; null: none is planned. */
  nextPrice: ({ from: string } & Price) | null;
  available: boolean;
  /** How long a request that comes now probably waits; null: not at all, or nobody serves it. */
  expectedWaitSeconds: number | null;
  nodesOnline: number;
  freeSlots: number;
  /** Since when it is as `available` says, to a minute; null: it was not looked at yet, or it changed just now. */
  availableSince: string | null;
  /** Median time from a request to the first content of its streamed answer, in ms; null: too few came in the last day. */
  firstContentMs: number | null;
  history: Availability24h | null;
};

/** `flat`: per successful request or picture. */
export type Price =
  | { type: 'flat'; version: string; perRequest: Money }
  | {
      type: 'per-token';
      version: string;
      /** Per one million tokens. */
      perMillion: {
        input: Money;
        imageInput: Money;
        cacheRead: Money;
        cacheWrite: Money;
        output: Money;
        reasoning: Money;
      };
      /** Least charge of a request with output. */
      minimum: Money;
    };
