import { describe, expect, it } from 'vitest';
import { adultShare as nsfwShare } from './load-nsfwjs.ts';
import { adultShare, toInput } from './load-onnx.ts';
import { shrinkToSquare } from './pixels.ts';

describe('a picture for a model', () => {
  it('is squeezed to a square of means', () => {
    const rgb = Uint8Array.from(
      [0, 0, 0, 10, 20, 30, 100, 100, 100, 200, 200, 200].flatMap((value) => [value]),
    );
    expect([...shrinkToSquare({ width: 4, height: 1, rgb }, 1).rgb]).toEqual([78, 80, 83]);
    expect([...shrinkToSquare({ width: 4, height: 1, rgb }, 2).rgb]).toEqual([
      5, 10, 15, 150, 150, 150, 5, 10, 15, 150, 150, 150,
    ]);
  });

  it('that is smaller than the square is stretched', () => {
    const rgb = Uint8Array.of(1, 2, 3);
    expect([...shrinkToSquare({ width: 1, height: 1, rgb }, 2).rgb]).toEqual([
      1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3,
    ]);
  });

  it.each<['nchw' | 'nhwc', number[]]>([
    ['nchw', [-1, 1, 0, 2, 1, 3]],
    ['nhwc', [-1, 0, 1, 1, 2, 3]],
  ])('has its colours as %s wants them', (layout, values) => {
    const picture = { width: 2, height: 1, rgb: Uint8Array.of(0, 0, 0, 255, 255, 255) };
    const input = toInput(picture, { layout, mean: [0.5, 0, -0.5], std: [0.5, 0.5, 0.5] });
    expect([...input]).toEqual(values);
  });
});

describe('what a model says', () => {
  it.each<[string, number[], number[], 'logits' | 'probabilities', number]>([
    ['shares', [0.75, 0.25], [1], 'probabilities', 0.25],
    ['several adult shares', [0.5, 0.25, 0.25], [1, 2], 'probabilities', 0.5],
    ['shares of a little more than 1', [1, 0.000_1], [0, 1], 'probabilities', 1],
    ['logits', [0, 0], [1], 'logits', 0.5],
    ['high logits', [1_000, 0], [0], 'logits', 1],
    ['an output that is not there', [0.5, 0.5], [2], 'probabilities', Number.NaN],
    ['one logit, as if it were a share', [3], [0], 'probabilities', 3],
  ])('as %s', (...[, answer, adultOutputs, outputs, adult]) => {
    expect(adultShare(Float32Array.from(answer), { adultOutputs, outputs })).toEqual(adult);
  });

  const classes = (shares: Record<string, number>) =>
    Object.entries(shares).map(([className, probability]) => ({ className, probability }));
  const FIVE = { Drawing: 0.25, Hentai: 0.125, Neutral: 0.25, Porn: 0.125, Sexy: 0.25 };
  it.each<[string, Record<string, number>, number]>([
    ['the known five', FIVE, 0.5],
    ['a class with another name', { ...FIVE, Sexy2: 0.25 }, Number.NaN],
    ['nothing', {}, Number.NaN],
  ])('nsfwjs: %s', (_name, shares, adult) => {
    expect(nsfwShare(classes(shares))).toEqual(adult);
  });
});
