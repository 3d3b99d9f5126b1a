/**
 * The parts of a PNG file that a stranger made: what both the check of pictures and their decoding walk along.
 *
 * Source: PNG specification, third edition, W3C, 2025-06, sections 5.2 (signature), 5.3 (chunks), 11.2.1 (IHDR).
 */
export const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Length, type and checksum around the data. */
const FRAME_BYTES = 12;
const HEADER_DATA_BYTES = 13;

/** Where a chunk stands: from `at` to before `end`, with so many bytes of data. */
export type PngChunk = { type: string; dataBytes: number; at: number; end: number };

/** Undefined: it does not fit. */
export function readPngChunk(png: Buffer, at: number): PngChunk | undefined {
  if (at + FRAME_BYTES > png.byteLength) return undefined;
  const dataBytes = png.readUInt32BE(at);
  const end = at + FRAME_BYTES + dataBytes;
  return end > png.byteLength
    ? undefined
    : { type: png.toString('latin1', at + 4, at + 8), dataBytes, at, end };
}

export function pngChunkData(png: Buffer, { at, dataBytes }: PngChunk): Buffer {
  return png.subarray(at + 8, at + 8 + dataBytes);
}

export type PngHeader = {
  width: number;
  height: number;
  /** Bits of one number. */
  depth: number;
  /** The number of the colour type, see `PNG_COLOURS`. */
  colour: number;
  /** How it is packed, filtered and interlaced, by their numbers. */
  packing: number;
  filtering: number;
  interlace: number;
};

/** The header, which is the first chunk. Undefined: it is not. */
export function readPngHeader(png: Buffer): PngHeader | undefined {
  const chunk = readPngChunk(png, PNG_SIGNATURE.byteLength);
  if (chunk?.type !== 'IHDR' || chunk.dataBytes !== HEADER_DATA_BYTES) return undefined;
  const data = pngChunkData(png, chunk);
  return {
    width: data.readUInt32BE(0),
    height: data.readUInt32BE(4),
    depth: data.readUInt8(8),
    colour: data.readUInt8(9),
    packing: data.readUInt8(10),
    filtering: data.readUInt8(11),
    interlace: data.readUInt8(12),
  };
}

/** Where the chunks behind the header begin. */
export const PNG_BODY_AT = PNG_SIGNATURE.byteLength + FRAME_BYTES + HEADER_DATA_BYTES;

export const PNG_GREY = 0;
export const PNG_PALETTE = 3;
export const PNG_GREY_ALPHA = 4;

/** The colour types: how many numbers a pixel has, and of how many bits they may be. */
export const PNG_COLOURS: ReadonlyMap<number, { channels: number; depths: readonly number[] }> = new Map([
  [PNG_GREY, { channels: 1, depths: [1, 2, 4, 8, 16] }],
  [2, { channels: 3, depths: [8, 16] }],
  [PNG_PALETTE, { channels: 1, depths: [1, 2, 4, 8] }],
  [PNG_GREY_ALPHA, { channels: 2, depths: [8, 16] }],
  [6, { channels: 4, depths: [8, 16] }],
]);

/** Filters of rows have the numbers up to this. */
export const PNG_FILTER_MAX = 4;
