/** What the network is told beside the picture: the words of a prompt, and how far the rendering is. */

import { CONDITION, WORD, type ImageModel } from './model.ts';
import { applyLinear, type Linear } from './multiply.ts';
import { silu } from './normalize.ts';
import { encodePrompt } from './prompt.ts';

/** A prompt as the network sees it; the same for all steps. */
export type PromptWords = {
  /** What all words together say: a summand of the condition. */
  pooled: Float32Array;
  /** For each attention the words' keys and values: `2 * INNER` numbers for each word. */
  keysAndValues: [Float32Array, Float32Array];
};

const FREQUENCIES = 32;

/** Reads a prompt. */
export function readPrompt(model: ImageModel, prompt: string): PromptWords {
  const tokens = encodePrompt(prompt, model.vocabulary);
  const words = new Float32Array(model.positions);
  for (const [index, token] of tokens.entries()) {
    for (let i = 0; i < WORD; i++) {
      const at = index * WORD + i;
      words[at] = (words[at] ?? 0) + (model.embedding[token * WORD + i] ?? 0);
    }
  }
  const [first, second] = model.wordLayers;
  const mixed = mixNeighbours(second, silu(mixNeighbours(first, words)));
  for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) + (mixed[i] ?? 0);

  const [early, late] = model.attention;
  return {
    pooled: poolWords(model, words, tokens),
    keysAndValues: [
      applyLinear(early.words, words, tokens.length),
      applyLinear(late.words, words, tokens.length),
    ],
  };
}

/** Applies a layer to every word with the word before and the word after it; beyond the ends there are zeros. */
function mixNeighbours(layer: Linear, words: Float32Array): Float32Array {
  const count = words.length / WORD;
  const padded = new Float32Array((count + 2) * WORD);
  padded.set(words, WORD);
  const windows = new Float32Array(count * 3 * WORD);
  for (let index = 0; index < count; index++) {
    windows.set(padded.subarray(index * WORD, (index + 3) * WORD), index * 3 * WORD);
  }
  return applyLinear(layer, windows, count);
}

/** The mean of the words that are there, with one more of zeros among them. */
function poolWords(model: ImageModel, words: Float32Array, tokens: readonly number[]): Float32Array {
  const mean = new Float32Array(WORD);
  const known = tokens.filter((token) => token > 0).length;
  for (const [index, token] of tokens.entries()) {
    if (token === 0) continue;
    for (let i = 0; i < WORD; i++) mean[i] = (mean[i] ?? 0) + (words[index * WORD + i] ?? 0) / (known + 1);
  }
  return applyLinear(model.pool, mean, 1);
}

/** The condition of one step. `time` is 0 for noise and goes up to 1 for the finished picture. */
export function conditionAt(model: ImageModel, words: PromptWords, time: number): Float32Array {
  const waves = new Float32Array(2 * FREQUENCIES);
  for (let i = 0; i < FREQUENCIES; i++) {
    const angle = time * 1000 * 1000 ** (-i / FREQUENCIES);
    waves[i] = Math.sin(angle);
    waves[FREQUENCIES + i] = Math.cos(angle);
  }
  const [first, second] = model.time;
  const condition = applyLinear(second, silu(applyLinear(first, waves, 1)), 1);
  for (let i = 0; i < CONDITION; i++) condition[i] = (condition[i] ?? 0) + (words.pooled[i] ?? 0);
  return silu(condition);
}
