/** The forward pass: a U-net on the picture and, in its middle, on the picture at a quarter of its size. */

import { attend } from './attention.ts';
import { conditionAt, type PromptWords } from './condition.ts';
import { convolve } from './convolution.ts';
import { addMap, emptyMap, halveMap, joinChannels, unfoldChannels, type FeatureMap } from './feature-map.ts';
import { INPUT, PATCH, type ImageModel, type Residual } from './model.ts';
import { applyLinear } from './multiply.ts';
import { normalize, silu } from './normalize.ts';

/**
 * In which direction the picture should change at `time` (0 for noise, up to 1 for the finished picture).
 * `picture` and the result have `PATCH` channels, 2×2 pixels at each place; the height and width are even.
 */
export function predictVelocity(
  model: ImageModel,
  picture: FeatureMap,
  words: PromptWords,
  time: number,
): FeatureMap {
  const condition = conditionAt(model, words, time);
  const [first, second, third] = model.middle;
  const [earlyAttention, lateAttention] = model.attention;
  const [earlyWords, lateWords] = words.keysAndValues;
  const [join, finish] = model.right;

  const outer = applyResidual(model.left, convolve(model.input, addPlaces(picture)), condition);
  // A convolution that looks at every second place only: a 20th of all work would be saved by a second kind of it.
  let inner = halveMap(convolve(model.down, outer));
  inner = applyResidual(first, inner, condition);
  attend(earlyAttention, inner, earlyWords);
  inner = applyResidual(second, inner, condition);
  attend(lateAttention, inner, lateWords);
  inner = applyResidual(third, inner, condition);
  const { height, width } = inner;
  const data = applyLinear(model.up, inner.data, height * width);
  const raised = unfoldChannels({ height, width, channels: model.up.bias.length, data });
  const joined = applyResidual(join, joinChannels(raised, outer), condition);
  const finished = normalize(applyResidual(finish, joined, condition), model.outputNorm);
  silu(finished.data);
  return convolve(model.output, finished);
}

/** The picture with the row and the column of each place as two more channels, from -1 to 1. */
function addPlaces(picture: FeatureMap): FeatureMap {
  const { height, width } = picture;
  const map = emptyMap(height, width, INPUT);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = y * width + x;
      map.data.set(picture.data.subarray(place * PATCH, (place + 1) * PATCH), place * INPUT);
      map.data[place * INPUT + PATCH] = ((y + 0.5) / height) * 2 - 1;
      map.data[place * INPUT + PATCH + 1] = ((x + 0.5) / width) * 2 - 1;
    }
  }
  return map;
}

function applyResidual(block: Residual, input: FeatureMap, condition: Float32Array): FeatureMap {
  const normed = normalize(input, block.firstNorm);
  silu(normed.data);
  const hidden = normalize(convolve(block.first, normed), block.secondNorm);
  modulate(hidden, applyLinear(block.modulation, condition, 1));
  silu(hidden.data);
  const output = convolve(block.second, hidden);
  const { height, width } = input;
  const { skip } = block;
  addMap(
    output,
    skip === undefined ? input : { ...output, data: applyLinear(skip, input.data, height * width) },
  );
  return output;
}

/** Scales and shifts each channel; the first half of `modulation` are factors less one, the rest are summands. */
function modulate({ channels, data }: FeatureMap, modulation: Float32Array): void {
  for (let start = 0; start < data.length; start += channels) {
    for (let i = 0; i < channels; i++) {
      const value = data[start + i] ?? 0;
      data[start + i] = value * (1 + (modulation[i] ?? 0)) + (modulation[channels + i] ?? 0);
    }
  }
}
