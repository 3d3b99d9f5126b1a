import type { Pixels } from './pixels.ts';

/** A model in memory. */
export type LoadedScorer = {
  /** It looks at pictures of this many pixels on both sides. */
  side: number;
  /** How adult such a picture is, 0 to 1. */
  score(picture: Pixels): Promise<number>;
};

/** A model file of the operator's, and how it wants to be asked. */
export type OnnxModel = {
  file: string;
  /** Width and height of its input, in pixels. */
  side: number;
  /** Colours before rows (most models from PyTorch) or after columns (most from TensorFlow). */
  layout: 'nchw' | 'nhwc';
  /** Red, green and blue from 0 to 1 are given as (value - mean) / std. */
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  /** Which outputs, counted from 0, are adult. */
  adultOutputs: readonly number[];
  /** `logits` are put through softmax first. */
  outputs: 'logits' | 'probabilities';
};
