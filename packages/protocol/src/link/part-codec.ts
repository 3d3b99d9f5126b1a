import type { FinishReason, StreamPart } from '../parts.ts';
import type { Usage } from '../usage.ts';
import {
  checkFailure,
  checkJson,
  checkValue,
  fieldsOf,
  oneOf,
  optional,
  wholeNumberOf,
  wordOf,
} from './check.ts';
import type { Checked, Fields } from './check.ts';
import { LINK_LIMITS } from './limits.ts';

/**
 * Parts of an answer on the link: one part as JSON is the body of one DATA record. The receiver checks every field
 * and the order of the parts, because nothing from a node may reach a client or a meter unread.
 */
const FINISH_REASONS: readonly FinishReason[] = ['stop', 'length', 'tool-calls', 'content-filter'];
const PART_TYPES = [
  'text-delta',
  'reasoning-delta',
  'refusal-delta',
  'tool-call-start',
  'tool-call-delta',
  'finish',
] as const;

/** A text on the wire may be a little longer than our own encoder makes it, but never longer than its record. */
const TEXT_MAX_CHARS = LINK_LIMITS.recordBodyMaxBytes;

/** Follows one answer. `finished` says whether the `finish` part has come. */
export type PartChecker = {
  /** Takes the body of a DATA record. */
  decode(body: Uint8Array): Checked<StreamPart>;
  /** Takes a part that is an object already, as the node's own engines give it. */
  check(part: unknown): Checked<StreamPart>;
  finished(): boolean;
};

export function createPartChecker(): PartChecker {
  let toolCalls = 0;
  let isFinished = false;

  function read(value: unknown): StreamPart {
    if (isFinished) throw checkFailure('type');
    const part = readPart(value, toolCalls);
    if (part.type === 'tool-call-start') toolCalls += 1;
    if (part.type === 'finish') isFinished = true;
    return part;
  }

  return {
    decode: (body) => checkJson(body, read),
    check: (part) => checkValue(part, read),
    finished: () => isFinished,
  };
}

/** `toolCalls`: how many have been started before. */
function readPart(value: unknown, toolCalls: number): StreamPart {
  const fields = fieldsOf(value, 'part');
  const type = oneOf(fields['type'], 'type', PART_TYPES);
  switch (type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return { type, text: textOf(fields['text'], 'text') };
    case 'tool-call-start':
      return readToolCallStart(fields, toolCalls);
    case 'tool-call-delta':
      return {
        type,
        index: wholeNumberOf(fields['index'], 'index', toolCalls - 1),
        argumentsText: textOf(fields['argumentsText'], 'argumentsText'),
      };
    case 'finish':
      break;
  }
  const usage = optional(fields['usage'], readUsage);
  const stopSequence = optional(fields['stopSequence'], (value) =>
    boundedTextOf(value, 'stopSequence', LINK_LIMITS.nameMaxChars),
  );
  return {
    type,
    reason: oneOf(fields['reason'], 'reason', FINISH_REASONS),
    ...(stopSequence === undefined ? {} : { stopSequence }),
    ...(usage === undefined ? {} : { usage }),
  };
}

function readToolCallStart(fields: Fields, toolCalls: number): StreamPart {
  if (fields['index'] !== toolCalls || toolCalls >= LINK_LIMITS.toolCallsMax) throw checkFailure('index');
  return {
    type: 'tool-call-start',
    index: toolCalls,
    id: wordOf(fields['id'], 'id', LINK_LIMITS.nameMaxChars),
    name: wordOf(fields['name'], 'name', LINK_LIMITS.nameMaxChars),
  };
}

/** Empty text is refused: it says nothing, and it would commit a request to a node that has nothing to say. */
function textOf(value: unknown, path: string): string {
  return boundedTextOf(value, path, TEXT_MAX_CHARS);
}

function boundedTextOf(value: unknown, path: string, maxChars: number): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > maxChars) throw checkFailure(path);
  return value;
}

function readUsage(value: unknown): Usage {
  const fields = fieldsOf(value, 'usage');
  const tokens = (name: keyof Usage): number =>
    wholeNumberOf(fields[name], `usage.${name}`, LINK_LIMITS.tokensMax);
  // Nodes of before this bucket do not send it.
  const imageInputTokens = fields['imageInputTokens'] === undefined ? 0 : tokens('imageInputTokens');
  return {
    inputTokens: tokens('inputTokens'),
    imageInputTokens,
    cacheReadTokens: tokens('cacheReadTokens'),
    cacheWriteTokens: tokens('cacheWriteTokens'),
    outputTokens: tokens('outputTokens'),
    reasoningTokens: tokens('reasoningTokens'),
  };
}

const utf8 = new TextEncoder();

/** Writes a part as the body of one DATA record. It must have come from `splitPart` and passed a checker. */
export function encodePart(part: StreamPart): Uint8Array {
  return utf8.encode(JSON.stringify(part));
}

/**
 * Makes parts of an engine fit for the link: long texts are cut between characters so that each piece fits into a
 * record, and empty texts, which some engines send to open an answer, are left out.
 */
export function splitPart(part: StreamPart): StreamPart[] {
  switch (part.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return cutText(part.text).map((text) => ({ type: part.type, text }));
    case 'tool-call-delta':
      return cutText(part.argumentsText).map((argumentsText) => ({
        type: part.type,
        index: part.index,
        argumentsText,
      }));
    case 'tool-call-start':
    case 'reasoning-seal':
    case 'finish':
      break;
  }
  return [part];
}

/** Pieces of at most `partTextMaxChars` UTF-16 units. A pair of surrogates stays together. */
function cutText(text: string): string[] {
  const pieces: string[] = [];
  let at = 0;
  while (at < text.length) {
    let end = Math.min(at + LINK_LIMITS.partTextMaxChars, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}
