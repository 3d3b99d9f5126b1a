import { requireFrom } from './packages.ts';
import type { Pixels } from './pixels.ts';
import type { LoadedScorer, OnnxModel } from './scorer.ts';

/** What is used of `onnxruntime-node` 1.30; types of its are not installed here. */
type Tensor = { data: unknown };
type Session = {
  inputNames: readonly string[];
  outputNames: readonly string[];
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
};
type Runtime = {
  InferenceSession: { create(file: string, options: { executionProviders: ['cpu'] }): Promise<Session> };
  Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => Tensor;
};

/** A model file with one input (one picture) and one output (a number for each class), on the CPU. */
export async function loadOnnx(folder: string, model: OnnxModel): Promise<LoadedScorer> {
  const take = requireFrom(folder);
  const runtime = take('onnxruntime-node') as Runtime;
  const session = await runtime.InferenceSession.create(model.file, { executionProviders: ['cpu'] });
  const [input, ...otherInputs] = session.inputNames;
  const [output] = session.outputNames;
  if (input === undefined || output === undefined || otherInputs.length > 0) {
    throw new Error('the model has more than one input, or none');
  }
  const { side, layout } = model;
  const shape = layout === 'nchw' ? [1, 3, side, side] : [1, side, side, 3];
  return {
    side,
    async score(picture) {
      const feeds = { [input]: new runtime.Tensor('float32', toInput(picture, model), shape) };
      const answer = (await session.run(feeds))[output]?.data;
      if (!(answer instanceof Float32Array)) throw new Error('the model answers with no 32-bit numbers');
      return adultShare(answer, model);
    },
  };
}

/** Colours as the model was trained with, in its order. */
export function toInput(
  { width, height, rgb }: Pixels,
  { layout, mean, std }: Pick<OnnxModel, 'layout' | 'mean' | 'std'>,
): Float32Array {
  const count = width * height;
  const input = new Float32Array(count * 3);
  for (let pixel = 0; pixel < count; pixel += 1) {
    for (let part = 0; part < 3; part += 1) {
      const value = ((rgb[pixel * 3 + part] ?? 0) / 255 - (mean[part] ?? 0)) / (std[part] ?? 1);
      input[layout === 'nchw' ? part * count + pixel : pixel * 3 + part] = value;
    }
  }
  return input;
}

/** NaN, which keeps a picture back, where the model has no such output or says no share of 1. */
export function adultShare(
  answer: Float32Array,
  { adultOutputs, outputs }: Pick<OnnxModel, 'adultOutputs' | 'outputs'>,
): number {
  const shares = outputs === 'logits' ? softmax(answer) : [...answer];
  const adult = adultOutputs.reduce((sum, index) => sum + (shares[index] ?? Number.NaN), 0);
  // 32-bit shares of a whole may add up to a little more than 1.
  return adult > 1 && adult < 1.001 ? 1 : adult;
}

function softmax(values: Float32Array): number[] {
  const highest = Math.max(...values);
  const powers = [...values].map((value) => Math.exp(value - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
