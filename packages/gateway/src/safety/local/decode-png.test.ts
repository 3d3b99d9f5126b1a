import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PNG_SIGNATURE, pngChunk } from '../../testing/test-png.ts';
import { decodePng } from './decode-png.ts';

type Form = { depth?: number; colour?: number; interlace?: number; width?: number; height?: number };

/** `rows`: filter number and bytes of each row. */
function png(rows: number[][], form: Form, extra: Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(form.width ?? 2, 0);
  header.writeUInt32BE(form.height ?? rows.length, 4);
  header.set([form.depth ?? 8, form.colour ?? 2, 0, 0, form.interlace ?? 0], 8);
  const data = deflateSync(Uint8Array.from(rows.flat()));
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    ...extra,
    pngChunk('IDAT', data.subarray(0, 3)),
    pngChunk('IDAT', data.subarray(3)),
    pngChunk('IEND'),
  ]);
}

const pixelsOf = (file: Buffer): number[] => [...decodePng(file, 100).rgb];

describe('a PNG', () => {
  it.each<[string, number[][], Form, number[], Buffer[]?]>([
    ['in colours', [[0, 1, 2, 3, 4, 5, 6]], {}, [1, 2, 3, 4, 5, 6]],
    ['in greys', [[0, 9, 200]], { colour: 0 }, [9, 9, 9, 200, 200, 200]],
    [
      'of a palette',
      [[0, 1, 0]],
      { colour: 3 },
      [4, 5, 6, 1, 2, 3],
      [pngChunk('PLTE', Buffer.from([1, 2, 3, 4, 5, 6]))],
    ],
    [
      'of a palette that is too short',
      [[0, 1, 0]],
      { colour: 3 },
      [0, 0, 0, 1, 2, 3],
      [pngChunk('PLTE', Buffer.from([1, 2, 3]))],
    ],
    ['of 16 bits', [[0, 7, 99, 8, 99, 9, 99, 1, 0, 2, 0, 3, 0]], { depth: 16 }, [7, 8, 9, 1, 2, 3]],
    ['of grey and see-through', [[0, 0, 0, 0, 255]], { colour: 4 }, [255, 255, 255, 0, 0, 0]],
    [
      'half see-through, on white',
      [[0, 0, 0, 0, 128, 9, 9, 9, 255]],
      { colour: 6 },
      [127, 127, 127, 9, 9, 9],
    ],
  ])('%s is read', (...[, rows, form, pixels, extra]) => {
    expect(pixelsOf(png(rows, form, extra))).toEqual(pixels);
  });

  it.each([
    [0, [10, 20, 30, 40, 50, 60]],
    // Left, up and mixed neighbours, by hand: above are 1 to 6.
    [1, [10, 20, 30, 50, 70, 90]],
    [2, [11, 22, 33, 44, 55, 66]],
    [3, [10, 21, 31, 47, 63, 78]],
    [4, [11, 22, 33, 51, 72, 93]],
  ])('of filter %i has its rows put back', (filter, second) => {
    const rows = [
      [0, 1, 2, 3, 4, 5, 6],
      [filter, 10, 20, 30, 40, 50, 60],
    ];
    expect(pixelsOf(png(rows, {}))).toEqual([1, 2, 3, 4, 5, 6, ...second]);
  });

  const row = [0, 1, 2, 3, 4, 5, 6];
  it.each<[string, Buffer]>([
    ['interlaced', png([row], { interlace: 1 })],
    ['of one bit', png([[0, 1]], { depth: 1, colour: 0 })],
    ['of a palette of 16 bits', png([[0, 1, 1, 0, 0]], { depth: 16, colour: 3 })],
    ['of an unknown kind', png([row], { colour: 5 })],
    ['of an unknown filter', png([[5, 1, 2, 3, 4, 5, 6]], {})],
    ['with too few pixels', png([row], { height: 2 })],
    ['with more pixels than it says', png([row, row], { height: 1 })],
    ['that unpacks to a hundred times its size', png([Array.from({ length: 700_000 }, () => 0)], {})],
    ['that is too large', png([row], { width: 11, height: 10 })],
    ['of no width', png([row], { width: 0 })],
    ['without a header', Buffer.concat([PNG_SIGNATURE, pngChunk('IEND')])],
    ['cut in a chunk', png([row], {}).subarray(0, -24)],
    ['that is empty', Buffer.alloc(0)],
  ])('%s is refused', (_name, file) => {
    expect(() => decodePng(file, 100)).toThrow();
  });

  it('with any byte changed is read or refused, and has as many pixels as it says', () => {
    const file = png([row, [4, 9, 9, 9, 9, 9, 9]], {});
    fc.assert(
      fc.property(fc.nat(file.byteLength - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(file);
        changed[at] = value;
        try {
          const { width, height, rgb } = decodePng(changed, 100);
          expect(rgb).toHaveLength(width * height * 3);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
