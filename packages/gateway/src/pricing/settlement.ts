import { NO_USAGE, type Usage, totalInputTokens, totalOutputTokens } from '@switchyard/protocol/usage.ts';
import type { Price } from '../catalog/model.ts';
import { type Micros, ZERO_MICROS } from '../core/money.ts';
import { isUsageWhole, priceUsage } from './meter.ts';
import { type TokenBound, withinBound } from './token-bound.ts';

/** `interrupted`: parts were delivered, then the target was lost. `client-closed`: the client left before the end. */
export type RequestEnd =
  | 'stop'
  | 'length'
  | 'tool-calls'
  | 'content-filter'
  | 'failed'
  | 'interrupted'
  | 'client-closed';

/** Where a usage comes from: the target's report, or our own count. */
export type UsageSource = 'reported' | 'counted' | 'none';

/**
 * The settlement matrix: one row for each way a request can end, with what it costs. `decideCharge` names the row
 * that it used, so every charge can be explained and every row has a test of its name.
 */
export const SETTLEMENT_POLICIES = {
  'not-dispatched': 'No target was asked. Free.',
  failed: 'The target failed and the client got no answer. Free.',
  'zero-output': 'The answer ended without any content. Free, input included.',
  reported: 'Complete answer, the target reported usage. Its usage is charged.',
  'reported-bounded':
    'Complete answer, a node of others reported more than our own count bears out. Our bound is charged.',
  'unreported-counted': 'Complete answer, no usage reported. Our own count is charged.',
  'impossible-counted': 'The reported usage cannot be true of this request. Our own count is charged.',
  'interrupted-reported': 'The target was lost mid-answer after it reported usage. That usage is charged.',
  'interrupted-unreported':
    'The target was lost mid-answer without a (possible) usage. Free; our count is only kept.',
  'client-left-before-output': 'The client left before any content. Free.',
  'client-left-reported': 'The client left, usage is known. It is charged.',
  'client-left-drained-counted':
    'The client left, the rest was read but no usage came. Our count is charged.',
  'client-left-cancelled-counted':
    'The client left, the target was stopped. Our count until then is charged.',
  'own-node-counted':
    'A fee per token for an answer of the payer’s own node. Our count is charged: the node could report what it likes.',
  'flat-complete': 'Flat price, complete answer. The price is charged.',
  'flat-interrupted': 'Flat price, the target was lost mid-answer. Free.',
  'flat-client-left': 'Flat price, the client left after content. The price is charged.',
} as const;

export type SettlementPolicy = keyof typeof SETTLEMENT_POLICIES;

/** What an upstream does when the client leaves: `drain` reads on (within a bound) to learn the usage, `cancel` stops it. */
export type DisconnectPolicy = 'drain' | 'cancel';

export type ChargeQuestion = {
  price: Price;
  end: RequestEnd;
  /** As the target said. Undefined: it said nothing. */
  reported: Usage | undefined;
  /** Our own count, see `countedUsage`. */
  counted: Usage;
  /** Content parts that the target produced for this client, streamed to it or collected for it. */
  deliveredParts: number;
  /** Most tokens that can be behind those parts, see `OutputCounter.ceilingTokens`. */
  deliveredTokensCeiling: number;
  /** The most that the report is believed. Undefined: whoever reported gains nothing by it, or has a contract with us. */
  tokenBound: TokenBound | undefined;
  routeKind: 'pool' | 'deployment' | 'upstream' | 'none';
  /** The node belongs to who pays. */
  isOwnNode: boolean;
  disconnectPolicy: DisconnectPolicy;
  holdMicros: Micros;
  /** The bounds that the hold was made for. */
  inputTokensCeiling: number;
  imageTokensCeiling: number;
  outputCapTokens: number;
};

export type ChargeDecision = {
  chargeMicros: Micros;
  /** For the receipt; for a free request only information. */
  usage: Usage;
  source: UsageSource;
  policy: SettlementPolicy;
  /** True when the usage was worth more than the hold: a price or a bound of the catalogue is wrong. For a metric. */
  cutAtHold: boolean;
};

/**
 * Decides what a request costs from how it ended. Pure. The charge is at least 0 and never above the hold.
 *
 * Why a flat price is due in full when the client leaves after content: the work was done and handed over, and a
 * cheaper exit would make hanging up before the last word a discount. Why an interrupted one is free: a flat price
 * is for an answer, and this is none.
 */
export function decideCharge(question: ChargeQuestion): ChargeDecision {
  if (question.routeKind === 'none') return free('not-dispatched');
  const isOwn = question.routeKind === 'deployment' || question.isOwnNode;
  if (isOwn && question.price.type === 'per-token') return decideOwnNode(question);
  switch (question.end) {
    case 'failed':
      return free('failed');
    case 'interrupted':
      return decideInterrupted(question);
    case 'client-closed':
      return decideClientLeft(question);
    case 'stop':
    case 'length':
    case 'tool-calls':
    case 'content-filter':
      break;
  }
  return decideComplete(question);
}

/**
 * Whoever pays the fee owns the node: neither what it reports nor that it hangs up before the last word may make the
 * answer cheaper.
 */
function decideOwnNode(question: ChargeQuestion): ChargeDecision {
  if (question.end === 'failed') return free('failed');
  if (question.deliveredParts > 0) return chargeCounted(question, 'own-node-counted');
  return free(question.end === 'client-closed' ? 'client-left-before-output' : 'zero-output');
}

function decideComplete(question: ChargeQuestion): ChargeDecision {
  if (!hasOutput(question)) return free('zero-output');
  if (question.price.type === 'flat') return chargeKnown(question, 'flat-complete');
  if (question.reported === undefined) return chargeCounted(question, 'unreported-counted');
  const known = believed(question);
  if (known === undefined) return chargeCounted(question, 'impossible-counted');
  return charge(question, {
    ...known,
    policy: known.source === 'reported' ? 'reported' : 'reported-bounded',
  });
}

function decideInterrupted(question: ChargeQuestion): ChargeDecision {
  const known = believed(question);
  if (question.price.type === 'flat') return { ...free('flat-interrupted'), ...knownUsage(question) };
  if (known === undefined) return { ...free('interrupted-unreported'), ...knownUsage(question) };
  if (!hasOutput(question)) return free('zero-output');
  return charge(question, { ...known, policy: 'interrupted-reported' });
}

function decideClientLeft(question: ChargeQuestion): ChargeDecision {
  if (!hasOutput(question)) return free('client-left-before-output');
  if (question.price.type === 'flat') return chargeKnown(question, 'flat-client-left');
  if (question.reported !== undefined) {
    const known = believed(question);
    return known === undefined
      ? chargeCounted(question, 'impossible-counted')
      : charge(question, { ...known, policy: 'client-left-reported' });
  }
  const drained = question.disconnectPolicy === 'drain';
  return chargeCounted(question, drained ? 'client-left-drained-counted' : 'client-left-cancelled-counted');
}

/**
 * Whether there is anything to pay for: content, or for a token price reasoning that the provider keeps to itself but
 * reports (the whole cap may go into it). A reported output token without content is only the end mark.
 */
function hasOutput(question: ChargeQuestion): boolean {
  if (question.deliveredParts > 0) return true;
  return question.price.type !== 'flat' && (believed(question)?.usage.reasoningTokens ?? 0) > 0;
}

/**
 * What is believed of the report: all of it, or what the bound leaves, which is then our own figure. Undefined: there
 * is none, or it is impossible.
 */
function believed(question: ChargeQuestion): { usage: Usage; source: UsageSource } | undefined {
  const { reported, tokenBound } = question;
  if (reported === undefined || !isPossible(question, reported)) return undefined;
  const usage = tokenBound === undefined ? reported : withinBound(reported, tokenBound);
  return { usage, source: usage === reported ? 'reported' : 'counted' };
}

/**
 * Whether a report fits the bounds that were sent with the request, pictures those that it had. A node earns by its own report, so its
 * output must also fit the bytes that it delivered; an upstream may keep reasoning to itself.
 */
function isPossible(question: ChargeQuestion, reported: Usage): boolean {
  if (!isUsageWhole(reported)) return false;
  const output = totalOutputTokens(reported);
  if (output > question.outputCapTokens || totalInputTokens(reported) > question.inputTokensCeiling)
    return false;
  if (reported.imageInputTokens > question.imageTokensCeiling) return false;
  return question.routeKind === 'upstream' || output <= question.deliveredTokensCeiling;
}

/** Our count within the bounds of the hold. */
function boundedCount(question: ChargeQuestion): Usage {
  const { counted, outputCapTokens, inputTokensCeiling } = question;
  const reasoningTokens = Math.min(counted.reasoningTokens, outputCapTokens);
  return {
    ...NO_USAGE,
    inputTokens: Math.min(totalInputTokens(counted), inputTokensCeiling),
    outputTokens: Math.min(counted.outputTokens, outputCapTokens - reasoningTokens),
    reasoningTokens,
  };
}

/** The best knowledge of the usage, where it does not make the price. */
function knownUsage(question: ChargeQuestion): { usage: Usage; source: UsageSource } {
  return believed(question) ?? { usage: boundedCount(question), source: 'counted' };
}

function chargeKnown(question: ChargeQuestion, policy: SettlementPolicy): ChargeDecision {
  return charge(question, { ...knownUsage(question), policy });
}

function chargeCounted(question: ChargeQuestion, policy: SettlementPolicy): ChargeDecision {
  return charge(question, { usage: boundedCount(question), source: 'counted', policy });
}

function charge(
  question: ChargeQuestion,
  basis: { usage: Usage; source: UsageSource; policy: SettlementPolicy },
): ChargeDecision {
  const dueMicros = priceUsage(question.price, basis.usage);
  const cutAtHold = dueMicros > question.holdMicros;
  return { ...basis, chargeMicros: cutAtHold ? question.holdMicros : dueMicros, cutAtHold };
}

function free(policy: SettlementPolicy): ChargeDecision {
  return { chargeMicros: ZERO_MICROS, usage: NO_USAGE, source: 'none', policy, cutAtHold: false };
}
