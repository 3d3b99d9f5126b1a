import { expect, test } from 'vitest';
import { beginRendering } from './rendering.ts';
import { decodePng } from './testing/decode-png.ts';
import { imageJob, imageModel, meanColour, meanDifference, samplePixels } from './testing/image-fixtures.ts';
import type { ImageJob } from './types.ts';

function render(changes: Partial<ImageJob> = {}): Uint8Array {
  const job = { ...imageJob(changes), seed: changes.seed ?? 1 };
  const rendering = beginRendering(imageModel(), job);
  for (let step = 0; step < job.steps; step++) rendering.step();
  return rendering.finish();
}

const first = render();

test('the same job gives the same file, another seed another', () => {
  expect(Buffer.compare(render(), first)).toBe(0);
  expect(Buffer.compare(render({ seed: 2 }), first)).not.toBe(0);
});

test('is an RGB picture of the asked size and nothing else', () => {
  const { width, height, chunks } = decodePng(first);
  expect({ width, height, chunks }).toEqual({ width: 64, height: 64, chunks: ['IHDR', 'IDAT', 'IEND'] });
  const wide = decodePng(render({ width: 200, height: 100, steps: 1 }));
  expect([wide.width, wide.height]).toEqual([200, 100]);
});

test.each<[string, Partial<ImageJob>, number]>([
  ['seed', { seed: 2 }, 8],
  ['prompt', { prompt: 'a house in the snow' }, 15],
  ['negative prompt', { negativePrompt: 'green' }, 8],
  ['steps', { steps: 8 }, 2],
  ['guidance', { cfg: 2 }, 3],
  ['shape', { width: 96 }, 3],
])('another %s changes the picture', (_, changes, levels) => {
  const other = decodePng(render({ ...changes, width: changes.width ?? 64 }));
  const side = 64 * 3;
  const rows = Array.from({ length: 64 }, (_, y) => [
    ...other.pixels.subarray(y * other.width * 3, y * other.width * 3 + side),
  ]);
  const { pixels } = decodePng(first);
  expect(meanDifference(pixels, Uint8Array.from(rows.flat()))).toBeGreaterThan(levels);
});

test('unknown words change nothing', () => {
  const other = render({ negativePrompt: 'gloriously unheard', prompt: 'a glorious house in the meadow' });
  expect(Buffer.compare(other, first)).toBe(0);
});

test('words mean what they say', () => {
  const colour = (prompt: string, negativePrompt = '') =>
    meanColour(samplePixels({ prompt, negativePrompt, steps: 5 }));
  const [red, , blueOfRed] = colour('a red background');
  const [redOfBlue, , blue] = colour('a blue background');
  expect(red - blueOfRed).toBeGreaterThan(100);
  expect(blue - redOfBlue).toBeGreaterThan(100);

  const sea = colour('a view of the sea');
  const night = colour('a view of the sea at night');
  const awayFromNight = colour('a view of the sea', 'night');
  expect(sea[2] - night[2]).toBeGreaterThan(80);
  expect(awayFromNight[2]).toBeGreaterThan(sea[2] + 5);
});

test('carries the mark of a demo in its corner', () => {
  const { width, height, pixels } = decodePng(render({ width: 336, height: 336, prompt: 'snow by day' }));
  const dot = 2;
  // The first letter's upright stroke and the hole behind it, at the middle of their dots.
  const at = (column: number, row: number): number[] => {
    const x = width - (26 - column) * dot + 1;
    const y = height - (11 - row) * dot + 1;
    return [...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  };
  expect(Math.min(...at(2, 4))).toBeGreaterThanOrEqual(128);
  expect(Math.max(...at(3, 4))).toBeLessThan(128);
});
