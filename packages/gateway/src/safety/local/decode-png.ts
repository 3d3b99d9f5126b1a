import { inflateSync } from 'node:zlib';
import type { Pixels } from './pixels.ts';

/**
 * The pixels of a PNG that a stranger made. Whatever is not understood throws, so that the picture is kept back: more
 * than `maxPixels`, interlaced, fewer than 8 bits, pixels that are cut short or longer than the size says. Messages hold
 * no bytes of the picture.
 *
 * What is see-through is laid on white, as most viewers do. Of 16 bits the upper 8 count.
 *
 * Source: PNG specification, third edition, W3C, 2025-06, sections 7.2 (rows), 9.2 (filters), 11.2.1 (IHDR).
 */
export function decodePng(png: Buffer, maxPixels: number): Pixels {
  const { header, palette, data } = readChunks(png);
  const { width, height, depth, colour } = header;
  if (width === 0 || height === 0 || width * height > maxPixels) throw new Error('the picture is too large');
  const channels = CHANNELS.get(colour);
  const isUnderstood = channels !== undefined && (depth === 8 || (depth === 16 && colour !== PALETTE));
  if (!isUnderstood || header.interlace !== 0) throw new Error('the picture has a form that is not read');
  const pixelBytes = channels * (depth / 8);
  const rowBytes = width * pixelBytes;
  const length = height * (rowBytes + 1);
  // The bound makes a small file that unpacks to gigabytes an error instead.
  const rows = inflateSync(data, { maxOutputLength: length });
  if (rows.byteLength !== length) throw new Error('the picture is cut short');
  undoFilters(rows, { height, rowBytes, pixelBytes });
  return { width, height, rgb: toRgb(rows, { width, height, rowBytes, colour, step: depth / 8, palette }) };
}

const GREY = 0;
const PALETTE = 3;
const GREY_ALPHA = 4;
/** Colour types and how many numbers a pixel of each has. */
const CHANNELS: ReadonlyMap<number, number> = new Map([
  [GREY, 1],
  [2, 3],
  [PALETTE, 1],
  [GREY_ALPHA, 2],
  [6, 4],
]);
const SIGNATURE_BYTES = 8;
const HEADER_BYTES = 13;

type Header = { width: number; height: number; depth: number; colour: number; interlace: number };

function readChunks(png: Buffer): { header: Header; palette: Buffer; data: Buffer } {
  let header: Header | undefined;
  let palette: Buffer = Buffer.alloc(0);
  const data: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= png.byteLength;) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 8, at + 8 + length);
    if (body.byteLength !== length) throw new Error('the picture is cut short');
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'IHDR' && length === HEADER_BYTES) header = readHeader(body);
    if (type === 'PLTE') palette = body;
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  if (header === undefined) throw new Error('the picture has no header');
  return { header, palette, data: Buffer.concat(data) };
}

function readHeader(body: Buffer): Header {
  return {
    width: body.readUInt32BE(0),
    height: body.readUInt32BE(4),
    depth: body.readUInt8(8),
    colour: body.readUInt8(9),
    interlace: body.readUInt8(12),
  };
}

type RowShape = { height: number; rowBytes: number; pixelBytes: number };

/** In place: each row is told as its difference to its left, upper or mixed neighbours. */
function undoFilters(rows: Buffer, { height, rowBytes, pixelBytes }: RowShape): void {
  for (let row = 0; row < height; row += 1) {
    const start = row * (rowBytes + 1) + 1;
    const filter = rows[start - 1] ?? 0;
    if (filter > 4) throw new Error('the picture has a filter that there is none of');
    if (filter === 0) continue;
    const above = row === 0 ? -1 : start - rowBytes - 1;
    for (let x = 0; x < rowBytes; x += 1) {
      const left = x < pixelBytes ? 0 : (rows[start + x - pixelBytes] ?? 0);
      const up = above < 0 ? 0 : (rows[above + x] ?? 0);
      let guess = left;
      if (filter === 2) guess = up;
      else if (filter === 3) guess = (left + up) >> 1;
      else if (filter === 4) {
        guess = paeth(left, up, above < 0 || x < pixelBytes ? 0 : (rows[above + x - pixelBytes] ?? 0));
      }
      rows[start + x] = (rows[start + x] ?? 0) + guess;
    }
  }
}

/** The neighbour that is nearest to left + up - corner. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

type Layout = {
  width: number;
  height: number;
  rowBytes: number;
  colour: number;
  /** Bytes of one number. */
  step: number;
  palette: Buffer;
};

function toRgb(rows: Buffer, { width, height, rowBytes, colour, step, palette }: Layout): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  const channels = CHANNELS.get(colour) ?? 1;
  const isGrey = colour === GREY || colour === GREY_ALPHA;
  const hasAlpha = channels === 2 || channels === 4;
  let to = 0;
  for (let row = 0; row < height; row += 1) {
    let from = row * (rowBytes + 1) + 1;
    for (let x = 0; x < width; x += 1) {
      const alpha = hasAlpha ? (rows[from + (channels - 1) * step] ?? 0) : 255;
      for (let part = 0; part < 3; part += 1) {
        const value =
          colour === PALETTE
            ? (palette[(rows[from] ?? 0) * 3 + part] ?? 0)
            : (rows[from + (isGrey ? 0 : part) * step] ?? 0);
        rgb[to] = alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
        to += 1;
      }
      from += channels * step;
    }
  }
  return rgb;
}
