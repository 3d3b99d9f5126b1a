/**
 * The forward pass with its memory of keys and values (the KV cache). A session is one such memory; a later
 * prompt that begins with the same tokens keeps that part and only pays for the rest.
 */

import { BATCH_POSITIONS, type Block, type Model } from './model.ts';
import { multiply } from './multiply.ts';

export type Session = {
  readonly model: Model;
  /** The tokens whose keys and values are stored. */
  readonly tokens: number[];
  /** For each layer `capacity * keyValueWidth` numbers, position after position. */
  keys: Float32Array[];
  values: Float32Array[];
  /** Positions there is room for; grows up to the context. */
  capacity: number;
};

const FIRST_CAPACITY = 128;

export function createSession(model: Model): Session {
  return { model, tokens: [], keys: [], values: [], capacity: 0 };
}

/** How many tokens of `prompt` could be kept. The last one never is: its logits have to be computed. */
export function commonPrefix(session: Session, prompt: readonly number[]): number {
  const limit = Math.min(session.tokens.length, prompt.length - 1);
  let length = 0;
  while (length < limit && session.tokens[length] === prompt[length]) length++;
  return length;
}

/** Forgets the positions from `length` on. */
export function rewind(session: Session, length: number): void {
  session.tokens.length = Math.min(length, session.tokens.length);
}

/**
 * Appends at most `BATCH_POSITIONS` tokens. Returns the logits after the last one when they are wanted; they are
 * valid until the next call for any session of the model. The numbers do not depend on how a prompt is cut into calls.
 * Throws a RangeError when the context is full or there are too many tokens.
 */
export function feed(
  session: Session,
  tokens: readonly number[],
  options: { wantLogits: boolean },
): Float32Array | undefined {
  const { model } = session;
  const { shape, scratch } = model;
  const count = tokens.length;
  const start = session.tokens.length;
  if (count < 1 || count > BATCH_POSITIONS) throw new RangeError('session: too many tokens for one pass');
  if (start + count > shape.contextTokens) throw new RangeError('session: the context is full');
  reserve(session, start + count);

  const { width } = shape;
  for (const [index, token] of tokens.entries()) {
    scratch.stream.set(model.embedding.data.subarray(token * width, (token + 1) * width), index * width);
  }
  for (const [layer, block] of model.blocks.entries()) {
    attend(session, block, { layer, start, count });
    feedForward(model, block, count);
  }
  session.tokens.push(...tokens);
  if (!options.wantLogits) return undefined;
  const last = scratch.stream.subarray((count - 1) * width, count * width);
  normalize(last, model.outputNorm, { output: scratch.normed, count: 1, epsilon: shape.normEpsilon });
  multiply(model.output, scratch.normed, scratch.logits, 1);
  return scratch.logits;
}

function reserve(session: Session, positions: number): void {
  if (positions <= session.capacity) return;
  const { layers, contextTokens, keyValueWidth } = session.model.shape;
  const capacity = Math.min(contextTokens, Math.max(positions, session.capacity * 2, FIRST_CAPACITY));
  const grow = (old: Float32Array | undefined) => {
    const larger = new Float32Array(capacity * keyValueWidth);
    if (old !== undefined) larger.set(old);
    return larger;
  };
  session.keys = Array.from({ length: layers }, (_, layer) => grow(session.keys[layer]));
  session.values = Array.from({ length: layers }, (_, layer) => grow(session.values[layer]));
  session.capacity = capacity;
}

/** Which layer and which positions a pass is about. */
type Span = { layer: number; start: number; count: number };

function attend(session: Session, block: Block, span: Span): void {
  const { model } = session;
  const { shape, scratch } = model;
  const { layer, start, count } = span;
  const keys = session.keys[layer];
  const values = session.values[layer];
  if (keys === undefined || values === undefined) throw new RangeError('session: no room was reserved');

  const norm = { output: scratch.normed, count, epsilon: shape.normEpsilon };
  normalize(scratch.stream, block.attentionNorm, norm);
  multiply(block.query, scratch.normed, scratch.query, count);
  multiply(block.key, scratch.normed, scratch.key, count);
  multiply(block.value, scratch.normed, scratch.value, count);
  for (let index = 0; index < count; index++) {
    rotate(model, scratch.query.subarray(index * shape.width, (index + 1) * shape.width), start + index);
    const own = scratch.key.subarray(index * shape.keyValueWidth, (index + 1) * shape.keyValueWidth);
    rotate(model, own, start + index);
  }
  keys.set(scratch.key.subarray(0, count * shape.keyValueWidth), start * shape.keyValueWidth);
  values.set(scratch.value.subarray(0, count * shape.keyValueWidth), start * shape.keyValueWidth);
  for (let index = 0; index < count; index++) {
    for (let head = 0; head < shape.heads; head++) {
      const group = Math.floor((head * shape.keyValueHeads) / shape.heads);
      attendHead(model, keys, values, {
        own: index * shape.width + head * shape.headWidth,
        stored: group * shape.headWidth,
        positions: start + index + 1,
      });
    }
  }
  multiply(block.attentionOutput, scratch.attention, scratch.normed, count);
  add(scratch.stream, scratch.normed, count * shape.width);
}

/** Turns neighbouring pairs of numbers by the angle of their position. */
function rotate(model: Model, vector: Float32Array, position: number): void {
  const { headWidth } = model.shape;
  const pairs = headWidth / 2;
  const row = position * pairs;
  for (let i = 0; i < vector.length; i += 2) {
    const pair = row + ((i % headWidth) >> 1);
    const cosine = model.cosines[pair] ?? 1;
    const sine = model.sines[pair] ?? 0;
    const a = vector[i] ?? 0;
    const b = vector[i + 1] ?? 0;
    vector[i] = a * cosine - b * sine;
    vector[i + 1] = a * sine + b * cosine;
  }
}

/** `own` and `stored` are offsets in a position's query and key; `positions` are attended, the newest is the own. */
type Head = { own: number; stored: number; positions: number };

function attendHead(model: Model, keys: Float32Array, values: Float32Array, head: Head): void {
  const { query, attention, scores } = model.scratch;
  const { headWidth, keyValueWidth } = model.shape;
  const scale = 1 / Math.sqrt(headWidth);
  const { own, stored, positions } = head;
  let highest = -Infinity;
  for (let position = 0, at = stored; position < positions; position++, at += keyValueWidth) {
    // Four sums that do not wait for each other.
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let i = 0; i < headWidth; i += 4) {
      sum0 += (query[own + i] ?? 0) * (keys[at + i] ?? 0);
      sum1 += (query[own + i + 1] ?? 0) * (keys[at + i + 1] ?? 0);
      sum2 += (query[own + i + 2] ?? 0) * (keys[at + i + 2] ?? 0);
      sum3 += (query[own + i + 3] ?? 0) * (keys[at + i + 3] ?? 0);
    }
    const score = (sum0 + sum1 + sum2 + sum3) * scale;
    scores[position] = score;
    if (score > highest) highest = score;
  }
  let sum = 0;
  for (let position = 0; position < positions; position++) {
    const weight = Math.exp((scores[position] ?? 0) - highest);
    scores[position] = weight;
    sum += weight;
  }
  // Four numbers at a time over all positions: their sums stay in registers.
  for (let i = 0; i < headWidth; i += 4) {
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let position = 0, at = stored + i; position < positions; position++, at += keyValueWidth) {
      const weight = scores[position] ?? 0;
      sum0 += weight * (values[at] ?? 0);
      sum1 += weight * (values[at + 1] ?? 0);
      sum2 += weight * (values[at + 2] ?? 0);
      sum3 += weight * (values[at + 3] ?? 0);
    }
    attention[own + i] = sum0 / sum;
    attention[own + i + 1] = sum1 / sum;
    attention[own + i + 2] = sum2 / sum;
    attention[own + i + 3] = sum3 / sum;
  }
}

/** The gated part (SwiGLU) of a layer. */
function feedForward(model: Model, block: Block, count: number): void {
  const { shape, scratch } = model;
  const norm = { output: scratch.normed, count, epsilon: shape.normEpsilon };
  normalize(scratch.stream, block.feedForwardNorm, norm);
  multiply(block.gate, scratch.normed, scratch.gate, count);
  multiply(block.up, scratch.normed, scratch.up, count);
  for (let i = 0; i < count * shape.feedForward; i++) {
    const gate = scratch.gate[i] ?? 0;
    scratch.gate[i] = (gate / (1 + Math.exp(-gate))) * (scratch.up[i] ?? 0);
  }
  multiply(block.down, scratch.gate, scratch.normed, count);
  add(scratch.stream, scratch.normed, count * shape.width);
}

/** RMSNorm of `count` vectors as long as `weights`. */
function normalize(
  input: Float32Array,
  weights: Float32Array,
  { output, count, epsilon }: { output: Float32Array; count: number; epsilon: number },
): void {
  const width = weights.length;
  for (let start = 0; start < count * width; start += width) {
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += (input[i] ?? 0) ** 2;
    const factor = 1 / Math.sqrt(squares / width + epsilon);
    for (let i = 0; i < width; i++) output[start + i] = (input[start + i] ?? 0) * factor * (weights[i] ?? 0);
  }
}

function add(target: Float32Array, source: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) target[i] = (target[i] ?? 0) + (source[i] ?? 0);
}
