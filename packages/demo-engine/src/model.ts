/** The network's weights and settings, read from a GGUF file of the `llama` architecture and checked for fit. */

import { parseGguf, type Gguf, type GgufTensor } from './gguf.ts';
import type { Matrix } from './multiply.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

/** Sizes are counts of numbers, `contextTokens` of positions. */
export type ModelShape = {
  width: number;
  layers: number;
  feedForward: number;
  heads: number;
  keyValueHeads: number;
  headWidth: number;
  /** `keyValueHeads * headWidth` */
  keyValueWidth: number;
  contextTokens: number;
  vocabulary: number;
  normEpsilon: number;
  ropeBase: number;
};

export type Block = {
  attentionNorm: Float32Array;
  query: Matrix;
  key: Matrix;
  value: Matrix;
  attentionOutput: Matrix;
  feedForwardNorm: Float32Array;
  gate: Matrix;
  up: Matrix;
  down: Matrix;
};

export type Model = {
  shape: ModelShape;
  tokenizer: Tokenizer;
  embedding: Matrix;
  blocks: Block[];
  outputNorm: Float32Array;
  /** The embedding again when the file ties the two. */
  output: Matrix;
  /** Cosine and sine of the rotary angles: `headWidth / 2` numbers for each position. */
  cosines: Float32Array;
  sines: Float32Array;
  scratch: Scratch;
};

/**
 * Work memory of one forward pass, for `BATCH_POSITIONS` positions. All sessions of a model share it: a pass runs
 * to its end before another begins.
 */
export type Scratch = {
  stream: Float32Array;
  normed: Float32Array;
  query: Float32Array;
  key: Float32Array;
  value: Float32Array;
  attention: Float32Array;
  gate: Float32Array;
  up: Float32Array;
  logits: Float32Array;
  scores: Float32Array;
};

/** Positions that one pass can do together. More gives little; fewer makes prompts slower. */
export const BATCH_POSITIONS = 16;

/** Bounds for every size in a model file: this engine is for models of a few million parameters. */
const MAX_SIZE = 65_536;
const MAX_TABLE_NUMBERS = 16_777_216;

/** Loads a model from the bytes of its file. Throws an Error when the file is damaged or of another kind. */
export function loadModel(bytes: Uint8Array): Model {
  const file = parseGguf(bytes);
  if (file.metadata.get('general.architecture') !== 'llama')
    throw new Error('model: not of the llama architecture');
  const tokenizer = createTokenizer(file.metadata);
  const shape = readShape(file, tokenizer.vocabularySize);

  const matrix = (name: string, rows: number, columns: number): Matrix => ({
    data: tensorOf(file, name, [columns, rows]).data,
    rows,
    columns,
  });
  const { width, feedForward, keyValueWidth, vocabulary } = shape;
  const embedding = matrix('token_embd.weight', vocabulary, width);
  const blocks = Array.from({ length: shape.layers }, (_, layer): Block => {
    const name = (part: string) => `blk.${layer}.${part}.weight`;
    return {
      attentionNorm: tensorOf(file, name('attn_norm'), [width]).data,
      query: matrix(name('attn_q'), width, width),
      key: matrix(name('attn_k'), keyValueWidth, width),
      value: matrix(name('attn_v'), keyValueWidth, width),
      attentionOutput: matrix(name('attn_output'), width, width),
      feedForwardNorm: tensorOf(file, name('ffn_norm'), [width]).data,
      gate: matrix(name('ffn_gate'), feedForward, width),
      up: matrix(name('ffn_up'), feedForward, width),
      down: matrix(name('ffn_down'), width, feedForward),
    };
  });
  return {
    shape,
    tokenizer,
    embedding,
    blocks,
    outputNorm: tensorOf(file, 'output_norm.weight', [width]).data,
    output: file.tensors.has('output.weight') ? matrix('output.weight', vocabulary, width) : embedding,
    ...rotaryTables(shape),
    scratch: createScratch(shape),
  };
}

function readShape(file: Gguf, vocabulary: number): ModelShape {
  const number = (key: string, fallback?: number): number => {
    const value = file.metadata.get(`llama.${key}`) ?? fallback;
    if (typeof value !== 'number' || !(value > 0))
      throw new Error(`model: llama.${key} is missing or not positive`);
    return value;
  };
  const size = (key: string, fallback?: number): number => {
    const value = number(key, fallback);
    if (!Number.isInteger(value) || value > MAX_SIZE) throw new Error(`model: llama.${key} is out of range`);
    return value;
  };
  const width = size('embedding_length');
  const heads = size('attention.head_count');
  const keyValueHeads = size('attention.head_count_kv', heads);
  const headWidth = width / heads;
  const shape: ModelShape = {
    width,
    layers: size('block_count'),
    feedForward: size('feed_forward_length'),
    heads,
    keyValueHeads,
    headWidth,
    keyValueWidth: keyValueHeads * headWidth,
    contextTokens: size('context_length'),
    vocabulary,
    normEpsilon: number('attention.layer_norm_rms_epsilon'),
    ropeBase: number('rope.freq_base', 10_000),
  };
  const headsFit = headWidth % 4 === 0 && heads % keyValueHeads === 0;
  const largestTable = shape.contextTokens * headWidth;
  if (
    !headsFit ||
    size('rope.dimension_count', headWidth) !== headWidth ||
    largestTable > MAX_TABLE_NUMBERS
  ) {
    throw new Error('model: the sizes do not fit together');
  }
  return shape;
}

function tensorOf(file: Gguf, name: string, dimensions: number[]): GgufTensor {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) throw new Error(`model: tensor ${name} is missing`);
  if (tensor.dimensions.join() !== dimensions.join())
    throw new Error(`model: tensor ${name} has the wrong shape`);
  return tensor;
}

function rotaryTables(shape: ModelShape): { cosines: Float32Array; sines: Float32Array } {
  const pairs = shape.headWidth / 2;
  const cosines = new Float32Array(shape.contextTokens * pairs);
  const sines = new Float32Array(shape.contextTokens * pairs);
  for (let position = 0; position < shape.contextTokens; position++) {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = position * shape.ropeBase ** ((-2 * pair) / shape.headWidth);
      cosines[position * pairs + pair] = Math.cos(angle);
      sines[position * pairs + pair] = Math.sin(angle);
    }
  }
  return { cosines, sines };
}

function createScratch(shape: ModelShape): Scratch {
  const perPosition = (length: number) => new Float32Array(BATCH_POSITIONS * length);
  return {
    stream: perPosition(shape.width),
    normed: perPosition(shape.width),
    query: perPosition(shape.width),
    key: perPosition(shape.keyValueWidth),
    value: perPosition(shape.keyValueWidth),
    attention: perPosition(shape.width),
    gate: perPosition(shape.feedForward),
    up: perPosition(shape.feedForward),
    logits: new Float32Array(shape.vocabulary),
    scores: new Float32Array(shape.contextTokens),
  };
}
