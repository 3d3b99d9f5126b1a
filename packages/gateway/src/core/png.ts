/**
 * Looks at a picture that a stranger made, and takes out all that is not the picture: the chunks are walked, their order
 * and sizes are checked, and only those that change how the picture looks are kept. Text, times, profiles, animation and
 * private chunks go, so no prompt can travel in them. The pixels are looked at apart, see `png-pixels.ts`.
 *
 * Source: PNG specification, third edition, W3C, 2025-06, sections 5.2 (signature), 5.3 (chunks), 5.6 (order), 11.
 */
export type PngProblem = 'not-png' | 'broken' | 'wrong-size' | 'too-large';

export type CleanPng = { ok: true; png: Buffer } | { ok: false; problem: PngProblem };

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Length, type and checksum around the data. */
const CHUNK_FRAME_BYTES = 12;
const HEADER_BYTES = 13;

/** What may stand before the pixels besides the header, with the most bytes of data. Each once. */
const KEPT: ReadonlyMap<string, number> = new Map([
  ['cHRM', 32],
  ['gAMA', 4],
  ['sRGB', 1],
  ['PLTE', 768],
  ['tRNS', 256],
]);

/**
 * Checks a PNG and strips it in its own place: what is kept moves down over what is not, so `bytes` are spoilt, and the
 * picture is a view of them. `width` and `height` are what was asked for, in pixels; `maxBytes` bounds what came in.
 */
export function cleanPng(
  bytes: Buffer,
  asked: { width: number; height: number; maxBytes: number },
): CleanPng {
  if (bytes.byteLength > asked.maxBytes) return failed('too-large');
  if (!bytes.subarray(0, SIGNATURE.byteLength).equals(SIGNATURE)) return failed('not-png');
  const header = readChunk(bytes, SIGNATURE.byteLength);
  if (header?.type !== 'IHDR' || header.dataBytes !== HEADER_BYTES) return failed('broken');
  const width = bytes.readUInt32BE(header.at + 8);
  const height = bytes.readUInt32BE(header.at + 12);
  if (width !== asked.width || height !== asked.height) return failed('wrong-size');
  const keptBytes = keepChunks(bytes, header.end);
  return keptBytes === undefined ? failed('broken') : { ok: true, png: bytes.subarray(0, keptBytes) };
}

/** Where a chunk stands: from `at` to before `end`, with so many bytes of data. */
type Chunk = { type: string; dataBytes: number; at: number; end: number };

/** Undefined: it does not fit. */
function readChunk(bytes: Buffer, at: number): Chunk | undefined {
  if (at + CHUNK_FRAME_BYTES > bytes.byteLength) return undefined;
  const dataBytes = bytes.readUInt32BE(at);
  const end = at + CHUNK_FRAME_BYTES + dataBytes;
  return end > bytes.byteLength
    ? undefined
    : { type: bytes.toString('latin1', at + 4, at + 8), dataBytes, at, end };
}

/**
 * Moves what is kept down to behind the header, in its order, up to IEND, which must end the file. The end of it.
 * Undefined: it does not fit, no pixels, pixels in two places, or a chunk that cannot stand there.
 */
function keepChunks(bytes: Buffer, headerEnd: number): number | undefined {
  const seen = new Set<string>();
  let keptEnd = headerEnd;
  let pixelBytes = 0;
  let isAfterPixels = false;
  for (let chunk = readChunk(bytes, headerEnd); chunk !== undefined; chunk = readChunk(bytes, chunk.end)) {
    const { type, dataBytes, at, end } = chunk;
    if (type === 'IDAT') {
      if (isAfterPixels) return undefined;
      pixelBytes += dataBytes;
    } else {
      isAfterPixels ||= pixelBytes > 0;
    }
    const maxBytes = KEPT.get(type);
    if (type === 'IHDR' || (type === 'IEND' && dataBytes > 0)) return undefined;
    if (maxBytes !== undefined) {
      if (isAfterPixels || dataBytes > maxBytes || seen.has(type)) return undefined;
      seen.add(type);
    }
    if (maxBytes !== undefined || type === 'IDAT' || type === 'IEND') {
      if (keptEnd < at) bytes.copyWithin(keptEnd, at, end);
      keptEnd += end - at;
    }
    if (type === 'IEND') return pixelBytes > 0 && end === bytes.byteLength ? keptEnd : undefined;
  }
  return undefined;
}

function failed(problem: PngProblem): CleanPng {
  return { ok: false, problem };
}
