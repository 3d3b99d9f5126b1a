/** The word DEMO in the corner of every picture: metadata is stripped on the way, a mark in the picture stays. */

import type { Picture } from './enlarge.ts';

const WORD = [
  '###. #### #...# .##.',
  '#..# #... ##.## #..#',
  '#..# ###. #.#.# #..#',
  '#..# #... #...# #..#',
  '###. #### #...# .##.',
];
/** Dots around the word, and between its plate and the edges of the picture. */
const MARGIN = 2;
/** The plate of 24×9 dots takes about a seventh of a square picture's width. */
const DOTS_ACROSS = 168;

/** Writes the mark into the lower right corner, light on a plate of half the brightness. */
export function drawDemoMark({ width, height, pixels }: Picture): void {
  const dot = Math.max(1, Math.round(Math.min(width, height) / DOTS_ACROSS));
  const columns = (WORD[0]?.length ?? 0) + 2 * MARGIN;
  const rows = WORD.length + 2 * MARGIN;
  const left = width - (columns + MARGIN) * dot;
  const top = height - (rows + MARGIN) * dot;
  for (let y = 0; y < rows * dot; y++) {
    const line = WORD[Math.floor(y / dot) - MARGIN];
    for (let x = 0; x < columns * dot; x++) {
      const isLit = line?.[Math.floor(x / dot) - MARGIN] === '#';
      const at = ((top + y) * width + left + x) * 3;
      for (let i = at; i < at + 3; i++) pixels[i] = ((pixels[i] ?? 0) >> 1) + (isLit ? 128 : 0);
    }
  }
}
