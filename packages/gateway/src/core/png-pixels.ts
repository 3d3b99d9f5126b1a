import { crc32, inflate } from 'node:zlib';
import {
  PNG_COLOURS,
  PNG_FILTER_MAX,
  PNG_PALETTE,
  PNG_SIGNATURE,
  pngChunkData,
  readPngChunk,
  readPngHeader,
  type PngHeader,
} from './png-chunks.ts';

/**
 * Whether the pixels of a PNG are all there, and nothing else: each chunk has its checksum, and the packed pixels unpack to
 * just the rows that the header tells, each with a filter that there is. Unpacks in a thread of Node's pool; what was
 * unpacked is given back at once. `png` is one that `cleanPng` has let through; its size bounds what is unpacked.
 *
 * Source: PNG specification, third edition, W3C, 2025-06, sections 7.2 (rows), 8 (interlace), 9 (filters).
 */
export async function hasWholePixels(png: Buffer): Promise<boolean> {
  const header = readPngHeader(png);
  if (header === undefined) return false;
  const pixelBits = pixelBitsOf(header);
  const packed = packedPixels(png, header.colour);
  if (pixelBits === undefined || packed === undefined) return false;
  const passes = passesOf(header, pixelBits);
  const rows = await unpack(
    packed,
    passes.reduce((sum, pass) => sum + pass.rows * pass.rowBytes, 0),
  );
  if (rows === undefined) return false;
  const isWhole = hasKnownFilters(rows, passes);
  // Memory of its own, see `unpack`. The collector would let dozens of these pile up.
  rows.buffer.transfer(0);
  return isWhole;
}

/** So many rows of so many bytes, the filter's one included. */
type Pass = { rows: number; rowBytes: number };

/** Bits of a pixel. Undefined: a form that there is none of. */
function pixelBitsOf({ depth, colour, packing, filtering, interlace }: PngHeader): number | undefined {
  const form = PNG_COLOURS.get(colour);
  const isKnown = packing === 0 && filtering === 0 && (interlace === 0 || interlace === 1);
  return isKnown && form?.depths.includes(depth) === true ? form.channels * depth : undefined;
}

/** What the IDAT chunks hold together. Undefined: a chunk's checksum is wrong, or the palette of a colour type is missing. */
function packedPixels(png: Buffer, colour: number): Buffer | undefined {
  let hasPalette = false;
  const parts: Buffer[] = [];
  for (
    let chunk = readPngChunk(png, PNG_SIGNATURE.byteLength);
    chunk !== undefined;
    chunk = readPngChunk(png, chunk.end)
  ) {
    const checksumAt = chunk.end - 4;
    if (crc32(png.subarray(chunk.at + 4, checksumAt)) !== png.readUInt32BE(checksumAt)) return undefined;
    if (chunk.type === 'PLTE') hasPalette = true;
    if (chunk.type === 'IDAT') parts.push(pngChunkData(png, chunk));
  }
  if (colour === PNG_PALETTE && !hasPalette) return undefined;
  const [first] = parts;
  return parts.length === 1 ? first : Buffer.concat(parts);
}

/** Where the seven passes of an interlaced picture begin, and how far apart their pixels are. */
const ADAM7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
] as const;
const WHOLE = [{ x: 0, y: 0, dx: 1, dy: 1 }] as const;

function passesOf({ width, height, interlace }: PngHeader, pixelBits: number): Pass[] {
  return (interlace === 1 ? ADAM7 : WHOLE)
    .map(({ x, y, dx, dy }) => ({
      columns: Math.max(0, Math.ceil((width - x) / dx)),
      rows: Math.max(0, Math.ceil((height - y) / dy)),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0)
    .map(({ columns, rows }) => ({ rows, rowBytes: 1 + Math.ceil((columns * pixelBits) / 8) }));
}

/** Unpacks to just so many bytes, with nothing behind the packed ones. Undefined: it is not so. */
function unpack(packed: Buffer, bytes: number): Promise<Buffer<ArrayBuffer> | undefined> {
  // One byte more than there may be, so that all of it is one piece of memory and too much is seen.
  const room = Math.max(bytes + 1, SMALLEST_ROOM_BYTES);
  const options = { chunkSize: room, maxOutputLength: room, info: true };
  return new Promise((resolve) => {
    inflate(packed, options, (error: Error | null, result: unknown) => {
      const unpacked = error === null ? (result as Unpacked) : undefined;
      const isWhole =
        unpacked?.buffer.byteLength === bytes && unpacked.engine.bytesWritten === packed.byteLength;
      resolve(isWhole ? unpacked?.buffer : undefined);
    });
  });
}

/** Smaller pieces of memory are taken from a pool that others use, too. */
const SMALLEST_ROOM_BYTES = 64 * 1_024;

/** What `inflate` gives with `info`, which its types do not tell. */
type Unpacked = { buffer: Buffer<ArrayBuffer>; engine: { bytesWritten: number } };

function hasKnownFilters(rows: Buffer, passes: readonly Pass[]): boolean {
  let at = 0;
  for (const pass of passes) {
    for (let row = 0; row < pass.rows; row += 1) {
      if ((rows[at] ?? 0) > PNG_FILTER_MAX) return false;
      at += pass.rowBytes;
    }
  }
  return true;
}
