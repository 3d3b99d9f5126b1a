/** Group normalisation and the activation of the network. */

import { emptyMap, type FeatureMap } from './feature-map.ts';
import type { Norm } from './model.ts';

const GROUPS = 8;
const EPSILON = 1e-5;

/** Brings each of eight groups of channels to mean 0 and variance 1 over the whole map, then scales and shifts. */
export function normalize(map: FeatureMap, { scale, shift }: Norm): FeatureMap {
  const { channels, data } = map;
  const size = channels / GROUPS;
  const normed = emptyMap(map.height, map.width, channels);
  for (let group = 0; group < channels; group += size) {
    const { mean, factor } = statisticsOf(map, group, size);
    for (let start = 0; start < data.length; start += channels) {
      for (let channel = group; channel < group + size; channel++) {
        const value = ((data[start + channel] ?? 0) - mean) * factor;
        normed.data[start + channel] = value * (scale[channel] ?? 0) + (shift[channel] ?? 0);
      }
    }
  }
  return normed;
}

/** The mean of some channels, and one over their standard deviation. */
function statisticsOf(map: FeatureMap, first: number, size: number): { mean: number; factor: number } {
  const { channels, data } = map;
  let sum = 0;
  let squares = 0;
  for (let start = first; start < data.length; start += channels) {
    for (let i = start; i < start + size; i++) {
      const value = data[i] ?? 0;
      sum += value;
      squares += value * value;
    }
  }
  const count = map.height * map.width * size;
  const mean = sum / count;
  return { mean, factor: 1 / Math.sqrt(squares / count - mean * mean + EPSILON) };
}

/** x / (1 + e^-x) in place. */
export function silu(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    values[i] = value / (1 + Math.exp(-value));
  }
  return values;
}
