import type { Usage } from '@switchyard/protocol/usage.ts';
import type { Model, Price, PriceEntry } from '../../catalog/model.ts';
import type { RequestEnd, UsageSource } from '../../pricing/settlement.ts';

/** What is known of one request when it ends. Bytes and parts are those of the last try only. */
export type EndedFacts = {
  end: RequestEnd;
  price: Price;
  holdMicros: number;
  /** Whether any target was tried at all. */
  wasDispatched: boolean;
  isPool: boolean;
  /** The node is not the operator's: its report is held against our count. */
  isOthers: boolean;
  /** And it is the payer's own: its report does not count. */
  isPayers: boolean;
  reported: Usage | undefined;
  contentParts: number;
  outputBytes: number;
  reasoningBytes: number;
  toolCalls: number;
  inputCeiling: number;
  inputEstimate: number;
  capTokens: number;
};

export type Verdict = { chargeMicros: number; source: UsageSource; usage: Usage | undefined };

/**
 * What a request must cost, written a second time and in another way than `pricing/`: from the words of the settlement
 * matrix, with big integers, so that a mistake there is not repeated here.
 */
export function verdictOf(facts: EndedFacts): Verdict {
  const { end, price, reported } = facts;
  const nothing: Verdict = { chargeMicros: 0, source: 'none', usage: undefined };
  if (!facts.wasDispatched || end === 'failed') return nothing;

  const ignoresReport = facts.isPayers && price.type === 'per-token';
  const isTrue = reported !== undefined && isBelievable(facts, reported) && !ignoresReport;
  const told = isTrue && facts.isOthers ? cutToCount(facts, reported) : reported;
  const thoughtInSecret = price.type === 'per-token' && isTrue && (told?.reasoningTokens ?? 0) > 0;
  if (facts.contentParts === 0 && !thoughtInSecret) return nothing;
  // A broken answer costs nothing, unless its target had said what it took, which a flat price does not ask.
  if (end === 'interrupted' && (price.type === 'flat' || !(isTrue || ignoresReport))) return nothing;

  const usage = isTrue && told !== undefined ? told : countOf(facts);
  const dueMicros = price.type === 'flat' ? BigInt(price.amountMicros) : tokensCost(price, usage);
  const hold = BigInt(facts.holdMicros);
  return {
    chargeMicros: Number(dueMicros < hold ? dueMicros : hold),
    source: isTrue && isSameUsage(told, reported) ? 'reported' : 'counted',
    usage,
  };
}

/** The last price whose moment has come. */
export function priceOf(model: Model, nowMs: number): PriceEntry {
  return model.prices.findLast(({ fromMs }) => fromMs <= nowMs) ?? model.prices[0];
}

/** The hold that covers the worst case of a request, where the model's context does not bound it. */
export function worstCaseMicros(price: Price, inputCeiling: number, capTokens: number): number {
  if (price.type === 'flat') return price.amountMicros;
  const input = Math.max(
    price.inputMicrosPerMillion,
    price.cacheReadMicrosPerMillion,
    price.cacheWriteMicrosPerMillion,
  );
  const output = Math.max(price.outputMicrosPerMillion, price.reasoningMicrosPerMillion);
  const cost = roundedUp(BigInt(inputCeiling) * BigInt(input) + BigInt(capTokens) * BigInt(output));
  return Math.max(Number(cost), price.minimumMicros);
}

function isBelievable(facts: EndedFacts, usage: Usage): boolean {
  const counts = Object.values(usage);
  if (counts.some((count) => !Number.isSafeInteger(count) || count < 0)) return false;
  // No client sends pictures.
  if (usage.imageInputTokens > 0) return false;
  const output = usage.outputTokens + usage.reasoningTokens;
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  if (output > facts.capTokens || input > facts.inputCeiling) return false;
  // One token for each byte at most, 64 that never show, and 64 for the syntax of each call.
  const deliverable = facts.outputBytes + facts.reasoningBytes + 64 + 64 * facts.toolCalls;
  return !facts.isPool || output <= deliverable;
}

/** A tenth above our count, and two marks of an answer, sixteen of a call, sixty-four of the template. */
function cutToCount(facts: EndedFacts, told: Usage): Usage {
  const count = (bytes: number) => Math.ceil(bytes / 4);
  const andTenth = (tokens: number) => Math.floor((tokens * 11) / 10);
  const reasoned = count(facts.reasoningBytes);
  const marks = 2 + 16 * facts.toolCalls;
  const mostOut = andTenth(count(facts.outputBytes) + reasoned) + marks;
  const out = Math.min(told.outputTokens + told.reasoningTokens, mostOut);
  const reasoningTokens = Math.min(told.reasoningTokens, andTenth(reasoned), out);
  let inputLeft = andTenth(facts.inputEstimate) + 64;
  const take = (tokens: number) => {
    const taken = Math.min(tokens, inputLeft);
    inputLeft -= taken;
    return taken;
  };
  const cacheReadTokens = take(told.cacheReadTokens);
  return {
    cacheReadTokens,
    inputTokens: take(told.inputTokens + told.cacheWriteTokens),
    imageInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: out - reasoningTokens,
    reasoningTokens,
  };
}

function isSameUsage(a: Usage | undefined, b: Usage | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const buckets = Object.keys(a) as (keyof Usage)[];
  return buckets.every((bucket) => a[bucket] === b[bucket]);
}

/** Four bytes a token, never beyond what was asked for. */
function countOf(facts: EndedFacts): Usage {
  const reasoningTokens = Math.min(Math.ceil(facts.reasoningBytes / 4), facts.capTokens);
  return {
    inputTokens: Math.min(facts.inputEstimate, facts.inputCeiling),
    imageInputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: Math.min(Math.ceil(facts.outputBytes / 4), facts.capTokens - reasoningTokens),
    reasoningTokens,
  };
}

function tokensCost(price: Price & { type: 'per-token' }, usage: Usage): bigint {
  const terms: [tokens: number, microsPerMillion: number][] = [
    [usage.inputTokens, price.inputMicrosPerMillion],
    [usage.cacheReadTokens, price.cacheReadMicrosPerMillion],
    [usage.cacheWriteTokens, price.cacheWriteMicrosPerMillion],
    [usage.outputTokens, price.outputMicrosPerMillion],
    [usage.reasoningTokens, price.reasoningMicrosPerMillion],
  ];
  let sum = 0n;
  for (const [tokens, microsPerMillion] of terms) sum += BigInt(tokens) * BigInt(microsPerMillion);
  const cost = roundedUp(sum);
  const minimum = BigInt(price.minimumMicros);
  return usage.outputTokens + usage.reasoningTokens > 0 && cost < minimum ? minimum : cost;
}

function roundedUp(microsTimesMillion: bigint): bigint {
  return (microsTimesMillion + 999_999n) / 1_000_000n;
}
