/**
 * Byte-level BPE with the GPT-2 pre-tokenizer, built from the tables in a GGUF file.
 *
 * Plain text and markers go through different doors: `encode` never returns a special token, whatever the text
 * says; only `markerId` gives them, and only the chat template calls it.
 */

import type { GgufValue } from './gguf.ts';

/** The tokens with a meaning of their own in the chat format. */
export type Marker =
  | '<|im_start|>'
  | '<|im_end|>'
  | '<tool_call>'
  | '</tool_call>'
  | '<think>'
  | '</think>'
  | '<tools>'
  | '</tools>';

const MARKERS: readonly Marker[] = [
  '<|im_start|>',
  '<|im_end|>',
  '<tool_call>',
  '</tool_call>',
  '<think>',
  '</think>',
  '<tools>',
  '</tools>',
];

export type Tokenizer = {
  readonly vocabularySize: number;
  /** Tokens of plain text. Special tokens are never among them. */
  encode(text: string): number[];
  /** Like `encode`, appended to `out` word by word; stops between words for a pause (see `PAUSE_BYTES`). */
  encodeInSteps(text: string, out: number[]): Generator<void, void, void>;
  markerId(marker: Marker): number;
  /** Which marker a token is, if it is one. */
  markerOf(id: number): Marker | undefined;
  /** The bytes of a plain token. A character may need several tokens: join the bytes before decoding. */
  bytesOf(id: number): Uint8Array;
  /** Whether the token ends an answer: end of turn, end of text, or any other control token. */
  endsAnswer(id: number): boolean;
};

const PRE_TOKENIZER = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const CONTROL_TYPE = 3;
const USER_DEFINED_TYPE = 4;
const MAX_VOCABULARY = 65_536;

/**
 * A single "word" above this length is cut, so that merging it stays cheap (its cost grows with the square).
 * Such a run of letters or signs does not occur in writing; cut, it may count a token more than elsewhere.
 */
const MAX_WORD_BYTES = 2048;
/** `encodeInSteps` pauses after about so many bytes: below a millisecond of work. */
const PAUSE_BYTES = 4096;

/** Builds the tokenizer. Throws an Error when the tables do not fit together. */
export function createTokenizer(metadata: ReadonlyMap<string, GgufValue>): Tokenizer {
  const tokens = listOf(metadata, 'tokenizer.ggml.tokens', isString);
  const types = listOf(metadata, 'tokenizer.ggml.token_type', isNumber);
  if (tokens.length > MAX_VOCABULARY || types.length !== tokens.length) {
    throw new Error('tokenizer: the token tables do not fit together');
  }
  const ids = new Map(tokens.map((token, id) => [token, id]));
  if (ids.size !== tokens.length) throw new Error('tokenizer: a token occurs twice');
  const { unitOfByte, byteOfUnit } = byteUnits();
  const idOfByte = unitOfByte.map((unit) => requiredId(ids, unit));
  const merges = readMerges(metadata, ids);
  const markerIds = new Map(MARKERS.map((marker) => [marker, requiredId(ids, marker)]));
  const markersById = new Map(MARKERS.map((marker) => [requiredId(ids, marker), marker]));
  const tokenBytes = tokens.map((token, id) => {
    const special = types[id] === CONTROL_TYPE || types[id] === USER_DEFINED_TYPE;
    return special ? new TextEncoder().encode(token) : plainBytes(token, byteOfUnit);
  });
  const encoder = new TextEncoder();

  function* encodeInSteps(text: string, out: number[]): Generator<void, void, void> {
    let sincePause = 0;
    for (const [word] of text.matchAll(PRE_TOKENIZER)) {
      const bytes = encoder.encode(word);
      for (let at = 0; at < bytes.length; at += MAX_WORD_BYTES) {
        const part = bytes.subarray(at, at + MAX_WORD_BYTES);
        const units = Array.from(part, (byte) => idOfByte[byte] ?? 0);
        for (const id of mergeUnits(units, merges, tokens.length)) out.push(id);
        sincePause += part.length;
        if (sincePause >= PAUSE_BYTES) {
          sincePause = 0;
          yield;
        }
      }
    }
  }

  return {
    vocabularySize: tokens.length,
    encodeInSteps,
    encode(text) {
      const out: number[] = [];
      const steps = encodeInSteps(text, out);
      while (steps.next().done !== true);
      return out;
    },
    markerId: (marker) => markerIds.get(marker) ?? 0,
    markerOf: (id) => markersById.get(id),
    bytesOf: (id) => tokenBytes[id] ?? new Uint8Array(0),
    endsAnswer: (id) => types[id] === CONTROL_TYPE,
  };
}

/** For a pair of tokens (left id times vocabulary size plus right id): the merge's rank and the token it makes. */
type Merges = Map<number, { rank: number; id: number }>;

function readMerges(metadata: ReadonlyMap<string, GgufValue>, ids: Map<string, number>): Merges {
  const merges: Merges = new Map();
  for (const [rank, line] of listOf(metadata, 'tokenizer.ggml.merges', isString).entries()) {
    const [left, right] = line.split(' ');
    if (left === undefined || right === undefined) throw new Error(`tokenizer: merge ${rank} is not a pair`);
    const key = requiredId(ids, left) * ids.size + requiredId(ids, right);
    if (!merges.has(key)) merges.set(key, { rank, id: requiredId(ids, left + right) });
  }
  return merges;
}

/** Joins the pair of lowest rank, leftmost first, until no pair can be joined. Works in place. */
function mergeUnits(units: number[], merges: Merges, vocabularySize: number): number[] {
  const mergeAt = (index: number) =>
    merges.get((units[index] ?? 0) * vocabularySize + (units[index + 1] ?? vocabularySize));
  const candidates = units.map((_, index) => (index + 1 < units.length ? mergeAt(index) : undefined));
  for (;;) {
    let best: { rank: number; id: number } | undefined;
    let where = 0;
    for (let index = 0; index + 1 < units.length; index++) {
      const candidate = candidates[index];
      if (candidate !== undefined && (best === undefined || candidate.rank < best.rank)) {
        best = candidate;
        where = index;
      }
    }
    if (best === undefined) return units;
    units[where] = best.id;
    units.splice(where + 1, 1);
    candidates.splice(where + 1, 1);
    candidates[where] = where + 1 < units.length ? mergeAt(where) : undefined;
    if (where > 0) candidates[where - 1] = mergeAt(where - 1);
  }
}

/** GPT-2 writes each byte as one visible character: printable Latin-1 as itself, the rest from U+0100 on. */
function byteUnits(): { unitOfByte: string[]; byteOfUnit: Map<string, number> } {
  const unitOfByte: string[] = [];
  const byteOfUnit = new Map<string, number>();
  for (let byte = 0, replaced = 0; byte < 256; byte++) {
    const shown = (byte > 32 && byte < 127) || (byte > 160 && byte < 173) || byte > 173;
    const unit = String.fromCharCode(shown ? byte : 256 + replaced++);
    unitOfByte.push(unit);
    byteOfUnit.set(unit, byte);
  }
  return { unitOfByte, byteOfUnit };
}

function plainBytes(token: string, byteOfUnit: Map<string, number>): Uint8Array {
  return Uint8Array.from(token, (unit) => {
    const byte = byteOfUnit.get(unit);
    if (byte === undefined) throw new Error('tokenizer: a plain token holds a character that is no byte');
    return byte;
  });
}

function requiredId(ids: ReadonlyMap<string, number>, token: string): number {
  const id = ids.get(token);
  if (id === undefined) throw new Error('tokenizer: a byte, marker or merge has no token');
  return id;
}

function listOf<T extends GgufValue>(
  metadata: ReadonlyMap<string, GgufValue>,
  key: string,
  guard: (value: GgufValue) => value is T,
): T[] {
  const value = metadata.get(key);
  if (!Array.isArray(value) || !value.every(guard))
    throw new Error(`tokenizer: ${key} is missing or malformed`);
  return value;
}

const isString = (value: GgufValue): value is string => typeof value === 'string';
const isNumber = (value: GgufValue): value is number => typeof value === 'number';
