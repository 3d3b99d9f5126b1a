import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import type { Usage } from '@switchyard/protocol/usage.ts';
import type { Price } from '../../catalog/model.ts';
import type { RequestEnd } from '../../pricing/settlement.ts';
import { verdictOf, type Verdict } from './price-oracle.ts';

/** Tries of one request, as its gateway is configured. */
const TRIES_MAX = 3;

/** `targets`: nodes and upstreams that were chosen, however often they were tried. */
export type Expectation = Verdict & {
  end: RequestEnd;
  targets: number;
  /** Who earns how much on it. */
  earned: { accountId: string; amountMicros: number } | undefined;
};

export type Try = {
  isPool: boolean;
  onDisconnect: 'cancel' | 'drain';
  capTokens: number;
  /** Of a node. */
  ownerId: string | undefined;
  /** A node that is not the operator's, and one that is the payer's own. */
  isOthers: boolean;
  isPayers: boolean;
};

/** What the models of a world leave the owners of nodes, in percent. */
const SHARE_PERCENT = 70n;

/**
 * Follows one admitted request from outside: what its targets said and when its client left, each noted before the
 * gateway hears of it. Knows from that how the request must end and what it must cost.
 */
export type RequestOracle = {
  /** The gateway chose a node or upstream. One that began to rest in the same moment makes no try of it. */
  chosen(target: string): void;
  /** An engine was asked. Returns the number of the try, for what it says later. */
  tried(details: Try): number;
  parts(number: number, parts: readonly StreamPart[]): void;
  ended(number: number): void;
  failed(number: number, blame: 'target' | 'request'): void;
  /** The gateway stopped a target. */
  cancelled(number: number): void;
  clientLeft(): void;
  /** The server's time to drain was over. */
  aborted(): void;
  /** The gateway resolves the hold now: what must it be? Undefined: it must not yet. */
  resolved(): Expectation | undefined;
  expectation(): Expectation | undefined;
  /** What the last try reported as usage. */
  reported(): Usage | undefined;
  /** Whether this try is the one that the request waits for. */
  isCurrent(number: number): boolean;
  hasClientLeft(): boolean;
};

type Heard = {
  finish: FinishReason | undefined;
  reported: Usage | undefined;
  contentParts: number;
  hasParts: boolean;
  outputBytes: number;
  reasoningBytes: number;
  toolCalls: number;
};

function nothingHeard(): Heard {
  return {
    finish: undefined,
    reported: undefined,
    contentParts: 0,
    hasParts: false,
    outputBytes: 0,
    reasoningBytes: 0,
    toolCalls: 0,
  };
}

export function createRequestOracle(request: {
  streamed: boolean;
  payerId: string;
  price: Price;
  inputCeiling: number;
  inputEstimate: number;
  holdMicros: () => number;
}): RequestOracle {
  let heard = nothingHeard();
  let current: { number: number; details: Try } | undefined;
  let last: Try | undefined;
  let tries = 0;
  const targets = new Set<string>();
  let hasClientLeft = false;
  let expectation: Expectation | undefined;

  function close(end: RequestEnd): void {
    if (expectation !== undefined) return;
    current = undefined;
    const verdict = verdictOf({
      ...heard,
      end,
      price: request.price,
      holdMicros: request.holdMicros(),
      wasDispatched: tries > 0,
      isPool: last?.isPool ?? false,
      isOthers: last?.isOthers ?? false,
      isPayers: last?.isPayers ?? false,
      inputCeiling: request.inputCeiling,
      inputEstimate: request.inputEstimate,
      capTokens: last?.capTokens ?? 0,
    });
    const share = Number((BigInt(verdict.chargeMicros) * SHARE_PERCENT) / 100n);
    const accountId = last?.ownerId;
    const earned =
      accountId === undefined || accountId === request.payerId || share === 0
        ? undefined
        : { accountId, amountMicros: share };
    expectation = { ...verdict, end, targets: targets.size, earned };
  }

  const isOf = (number: number) => expectation === undefined && current?.number === number;

  function lose(blame: 'target' | 'request'): void {
    const hasSeenContent = heard.hasParts && request.streamed;
    if (hasClientLeft) close('client-closed');
    else if (blame === 'target' && !hasSeenContent && tries < TRIES_MAX) {
      current = undefined;
      heard = nothingHeard();
    } else {
      // A client that waits for the whole has nothing of a half.
      close(hasSeenContent ? 'interrupted' : 'failed');
    }
  }

  return {
    chosen: (target) => void targets.add(target),
    tried(details) {
      tries += 1;
      current = { number: tries, details };
      last = details;
      return tries;
    },
    parts(number, parts) {
      if (isOf(number)) for (const part of parts) hear(heard, part);
    },
    ended(number) {
      if (!isOf(number)) return;
      if (heard.finish === undefined) lose('target');
      else close(heard.finish);
    },
    failed(number, blame) {
      if (isOf(number)) lose(blame);
    },
    cancelled(number) {
      if (isOf(number) && hasClientLeft) close('client-closed');
    },
    clientLeft() {
      if (expectation !== undefined || hasClientLeft) return;
      hasClientLeft = true;
      if (!heard.hasParts || current?.details.onDisconnect !== 'drain') close('client-closed');
    },
    aborted: () => close(heard.hasParts && request.streamed ? 'interrupted' : 'failed'),
    resolved() {
      // Without a target at work only the queue or the router can have ended it.
      if (expectation === undefined && current === undefined) close('failed');
      return expectation;
    },
    expectation: () => expectation,
    reported: () => heard.reported,
    isCurrent: isOf,
    hasClientLeft: () => hasClientLeft,
  };
}

function hear(heard: Heard, part: StreamPart): void {
  if (part.type === 'finish') {
    heard.finish = part.reason;
    heard.reported = part.usage;
    return;
  }
  heard.hasParts = true;
  switch (part.type) {
    case 'text-delta':
    case 'refusal-delta':
      heard.outputBytes += Buffer.byteLength(part.text);
      if (part.text.length > 0) heard.contentParts += 1;
      return;
    case 'reasoning-delta':
      heard.reasoningBytes += Buffer.byteLength(part.text);
      if (part.text.length > 0) heard.contentParts += 1;
      return;
    case 'tool-call-start':
      heard.outputBytes += Buffer.byteLength(part.name);
      heard.toolCalls += 1;
      heard.contentParts += 1;
      return;
    case 'tool-call-delta':
      heard.outputBytes += Buffer.byteLength(part.argumentsText);
      if (part.argumentsText.length > 0) heard.contentParts += 1;
      return;
    case 'reasoning-seal':
  }
}
