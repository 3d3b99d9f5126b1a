import { crc32, inflate } from 'node:zlib';

/**
 * Whether the pixels of a PNG are all there, and nothing else: each chunk has its checksum, and the packed pixels unpack to
 * just the rows that the header tells, each with a filter that there is. Unpacks in a thread of Node's pool; what was
 * unpacked is given back at once. `png` is one that `cleanPng` has let through; its size bounds what is unpacked.
 *
 * Source: PNG specification, third edition, W3C, 2025-06, sections 5.3 (chunks), 7.2 (rows), 8 (interlace), 9 (filters),
 * 11.2.1 (IHDR).
 */
export async function hasWholePixels(png: Buffer): Promise<boolean> {
  const header = readHeader(png);
  const packed = packedPixels(png);
  if (header === undefined || packed === undefined) return false;
  const passes = passesOf(header);
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

type Header = { width: number; height: number; pixelBits: number; isInterlaced: boolean };

/** So many rows of so many bytes, the filter's one included. */
type Pass = { rows: number; rowBytes: number };

const SIGNATURE_BYTES = 8;
const FILTER_MAX = 4;

/** How many numbers a pixel has by its colour type, and of how many bits they may be. */
const COLOURS: ReadonlyMap<number, { channels: number; depths: readonly number[] }> = new Map([
  [0, { channels: 1, depths: [1, 2, 4, 8, 16] }],
  [2, { channels: 3, depths: [8, 16] }],
  [3, { channels: 1, depths: [1, 2, 4, 8] }],
  [4, { channels: 2, depths: [8, 16] }],
  [6, { channels: 4, depths: [8, 16] }],
]);

function readHeader(png: Buffer): Header | undefined {
  const at = SIGNATURE_BYTES + 8;
  const [depth = 0, colourType = 0, compression, filtering, interlace] = png.subarray(at + 8, at + 13);
  const colour = COLOURS.get(colourType);
  const isKnown = compression === 0 && filtering === 0 && (interlace === 0 || interlace === 1);
  if (!isKnown || colour?.depths.includes(depth) !== true) return undefined;
  return {
    width: png.readUInt32BE(at),
    height: png.readUInt32BE(at + 4),
    pixelBits: colour.channels * depth,
    isInterlaced: interlace === 1,
  };
}

/** What the IDAT chunks hold together. Undefined: a chunk's checksum is wrong. */
function packedPixels(png: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at < png.byteLength;) {
    const end = at + 8 + png.readUInt32BE(at);
    if (crc32(png.subarray(at + 4, end)) !== png.readUInt32BE(end)) return undefined;
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, end));
    at = end + 4;
  }
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

function passesOf({ width, height, pixelBits, isInterlaced }: Header): Pass[] {
  return (isInterlaced ? ADAM7 : WHOLE)
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
      if ((rows[at] ?? 0) > FILTER_MAX) return false;
      at += pass.rowBytes;
    }
  }
  return true;
}
