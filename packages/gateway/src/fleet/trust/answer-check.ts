import type { FinishReason, StreamPart } from '@switchyard/protocol/parts.ts';

/** Characters that are looked at from the beginning and from the end of an answer. They live as long as the job. */
const HEAD_CHARS = 2_000;
const TAIL_CHARS = 2_000;

/** The two ends of an answer's text, without the middle. */
export type AnswerSample = {
  add(parts: readonly StreamPart[]): void;
  text(): { head: string; tail: string };
};

export function createAnswerSample(): AnswerSample {
  let head = '';
  let tail = '';
  return {
    add(parts) {
      for (const part of parts) {
        if (part.type !== 'text-delta' && part.type !== 'reasoning-delta') continue;
        const room = HEAD_CHARS - head.length;
        if (room > 0) head += part.text.slice(0, room);
        if (part.text.length <= room) continue;
        tail += room > 0 ? part.text.slice(room) : part.text;
        if (tail.length > 2 * TAIL_CHARS) tail = tail.slice(-TAIL_CHARS);
      }
    },
    text: () => ({ head, tail: tail.slice(-TAIL_CHARS) }),
  };
}

/** What can be found in one job of a node. */
export type Finding = 'empty' | 'garbage' | 'repetitive' | 'too-fast' | 'inflated' | 'finish-mismatch';

/** Counts of one job, ours where nothing else is said. */
export type JobFacts = {
  finish: FinishReason;
  sample: { head: string; tail: string };
  contentParts: number;
  toolCalls: number;
  /** Low estimate of all generated tokens, and the most that can be behind the bytes. */
  outputTokens: number;
  ceilingTokens: number;
  /** Most output tokens that were allowed; and the room that the context left. */
  capTokens: number;
  roomTokens: number;
  /** From the offer to the end. */
  durationMs: number;
  /** Tokens per second, see `speedCeiling`. */
  speedCeiling: number;
  /** As the node said, and what of it was believed. Undefined: it said nothing. */
  reportedTokens: number | undefined;
  believedTokens: number;
};

/** Shorter answers say nothing about speed: the node may have sent them in one piece. */
const MEASURABLE_TOKENS = 64;
/** A report beyond this many times what is believed is no other way of counting. */
const INFLATED = 1.5;

/** Looks at one finished job. Pure. An empty list: nothing was found, which proves nothing. */
export function checkJob(job: JobFacts): Finding[] {
  const findings: Finding[] = [];
  const text = job.sample.head + job.sample.tail;
  if (job.contentParts === 0 && job.finish === 'stop') findings.push('empty');
  if (isGarbage(text)) findings.push('garbage');
  else if (isRepetitive(job.sample.head) || isRepetitive(job.sample.tail)) findings.push('repetitive');
  const perSecond = (job.outputTokens * 1_000) / Math.max(job.durationMs, 1);
  if (job.outputTokens >= MEASURABLE_TOKENS && perSecond > job.speedCeiling) findings.push('too-fast');
  if (
    job.reportedTokens !== undefined &&
    job.reportedTokens >= MEASURABLE_TOKENS &&
    job.reportedTokens > INFLATED * job.believedTokens
  )
    findings.push('inflated');
  if (isMismatch(job)) findings.push('finish-mismatch');
  return findings;
}

/** An end for want of room with room left, or for a call without one. */
function isMismatch({ finish, toolCalls, ceilingTokens, capTokens, roomTokens }: JobFacts): boolean {
  if (finish === 'tool-calls') return toolCalls === 0;
  return finish === 'length' && ceilingTokens < Math.min(capTokens, roomTokens);
}

const GARBAGE_MIN_CHARS = 64;
const NO_TEXT_SHARE = 0.05;
const ONE_CHAR_SHARE = 0.6;

/** Bytes that decode to no text, or one character over and over. */
export function isGarbage(text: string): boolean {
  const counts = new Map<string, number>();
  let chars = 0;
  let noText = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (isSpace(code)) continue;
    chars += 1;
    if (isNoText(code)) noText += 1;
    counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  if (chars < GARBAGE_MIN_CHARS) return false;
  return noText / chars > NO_TEXT_SHARE || Math.max(...counts.values()) / chars > ONE_CHAR_SHARE;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0;
}

/** Controls, the replacement mark, halves of pairs, private use. */
function isNoText(code: number): boolean {
  return code < 0x20 || code === 0xfffd || (code >= 0xd800 && code <= 0xf8ff);
}

const WORDS_MIN = 80;
const DISTINCT_SHARE = 0.15;
const LOOP_MIN_CHARS = 600;
const LOOP_MAX_PERIOD = 120;

/** Few words again and again, or a loop of at most 120 characters at the end. */
export function isRepetitive(text: string): boolean {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length >= WORDS_MIN && new Set(words).size / words.length < DISTINCT_SHARE) return true;
  if (text.length < LOOP_MIN_CHARS) return false;
  const end = text.slice(-LOOP_MIN_CHARS);
  for (let period = 1; period <= LOOP_MAX_PERIOD; period += 1) {
    if (end.slice(period) === end.slice(0, -period)) return true;
  }
  return false;
}
