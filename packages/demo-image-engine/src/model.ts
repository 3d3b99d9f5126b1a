/** The network's weights, read from its ONNX file and checked for fit. `models/training/net.py` is the original. */

import { createConvolution, type Convolution } from './convolution.ts';
import type { Linear, Matrix } from './multiply.ts';
import { parseOnnx, type Onnx } from './onnx.ts';
import { parseVocabulary, type Vocabulary } from './prompt.ts';

/** Group normalisation: what each channel is multiplied with and what is added to it. */
export type Norm = { scale: Float32Array; shift: Float32Array };

/** Two convolutions around which the input is carried on. */
export type Residual = {
  firstNorm: Norm;
  first: Convolution;
  secondNorm: Norm;
  second: Convolution;
  /** From the condition to a factor and a summand for each channel. */
  modulation: Linear;
  /** Brings the input to the width of the output where they differ. */
  skip: Linear | undefined;
};

/** Each place looks at all places and at the words. */
export type Attention = { norm: Norm; places: Linear; words: Linear; output: Linear };

export type ImageModel = {
  vocabulary: Vocabulary;
  embedding: Float32Array;
  positions: Float32Array;
  /** Two convolutions over neighbouring words, as layers on three words at a time. */
  wordLayers: [Linear, Linear];
  pool: Linear;
  time: [Linear, Linear];
  input: Convolution;
  left: Residual;
  down: Convolution;
  middle: [Residual, Residual, Residual];
  attention: [Attention, Attention];
  up: Linear;
  right: [Residual, Residual];
  outputNorm: Norm;
  output: Convolution;
};

/** Channels of the halved picture, those of the quartered one, of a word, of the condition. */
export const OUTER = 48;
export const INNER = 96;
export const WORD = 64;
export const CONDITION = 128;
/** Channels that go in: 2×2 pixels of three colours and the place's row and column. */
export const INPUT = 14;
export const PATCH = 12;

/** Loads the model from its two files. Throws an Error when one is damaged or of another kind. */
export function loadImageModel(onnx: Uint8Array, vocabularyText: string): ImageModel {
  const file = parseOnnx(onnx);
  const vocabulary = parseVocabulary(vocabularyText);
  const { length } = vocabulary;
  return {
    vocabulary,
    embedding: weights(file, 'emb.weight', [vocabulary.ids.size, WORD]),
    positions: weights(file, 'pos', [1, length, WORD]),
    wordLayers: [wordLayer(file, 't1'), wordLayer(file, 't2')],
    pool: linear(file, 'pool', { rows: CONDITION, columns: WORD }),
    time: [
      linear(file, 'time.0', { rows: CONDITION, columns: WORD }),
      linear(file, 'time.2', { rows: CONDITION, columns: CONDITION }),
    ],
    input: convolution(file, 'inp', { inputs: INPUT, outputs: OUTER }),
    left: residual(file, 'd1', { inputs: OUTER, outputs: OUTER }),
    down: convolution(file, 'down', { inputs: OUTER, outputs: INNER }),
    middle: [innerResidual(file, 'm1'), innerResidual(file, 'm2'), innerResidual(file, 'm3')],
    attention: [attention(file, 'x1'), attention(file, 'x2')],
    up: linear(file, 'up', { rows: 4 * OUTER, columns: INNER }),
    right: [
      residual(file, 'u1', { inputs: 2 * OUTER, outputs: OUTER }),
      residual(file, 'u2', { inputs: OUTER, outputs: OUTER }),
    ],
    outputNorm: norm(file, 'n', OUTER),
    output: convolution(file, 'out', { inputs: OUTER, outputs: PATCH }),
  };
}

type Width = { inputs: number; outputs: number };

function innerResidual(file: Onnx, name: string): Residual {
  return residual(file, name, { inputs: INNER, outputs: INNER });
}

function residual(file: Onnx, name: string, { inputs, outputs }: Width): Residual {
  return {
    firstNorm: norm(file, `${name}/n1`, inputs),
    first: convolution(file, `${name}.c1`, { inputs, outputs }),
    secondNorm: norm(file, `${name}/n2`, outputs),
    second: convolution(file, `${name}.c2`, { inputs: outputs, outputs }),
    modulation: linear(file, `${name}.m`, { rows: 2 * outputs, columns: CONDITION }),
    skip: inputs === outputs ? undefined : linear(file, `${name}.s`, { rows: outputs, columns: inputs }),
  };
}

function attention(file: Onnx, name: string): Attention {
  // The exporter has turned these matrices round and named them by number: the node that uses them tells which.
  const layer = (part: string, { rows, columns }: { rows: number; columns: number }): Linear => ({
    weight: transposed(weightsOfNode(file, `/${name}/${part}/MatMul`, [columns, rows]), rows, columns),
    bias: weights(file, `${name}.${part}.bias`, [rows]),
  });
  return {
    norm: norm(file, `${name}/n`, INNER),
    places: layer('qkv', { rows: 3 * INNER, columns: INNER }),
    words: layer('kv', { rows: 2 * INNER, columns: WORD }),
    output: layer('o', { rows: INNER, columns: INNER }),
  };
}

function norm(file: Onnx, path: string, channels: number): Norm {
  return {
    scale: weightsOfNode(file, `/${path}/Mul`, [channels, 1, 1]),
    shift: weightsOfNode(file, `/${path}/Add`, [channels, 1, 1]),
  };
}

function convolution(file: Onnx, name: string, { inputs, outputs }: Width): Convolution {
  return createConvolution(
    weights(file, `${name}.weight`, [outputs, inputs, 3, 3]),
    weights(file, `${name}.bias`, [outputs]),
  );
}

/** A fully connected layer; also a 1×1 convolution, which is one at each place. */
function linear(file: Onnx, name: string, { rows, columns }: { rows: number; columns: number }): Linear {
  const dimensions = name === 'up' || name.endsWith('.s') ? [rows, columns, 1, 1] : [rows, columns];
  return {
    weight: { data: weights(file, `${name}.weight`, dimensions), rows, columns },
    bias: weights(file, `${name}.bias`, [rows]),
  };
}

/** Weights that stand as [output][input][which of three words] become rows of three words' numbers. */
function wordLayer(file: Onnx, name: string): Linear {
  const source = weights(file, `${name}.weight`, [WORD, WORD, 3]);
  const data = new Float32Array(source.length);
  for (let row = 0; row < WORD; row++) {
    const weightsOfRow = source.subarray(row * WORD * 3, (row + 1) * WORD * 3);
    data.set(transposed(weightsOfRow, 3, WORD).data, row * WORD * 3);
  }
  return { weight: { data, rows: WORD, columns: 3 * WORD }, bias: weights(file, `${name}.bias`, [WORD]) };
}

/** Turns round a matrix of `columns` rows into one of `rows` rows. */
function transposed(source: Float32Array, rows: number, columns: number): Matrix {
  const data = new Float32Array(source.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      data[row * columns + column] = source[column * rows + row] ?? 0;
    }
  }
  return { data, rows, columns };
}

/** The weights among the inputs of a node. */
function weightsOfNode(file: Onnx, node: string, dimensions: readonly number[]): Float32Array {
  const name = file.nodeInputs.get(node)?.find((input) => file.tensors.has(input));
  if (name === undefined) throw new Error(`model: node ${node} has no weights`);
  return weights(file, name, dimensions);
}

function weights(file: Onnx, name: string, dimensions: readonly number[]): Float32Array {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) throw new Error(`model: tensor ${name} is missing`);
  if (tensor.dimensions.join() !== dimensions.join())
    throw new Error(`model: tensor ${name} has the wrong shape`);
  return tensor.data;
}
