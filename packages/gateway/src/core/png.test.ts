import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PNG_SIGNATURE, pngChunk, pngHeader, testPng } from '../testing/test-png.ts';
import { cleanPng } from './png.ts';

const PICTURE = { width: 64, height: 32, seed: 7 };
const ASKED = { width: 64, height: 32, maxBytes: 1_000_000 };
const PLAIN = testPng(PICTURE);
const SECRET = Buffer.from('parameters\0a fox in snow, Steps: 32');

describe('cleanPng', () => {
  it('leaves a plain picture as it is', () => {
    expect(cleanPng(PLAIN, ASKED)).toEqual({ ok: true, png: PLAIN });
  });

  it.each(['tEXt', 'zTXt', 'iTXt', 'eXIf', 'tIME', 'iCCP', 'sPLT', 'acTL', 'prVt', 'caBX'])(
    'takes out %s chunks, before and after the pixels',
    (type) => {
      const extra = pngChunk(type, SECRET);
      expect(cleanPng(testPng(PICTURE, [extra]), ASKED)).toEqual({ ok: true, png: PLAIN });
      const last = Buffer.concat([PLAIN.subarray(0, -12), extra, pngChunk('IEND')]);
      expect(cleanPng(last, ASKED)).toEqual({ ok: true, png: PLAIN });
    },
  );

  it('keeps what changes the colours', () => {
    const colours = [pngChunk('gAMA', Buffer.alloc(4, 1)), pngChunk('PLTE', Buffer.alloc(6))];
    const picture = testPng(PICTURE, colours);
    expect(cleanPng(picture, ASKED)).toEqual({ ok: true, png: picture });
  });

  it.each<[string, Buffer, string]>([
    ['no bytes', Buffer.alloc(0), 'not-png'],
    ['another format', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'not-png'],
    ['a signature alone', PNG_SIGNATURE, 'broken'],
    ['no pixels', Buffer.concat([PNG_SIGNATURE, pngHeader(64, 32), pngChunk('IEND')]), 'broken'],
    ['another size', testPng({ width: 32, height: 64, seed: 7 }), 'wrong-size'],
    ['a tail', Buffer.concat([PLAIN, SECRET]), 'broken'],
    ['an end with words', Buffer.concat([PLAIN.subarray(0, -12), pngChunk('IEND', SECRET)]), 'broken'],
    ['a cut end', PLAIN.subarray(0, -1), 'broken'],
    ['two headers', testPng(PICTURE, [pngHeader(64, 32)]), 'broken'],
    ['a palette with words behind it', testPng(PICTURE, [pngChunk('PLTE', Buffer.alloc(769))]), 'broken'],
    ['the same chunk twice', testPng(PICTURE, [pngChunk('sRGB'), pngChunk('sRGB')]), 'broken'],
  ])('refuses %s', (_name, bytes, problem) => {
    expect(cleanPng(bytes, ASKED)).toEqual({ ok: false, problem });
  });

  it('refuses too many bytes before it looks at them', () => {
    expect(cleanPng(PLAIN, { ...ASKED, maxBytes: PLAIN.byteLength - 1 })).toEqual({
      ok: false,
      problem: 'too-large',
    });
  });

  it('takes any bytes, and what it lets through is clean', () => {
    const chunks = fc.array(
      fc.tuple(
        fc.constantFrom('tEXt', 'gAMA', 'PLTE', 'IDAT', 'IEND', 'IHDR'),
        fc.uint8Array({ maxLength: 40 }),
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(chunks, fc.uint8Array({ maxLength: 20 }), (list, tail) => {
        const bytes = Buffer.concat([
          PNG_SIGNATURE,
          pngHeader(64, 32),
          ...list.map(([type, data]) => pngChunk(type, data)),
          tail,
        ]);
        const cleaned = cleanPng(bytes, ASKED);
        if (!cleaned.ok) return;
        expect(cleaned.png.includes('tEXt')).toBe(false);
        expect(cleanPng(cleaned.png, ASKED)).toEqual(cleaned);
      }),
    );
  });
});
