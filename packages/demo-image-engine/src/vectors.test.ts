import { expect, test } from 'vitest';
import { readModelText, samplePixels } from './testing/image-fixtures.ts';

type Vector = {
  prompt: string;
  negative: string;
  width: number;
  height: number;
  steps: number;
  cfg: number;
  seed: number;
  /** Raw bytes in base64, made by `models/training/sample_image.py` with onnxruntime. */
  rgb: string;
};

const vectors = JSON.parse(readModelText('vectors.json')) as Vector[];

test('there are vectors', () => expect(vectors.length).toBe(19));

test.each(vectors)('$prompt | $negative | $width x $height, $steps steps, cfg $cfg, seed $seed', (vector) => {
  const { rgb, negative, ...settings } = vector;
  const expected = Buffer.from(rgb, 'base64');
  const pixels = samplePixels({ ...settings, negativePrompt: negative });
  expect(pixels.length).toBe(expected.length);
  const differences = [...pixels.entries()]
    .map(([i, value]) => Math.abs(value - (expected[i] ?? 0)))
    .filter((difference) => difference > 0);
  // Sums in another order round otherwise: a few bytes may be one level off, as between two machines.
  expect(differences.filter((difference) => difference > 1)).toEqual([]);
  expect(differences.length).toBeLessThan(pixels.length / 500);
});
