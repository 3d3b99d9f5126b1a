/**
 * 3×3 convolutions with a border of zeros, by Winograd's minimal filtering F(2×2, 3×3): 16 products instead of 36
 * for each tile of 2×2 outputs, and the products of all tiles become 16 multiplications of matrices.
 * Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4.1.
 *
 * With the paper's matrices a tile is Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for weights g and the 4×4 inputs d around it. G is
 * applied when the model is loaded (`expand`), Bᵀ by `spread`, Aᵀ by `collect`, each to both directions in turn.
 */

import type { FeatureMap } from './feature-map.ts';
import { addBias, multiply, type Matrix } from './multiply.ts';

export type Convolution = {
  /** The 16 matrices of G g Gᵀ, row by row. */
  elements: Matrix[];
  bias: Float32Array;
};

/** Prepares weights that stand as [output][input][row][column]; there are as many outputs as biases. */
export function createConvolution(weights: Float32Array, bias: Float32Array): Convolution {
  const pairs = weights.length / 9;
  const elements = Array.from({ length: 16 }, () => new Float32Array(pairs));
  for (let pair = 0; pair < pairs; pair++) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = weights.subarray(pair * 9);
    const left = expand(a, d, g);
    const middle = expand(b, e, h);
    const right = expand(c, f, i);
    for (let y = 0; y < 4; y++) {
      const row = expand(left[y] ?? 0, middle[y] ?? 0, right[y] ?? 0);
      for (let x = 0; x < 4; x++) elements[y * 4 + x]?.fill(row[x] ?? 0, pair, pair + 1);
    }
  }
  const rows = bias.length;
  return { elements: elements.map((data) => ({ data, rows, columns: pairs / rows })), bias };
}

/** G times a column of three. */
function expand(a: number, b: number, c: number): number[] {
  return [a, (a + b + c) / 2, (a - b + c) / 2, c];
}

/** How a map is cut into tiles. The last ones stick out of a map of odd size. */
type Tiling = { high: number; wide: number; count: number };

/** The convolved map: as high and wide as `map`, with as many channels as the convolution has outputs. */
export function convolve({ elements, bias }: Convolution, map: FeatureMap): FeatureMap {
  const high = Math.ceil(map.height / 2);
  const wide = Math.ceil(map.width / 2);
  const tiling: Tiling = { high, wide, count: high * wide };
  const inputs = spreadTiles(map, tiling);
  const products = room('products', 16 * tiling.count * bias.length);
  const inputLength = tiling.count * map.channels;
  const productLength = tiling.count * bias.length;
  for (const [element, matrix] of elements.entries()) {
    const input = inputs.subarray(element * inputLength, (element + 1) * inputLength);
    const output = products.subarray(element * productLength, (element + 1) * productLength);
    multiply(matrix, input, output, tiling.count);
  }
  const data = collectTiles(products, tiling, { width: map.width, channels: bias.length });
  const convolved = data.subarray(0, map.height * map.width * bias.length);
  addBias(convolved, bias);
  return { height: map.height, width: map.width, channels: bias.length, data: convolved };
}

/** Bᵀ d B of all tiles: 16 lists, each with the channels of every tile. */
function spreadTiles(map: FeatureMap, { high, wide, count }: Tiling): Float32Array {
  const { channels } = map;
  const rowLength = (2 * wide + 2) * channels;
  const padded = padMap(map, rowLength, 2 * high + 2);
  const rows = room('spread-rows', high * 4 * rowLength);
  for (let y = 0; y < high; y++) {
    const from = { data: padded, at: 2 * y * rowLength, step: rowLength };
    spread(from, { data: rows, at: y * 4 * rowLength, step: rowLength }, rowLength);
  }
  const tiles = room('spread-tiles', 16 * count * channels);
  for (let row = 0; row < high * 4; row++) {
    const firstTile = (row % 4) * 4 * count + (row >> 2) * wide;
    for (let x = 0; x < wide; x++) {
      const from = { data: rows, at: row * rowLength + 2 * x * channels, step: channels };
      spread(from, { data: tiles, at: (firstTile + x) * channels, step: count * channels }, channels);
    }
  }
  return tiles;
}

/** Aᵀ m A of all tiles, laid out as a map of whole tiles' height; columns that stick out are left away. */
function collectTiles(
  products: Float32Array,
  { high, wide, count }: Tiling,
  { width, channels }: { width: number; channels: number },
): Float32Array {
  const rowLength = 2 * wide * channels;
  const rows = room('collect-rows', high * 4 * rowLength);
  for (let row = 0; row < high * 4; row++) {
    const firstTile = (row % 4) * 4 * count + (row >> 2) * wide;
    for (let x = 0; x < wide; x++) {
      const from = { data: products, at: (firstTile + x) * channels, step: count * channels };
      collect(from, { data: rows, at: row * rowLength + 2 * x * channels, step: channels }, channels);
    }
  }
  const length = width * channels;
  const data = new Float32Array(2 * high * length);
  for (let y = 0; y < high; y++) {
    const from = { data: rows, at: y * 4 * rowLength, step: rowLength };
    collect(from, { data, at: 2 * y * length, step: length }, length);
  }
  return data;
}

/** The map with a place of zeros on its left and above, and zeros behind up to the given size. */
function padMap(map: FeatureMap, rowLength: number, height: number): Float32Array {
  const padded = room('padded', height * rowLength).fill(0);
  const length = map.width * map.channels;
  for (let y = 0; y < map.height; y++) {
    padded.set(map.data.subarray(y * length, (y + 1) * length), (y + 1) * rowLength + map.channels);
  }
  return padded;
}

/** Runs of numbers that stand `step` apart, the first at `at`. */
type Runs = { data: Float32Array; at: number; step: number };

/** Bᵀ: four runs become four. */
function spread(from: Runs, to: Runs, length: number): void {
  const { data: source, at, step } = from;
  const { data: target, at: start, step: apart } = to;
  for (let i = 0; i < length; i++) {
    const a = source[at + i] ?? 0;
    const b = source[at + step + i] ?? 0;
    const c = source[at + 2 * step + i] ?? 0;
    const d = source[at + 3 * step + i] ?? 0;
    target[start + i] = a - c;
    target[start + apart + i] = b + c;
    target[start + 2 * apart + i] = c - b;
    target[start + 3 * apart + i] = b - d;
  }
}

/** Aᵀ: four runs become two. */
function collect(from: Runs, to: Runs, length: number): void {
  const { data: source, at, step } = from;
  const { data: target, at: start, step: apart } = to;
  for (let i = 0; i < length; i++) {
    const b = source[at + step + i] ?? 0;
    const c = source[at + 2 * step + i] ?? 0;
    target[start + i] = (source[at + i] ?? 0) + b + c;
    target[start + apart + i] = b - c - (source[at + 3 * step + i] ?? 0);
  }
}

/** Work memory by use. One convolution runs to its end before another begins, so that all can share it. */
const scratch = new Map<string, Float32Array>();

/** At least `length` numbers of work memory, with whatever was left in it. */
function room(use: string, length: number): Float32Array {
  let memory = scratch.get(use);
  if (memory === undefined || memory.length < length) {
    memory = new Float32Array(length);
    scratch.set(use, memory);
  }
  return memory;
}
