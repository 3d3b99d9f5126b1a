import { inflateSync } from 'node:zlib';
import {
  PNG_BODY_AT,
  PNG_COLOURS,
  PNG_FILTER_MAX,
  PNG_GREY,
  PNG_GREY_ALPHA,
  PNG_PALETTE,
  pngChunkData,
  readPngChunk,
  readPngHeader,
  type PngHeader,
} from '../../core/png-chunks.ts';
import type { Pixels } from './pixels.ts';

/**
 * The pixels of a PNG that a stranger made. Whatever is not understood throws, so that the picture is kept back: more
 * than `maxPixels`, interlaced, fewer than 8 bits, pixels that are cut short or longer than the size says. Messages hold
 * no bytes of the picture.
 *
 * What is see-through is laid on white, as most viewers do. Of 16 bits the upper 8 count.
 *
 * Source: PNG specification, third edition, W3C, 2025-06, sections 7.2 (rows), 9.2 (filters).
 */
export function decodePng(png: Buffer, maxPixels: number): Pixels {
  const { header, palette, data } = readChunks(png);
  const { width, height, depth, colour } = header;
  if (width === 0 || height === 0 || width * height > maxPixels) throw new Error('the picture is too large');
  const form = PNG_COLOURS.get(colour);
  if (form?.depths.includes(depth) !== true || depth < 8 || header.interlace !== 0)
    throw new Error('the picture has a form that is not read');
  const pixelBytes = form.channels * (depth / 8);
  const rowBytes = width * pixelBytes;
  const length = height * (rowBytes + 1);
  // The bound makes a small file that unpacks to gigabytes an error instead.
  const rows = inflateSync(data, { maxOutputLength: length });
  if (rows.byteLength !== length) throw new Error('the picture is cut short');
  undoFilters(rows, { height, rowBytes, pixelBytes });
  return { width, height, rgb: toRgb(rows, { width, height, rowBytes, colour, step: depth / 8, palette }) };
}

function readChunks(png: Buffer): { header: PngHeader; palette: Buffer; data: Buffer } {
  const header = readPngHeader(png);
  if (header === undefined) throw new Error('the picture has no header');
  let palette: Buffer = Buffer.alloc(0);
  const data: Buffer[] = [];
  let at = PNG_BODY_AT;
  for (let chunk = readPngChunk(png, at); chunk !== undefined; chunk = readPngChunk(png, at)) {
    if (chunk.type === 'PLTE') palette = pngChunkData(png, chunk);
    if (chunk.type === 'IDAT') data.push(pngChunkData(png, chunk));
    at = chunk.end;
  }
  if (at !== png.byteLength) throw new Error('the picture is cut short');
  return { header, palette, data: Buffer.concat(data) };
}

type RowShape = { height: number; rowBytes: number; pixelBytes: number };

/** In place: each row is told as its difference to its left, upper or mixed neighbours. */
function undoFilters(rows: Buffer, { height, rowBytes, pixelBytes }: RowShape): void {
  for (let row = 0; row < height; row += 1) {
    const start = row * (rowBytes + 1) + 1;
    const filter = rows[start - 1] ?? 0;
    if (filter > PNG_FILTER_MAX) throw new Error('the picture has a filter that there is none of');
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
  const channels = PNG_COLOURS.get(colour)?.channels ?? 1;
  const isGrey = colour === PNG_GREY || colour === PNG_GREY_ALPHA;
  const hasAlpha = channels === 2 || channels === 4;
  let to = 0;
  for (let row = 0; row < height; row += 1) {
    let from = row * (rowBytes + 1) + 1;
    for (let x = 0; x < width; x += 1) {
      const alpha = hasAlpha ? (rows[from + (channels - 1) * step] ?? 0) : 255;
      for (let part = 0; part < 3; part += 1) {
        const value =
          colour === PNG_PALETTE
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
