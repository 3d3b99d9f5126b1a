/** Attention of all places of a map to each other and to the words of the prompt. */

import { addMap, type FeatureMap } from './feature-map.ts';
import { INNER, type Attention } from './model.ts';
import { applyLinear } from './multiply.ts';
import { normalize } from './normalize.ts';

const HEADS = 4;
const HEAD_WIDTH = INNER / HEADS;

/** Adds to each place what it finds. `words` has the words' keys and values, `2 * INNER` numbers for each. */
export function attend(layer: Attention, map: FeatureMap, words: Float32Array): void {
  const places = map.height * map.width;
  const projected = applyLinear(layer.places, normalize(map, layer.norm).data, places);
  const wordCount = words.length / (2 * INNER);
  const total = places + wordCount;
  const keys = new Float32Array(total * HEAD_WIDTH);
  const values = new Float32Array(total * HEAD_WIDTH);
  const found = new Float32Array(places * INNER);
  for (let head = 0; head < INNER; head += HEAD_WIDTH) {
    copyRuns(projected, keys, { count: places, stride: 3 * INNER, offset: INNER + head, at: 0 });
    copyRuns(projected, values, { count: places, stride: 3 * INNER, offset: 2 * INNER + head, at: 0 });
    const at = places * HEAD_WIDTH;
    copyRuns(words, keys, { count: wordCount, stride: 2 * INNER, offset: head, at });
    copyRuns(words, values, { count: wordCount, stride: 2 * INNER, offset: INNER + head, at });
    attendHead({ projected, keys, values, found, head });
  }
  addMap(map, { ...map, data: applyLinear(layer.output, found, places) });
}

/** Copies one head's numbers of each vector, so that they stand one after another. */
function copyRuns(
  source: Float32Array,
  target: Float32Array,
  { count, stride, offset, at }: { count: number; stride: number; offset: number; at: number },
): void {
  for (let index = 0; index < count; index++) {
    const start = index * stride + offset;
    target.set(source.subarray(start, start + HEAD_WIDTH), at + index * HEAD_WIDTH);
  }
}

type Head = {
  projected: Float32Array;
  keys: Float32Array;
  values: Float32Array;
  found: Float32Array;
  head: number;
};

function attendHead({ projected, keys, values, found, head }: Head): void {
  const scores = new Float32Array(keys.length / HEAD_WIDTH);
  for (let place = 0; place < found.length / INNER; place++) {
    const query = projected.subarray(place * 3 * INNER + head, place * 3 * INNER + head + HEAD_WIDTH);
    scorePlaces(query, keys, scores);
    softmax(scores);
    weigh(scores, values, found.subarray(place * INNER + head, place * INNER + head + HEAD_WIDTH));
  }
}

// Below, sums stand apart in fours, so that they need not wait for each other; a head's width is a multiple of 4.

/** How well each place's key fits the query. */
function scorePlaces(query: Float32Array, keys: Float32Array, scores: Float32Array): void {
  const scale = 1 / Math.sqrt(HEAD_WIDTH);
  for (let place = 0; place < scores.length; place++) {
    const at = place * HEAD_WIDTH;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let i = 0; i < HEAD_WIDTH; i += 4) {
      sum0 += (query[i] ?? 0) * (keys[at + i] ?? 0);
      sum1 += (query[i + 1] ?? 0) * (keys[at + i + 1] ?? 0);
      sum2 += (query[i + 2] ?? 0) * (keys[at + i + 2] ?? 0);
      sum3 += (query[i + 3] ?? 0) * (keys[at + i + 3] ?? 0);
    }
    scores[place] = (sum0 + sum1 + sum2 + sum3) * scale;
  }
}

/** Scores become weights that add up to 1. */
function softmax(scores: Float32Array): void {
  let highest = -Infinity;
  for (const score of scores) highest = Math.max(highest, score);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    const weight = Math.exp((scores[i] ?? 0) - highest);
    scores[i] = weight;
    sum += weight;
  }
  for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] ?? 0) / sum;
}

/** The mean of all values by their weights. */
function weigh(weights: Float32Array, values: Float32Array, mean: Float32Array): void {
  for (let i = 0; i < HEAD_WIDTH; i += 4) {
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let place = 0, at = i; place < weights.length; place++, at += HEAD_WIDTH) {
      const weight = weights[place] ?? 0;
      sum0 += weight * (values[at] ?? 0);
      sum1 += weight * (values[at + 1] ?? 0);
      sum2 += weight * (values[at + 2] ?? 0);
      sum3 += weight * (values[at + 3] ?? 0);
    }
    mean[i] = sum0;
    mean[i + 1] = sum1;
    mean[i + 2] = sum2;
    mean[i + 3] = sum3;
  }
}
