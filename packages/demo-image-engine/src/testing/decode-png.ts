/** Reads the PNG files of this package's tests: 8-bit RGB, any of the five filters. Throws on anything else. */

import { crc32, inflateSync } from 'node:zlib';
import type { Picture } from '../enlarge.ts';

export type DecodedPng = Picture & { chunks: string[] };

export function decodePng(file: Uint8Array): DecodedPng {
  const bytes = Buffer.from(file);
  if (bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw new Error('not a PNG');
  const chunks: string[] = [];
  const parts: Buffer[] = [];
  let width = 0;
  let height = 0;
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (bytes.readUInt32BE(at + 8 + length) !== crc32(bytes.subarray(at + 4, at + 8 + length))) {
      throw new Error(`the check of ${type} is wrong`);
    }
    chunks.push(type);
    if (type === 'IHDR') {
      width = data.readUInt32BE(0);
      height = data.readUInt32BE(4);
      if (data.toString('hex', 8) !== '0802000000') throw new Error('not 8-bit RGB without interlace');
    }
    if (type === 'IDAT') parts.push(data);
    at += length + 12;
  }
  const filtered = inflateSync(Buffer.concat(parts));
  if (filtered.length !== height * (width * 3 + 1)) throw new Error('the rows have the wrong length');
  return { width, height, chunks, pixels: undoFilters(filtered, width * 3) };
}

function undoFilters(filtered: Uint8Array, length: number): Uint8Array {
  const rows = filtered.length / (length + 1);
  const pixels = new Uint8Array(rows * length);
  for (let y = 0; y < rows; y++) {
    const filter = filtered[y * (length + 1)] ?? 0;
    for (let x = 0; x < length; x++) {
      const at = y * length + x;
      const left = x < 3 ? 0 : (pixels[at - 3] ?? 0);
      const above = y === 0 ? 0 : (pixels[at - length] ?? 0);
      const corner = x < 3 || y === 0 ? 0 : (pixels[at - length - 3] ?? 0);
      const expected = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
      if (expected === undefined) throw new Error('an unknown filter');
      pixels[at] = (filtered[y * (length + 1) + 1 + x] ?? 0) + expected;
    }
  }
  return pixels;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(guess - value));
  if (a === undefined || b === undefined || c === undefined) throw new Error('three numbers are needed');
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}
