import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PNG_SIGNATURE, pngChunk, testPng } from '../testing/test-png.ts';
import { hasWholePixels } from './png-pixels.ts';

type Form = { width?: number; height?: number; depth?: number; colour?: number; interlace?: number };

function png(packed: Uint8Array, form: Form = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(form.width ?? 2, 0);
  header.writeUInt32BE(form.height ?? 2, 4);
  header.set([form.depth ?? 8, form.colour ?? 2, 0, 0, form.interlace ?? 0], 8);
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    pngChunk('IDAT', packed.subarray(0, 5)),
    pngChunk('IDAT', packed.subarray(5)),
    pngChunk('IEND'),
  ]);
}

/** Two rows of two coloured pixels. */
const ROWS = [0, 1, 2, 3, 4, 5, 6, 4, 1, 2, 3, 4, 5, 6];
const packed = (...bytes: number[]): Buffer => deflateSync(Uint8Array.from(bytes));

describe('the pixels of a PNG', () => {
  it.each<[string, Buffer]>([
    ['in two pieces', png(packed(...ROWS))],
    ['in one piece', testPng({ width: 33, height: 7, seed: 3 })],
    ['of one bit', png(packed(0, 128, 0, 64), { depth: 1, colour: 0 })],
    [
      'with something see-through, of 16 bits',
      png(packed(0, ...Array<number>(8).fill(9)), { width: 1, height: 1, depth: 16, colour: 6 }),
    ],
    // 3 x 3: passes of 1, 0, 0, 2 (1 x 2 x), 1, 2 and 3 pixels.
    [
      'interlaced',
      png(packed(0, 1, 0, 2, 0, 3, 4, 0, 5, 0, 6, 0, 7, 8, 9), {
        width: 3,
        height: 3,
        colour: 0,
        interlace: 1,
      }),
    ],
  ])('%s are whole', async (_name, file) => {
    expect(await hasWholePixels(file)).toBe(true);
  });

  it.each<[string, Buffer]>([
    ['not packed at all', png(Buffer.from('these are no pixels'))],
    ['too few', png(packed(...ROWS.slice(0, -1)))],
    ['too many', png(packed(...ROWS, 0))],
    ['many too many', png(deflateSync(Buffer.alloc(5_000_000)))],
    ['cut short', png(packed(...ROWS).subarray(0, -3))],
    ['followed by words', png(Buffer.concat([packed(...ROWS), Buffer.from('a prompt')]))],
    ['of an unknown filter', png(packed(5, ...ROWS.slice(1)))],
    ['of an unknown colour', png(packed(...ROWS), { colour: 5 })],
    ['of a depth that their colour has not', png(packed(...ROWS), { depth: 4 })],
    ['of a palette that is not there', png(packed(0, 1, 0, 0, 0, 1), { colour: 3 })],
    ['of an unknown interlace', png(packed(...ROWS), { interlace: 2 })],
  ])('%s are not whole', async (_name, file) => {
    expect(await hasWholePixels(file)).toBe(false);
  });

  it('with any byte changed are not whole', async () => {
    const file = png(packed(...ROWS));
    // A length that is changed moves all behind it; `cleanPng` has seen to these.
    const lengths = ['IDAT', 'IDAT', 'IEND'].reduce<number[]>(
      (found, type) => [...found, file.indexOf(type, (found.at(-1) ?? 0) + 5) - 4],
      [],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: PNG_SIGNATURE.byteLength + 4, max: file.byteLength - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const changed = Buffer.from(file);
          changed[at] = (changed[at] ?? 0) ^ change;
          fc.pre(!lengths.some((start) => at >= start && at < start + 4));
          expect(await hasWholePixels(changed)).toBe(false);
        },
      ),
    );
  });
});
