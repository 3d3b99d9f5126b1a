import { generate } from 'lean-qr';
import { expect, it } from 'vitest';
import { QUIET_SQUARES, qrPath, type QrSquares } from './qr-path.ts';

const squares = (...rows: string[]): QrSquares => ({
  size: rows.length,
  get: (x, y) => rows[y]?.[x] === '#',
});

it('draws neighbours of a row as one bar, inside of the white frame', () => {
  expect(qrPath(squares('###', '#.#', '..#'))).toBe('M4 4h3v1h-3zM4 5h1v1h-1zM6 5h1v1h-1zM6 6h1v1h-1z');
  expect(qrPath(squares('..', '..'))).toBe('');
  expect(qrPath(squares())).toBe('');
});

it('draws every dark square of a real code and no other', () => {
  const code = generate('otpauth://totp/Acme:ann%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Acme');
  const drawn = new Set<string>();
  for (const [, x = '', y = '', width = ''] of qrPath(code).matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let step = 0; step < Number(width); step += 1) drawn.add(`${Number(x) + step} ${y}`);
  }
  const dark: string[] = [];
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (code.get(x, y)) dark.push(`${x + QUIET_SQUARES} ${y + QUIET_SQUARES}`);
    }
  }
  expect([...drawn]).toEqual(dark);
});
