import { totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { Receipt } from '../ledger/ledger.ts';

/** What the requests of one surface, model, route and end add up to. */
export type RequestTally = {
  surface: string;
  model: string;
  route: string;
  end: string;
  requests: number;
  chargedMicros: number;
  inputTokens: number;
  outputTokens: number;
};

export type RequestTallies = {
  add(receipt: Receipt, model: string): void;
  /** Everything since the last time, and forgets it. */
  take(): Iterable<RequestTally>;
};

/**
 * Adds requests up between two scrapes. The metrics library looks its labels up anew with every increment, five times
 * for each request; here they are one key. The keys are from closed sets, as the labels are.
 */
export function createRequestTallies(): RequestTallies {
  let tallies = new Map<string, RequestTally>();
  return {
    add({ surface, routeKind, end, chargedMicros, usage }, model) {
      const key = `${surface}\n${routeKind}\n${end}\n${model}`;
      let tally = tallies.get(key);
      if (tally === undefined) {
        tally = emptyTally({ surface, model, route: routeKind, end });
        tallies.set(key, tally);
      }
      tally.requests += 1;
      tally.chargedMicros += chargedMicros;
      tally.inputTokens += totalInputTokens(usage);
      tally.outputTokens += totalOutputTokens(usage);
    },
    take() {
      const taken = tallies;
      tallies = new Map();
      return taken.values();
    },
  };
}

function emptyTally(labels: Pick<RequestTally, 'surface' | 'model' | 'route' | 'end'>): RequestTally {
  return { ...labels, requests: 0, chargedMicros: 0, inputTokens: 0, outputTokens: 0 };
}
