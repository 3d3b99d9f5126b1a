import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';
import { NO_USAGE, type Usage } from '@switchyard/protocol/usage.ts';
import type { AttemptFault, AttemptRequest } from '../../core/attempt.ts';
import { targetFault } from '../../upstreams/transport/fault-causes.ts';
import type { Random } from './random.ts';

/** What an engine will say, and how long after the thing before. */
export type Saying = { delayMs: number } & (
  | { type: 'parts'; parts: readonly StreamPart[]; relay?: Buffer }
  | { type: 'alive' }
  | { type: 'end' }
  | { type: 'fault'; fault: AttemptFault }
);

/** Never empty: the decoders of both kinds of targets drop empty deltas. */
const WORDS = ['a ', 'word ', 'and another', ' longer piece of an answer', 'žluťoučký ', '.', '\n'] as const;
const REASONS: readonly FinishReason[] = ['stop', 'stop', 'stop', 'length', 'content-filter'];

export const NODE_LOST: AttemptFault = { code: 'upstream_failed', blame: 'target', cause: 'node-lost' };
/** What upstreams say: some is tried again there, with a pause or another key, some leaves them out for a while. */
const UPSTREAM_LOST: readonly AttemptFault[] = [
  targetFault('reset'),
  targetFault('connect'),
  targetFault('http-5xx'),
  { ...targetFault('http-5xx'), retryAfterMs: 1_500 },
  targetFault('truncated'),
  targetFault('http-429'),
  { ...targetFault('http-429'), retryAfterMs: 1_000 },
  targetFault('auth'),
];
const TOO_LONG: AttemptFault = { code: 'context_length_exceeded', blame: 'request', cause: 'context' };
const SILENT: AttemptFault = { code: 'upstream_timeout', blame: 'target', cause: 'timeout' };
/** The targets' own patience with an engine that says nothing. */
const SILENT_MS = 90_000;

/**
 * Makes up everything that an engine says about one request: whole answers, broken ones, silence, ends without a
 * finish, usage that is true, missing or impossible, and words after the end that nobody may hear.
 */
export function planSayings(
  random: Random,
  request: AttemptRequest,
  place: { isPool: boolean; mayRelay: boolean },
): Saying[] {
  const firstMs = random.chance(0.1) ? random.int(1_000, 25_000) : random.int(0, 1_500);
  const beginning = random.next();
  if (beginning < 0.04) return [{ delayMs: SILENT_MS, type: 'fault', fault: SILENT }];
  if (beginning < 0.14) {
    const fault = random.chance(0.2) ? TOO_LONG : lost(random, place);
    return [{ delayMs: firstMs, type: 'fault', fault }, ...lateWords(random)];
  }
  const parts = random.chance(0.08) ? [] : answerParts(random);
  const finish = finishPart(random, { request, parts, isPool: place.isPool });
  const doesRelay = place.mayRelay && random.chance(0.4);
  const sayings = doesRelay
    ? relayed(random, { parts, finish, stream: request.stream })
    : batched(random, [...parts, finish]);
  const [first] = sayings;
  if (first !== undefined) first.delayMs = firstMs;
  if (random.chance(0.3)) sayings.unshift({ delayMs: random.int(0, 200), type: 'alive' });
  return [...ending(random, sayings, place), ...lateWords(random)];
}

/** How the sayings end: well, broken off at any point, silent, or with an end that has no finish. */
function ending(random: Random, sayings: Saying[], place: { isPool: boolean }): Saying[] {
  const delayMs = random.chance(0.1) ? random.int(500, 5_000) : random.int(0, 50);
  const story = random.next();
  if (story >= 0.25) return [...sayings, { delayMs, type: 'end' }];
  if (story < 0.06) return [...sayings, { delayMs, type: 'fault', fault: lost(random, place) }];
  const kept = sayings.slice(0, random.int(0, sayings.length - 1));
  if (story < 0.2) return [...kept, { delayMs, type: 'fault', fault: lost(random, place) }];
  if (story < 0.22) return [...kept, { delayMs: SILENT_MS, type: 'fault', fault: SILENT }];
  return [...kept, { delayMs, type: 'end' }];
}

function lost(random: Random, { isPool }: { isPool: boolean }): AttemptFault {
  return isPool ? NODE_LOST : random.pick(UPSTREAM_LOST);
}

function lateWords(random: Random): Saying[] {
  if (!random.chance(0.15)) return [];
  const delayMs = random.int(0, 300);
  const text: StreamPart = { type: 'text-delta', text: 'too late' };
  const all: Saying[] = [
    { delayMs, type: 'end' },
    { delayMs, type: 'parts', parts: [text, { type: 'finish', reason: 'stop', usage: NO_USAGE }] },
    { delayMs: 0, type: 'fault', fault: NODE_LOST },
    { delayMs: 0, type: 'alive' },
  ];
  return all.slice(random.int(0, 2), random.int(3, 4));
}

function answerParts(random: Random): StreamPart[] {
  const parts: StreamPart[] = [];
  const length = random.int(1, random.chance(0.2) ? 60 : 12);
  const thinks = random.chance(0.25);
  for (let at = 0; at < length; at += 1) {
    const type = thinks && at < length / 2 ? 'reasoning-delta' : 'text-delta';
    parts.push({ type, text: random.pick(WORDS) });
  }
  if (random.chance(0.08)) parts.push({ type: 'refusal-delta', text: 'I would rather not.' });
  if (random.chance(0.1)) {
    parts.push({ type: 'tool-call-start', index: 0, id: 'call_1', name: 'look_up' });
    parts.push({ type: 'tool-call-delta', index: 0, argumentsText: '{"of":"a thing"}' });
  }
  return parts;
}

function finishPart(
  random: Random,
  about: { request: AttemptRequest; parts: readonly StreamPart[]; isPool: boolean },
): StreamPart {
  const reason = random.pick(REASONS);
  if (random.chance(0.15)) return { type: 'finish', reason };
  const usage = trueUsage(random, about);
  return { type: 'finish', reason, usage: random.chance(0.15) ? falseUsage(random, usage, about) : usage };
}

/** Fits the bounds of the request and the bytes of the answer. */
function trueUsage(
  random: Random,
  about: { request: AttemptRequest; parts: readonly StreamPart[]; isPool: boolean },
): Usage {
  const { request, parts } = about;
  const cap = request.chat.maxOutputTokens ?? 0;
  let bytes = 0;
  for (const part of parts) if ('text' in part) bytes += Buffer.byteLength(part.text);
  // An upstream may think without showing it; a node's tokens must fit what it sent.
  const generated = about.isPool ? Math.ceil(bytes / 3) : Math.ceil(bytes / 3) + random.int(0, 40);
  const output = Math.min(cap, generated);
  const reasoningTokens = random.chance(0.3) ? random.int(0, output) : 0;
  const input = request.estimatedInputTokens + random.int(0, 20);
  const cacheReadTokens = random.chance(0.3) ? random.int(0, input) : 0;
  return {
    inputTokens: input - cacheReadTokens,
    imageInputTokens: 0,
    cacheReadTokens,
    cacheWriteTokens: random.chance(0.2) ? random.int(0, 30) : 0,
    outputTokens: output - reasoningTokens,
    reasoningTokens,
  };
}

function falseUsage(random: Random, usage: Usage, { request }: { request: AttemptRequest }): Usage {
  const cap = request.chat.maxOutputTokens ?? 0;
  switch (random.int(0, 6)) {
    case 0:
      return { ...usage, outputTokens: cap + random.int(1, 1_000_000) };
    case 1:
      return { ...usage, inputTokens: usage.inputTokens + 100_000 };
    case 2:
      return { ...usage, outputTokens: usage.outputTokens + 0.5 };
    case 3:
      return { ...usage, reasoningTokens: Number.NaN };
    case 4:
      return { ...usage, outputTokens: -1 };
    case 5:
      return { ...usage, imageInputTokens: random.int(1, 100) };
    default:
      // Within the cap, but for a node more than it can have sent.
      return { ...usage, outputTokens: cap - usage.reasoningTokens };
  }
}

function batched(random: Random, parts: readonly StreamPart[]): Saying[] {
  const sayings: Saying[] = [];
  const paceMs = random.pick([0, 5, 40, 400, 2_000]);
  for (let at = 0; at < parts.length;) {
    const size = random.int(1, 6);
    sayings.push({
      delayMs: random.int(0, paceMs),
      type: 'parts',
      parts: parts.slice(at, at + size),
    });
    at += size;
  }
  return sayings;
}

/** An upstream of the client's own dialect: its bytes go through. Not streamed they come whole, all parts with them. */
function relayed(
  random: Random,
  answer: { parts: readonly StreamPart[]; finish: StreamPart; stream: boolean },
): Saying[] {
  const all = [...answer.parts, answer.finish];
  if (!answer.stream) {
    const relay = Buffer.from('{"id":"theirs","object":"chat.completion","model":"theirs","choices":[]}');
    return [{ delayMs: 0, type: 'parts', parts: all, relay }];
  }
  return batched(random, all).map((saying) => ({
    ...saying,
    relay: Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"theirs"}}]}\n\n'),
  }));
}
