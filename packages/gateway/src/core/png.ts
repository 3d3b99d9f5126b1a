import { PNG_BODY_AT, PNG_SIGNATURE, readPngChunk, readPngHeader } from './png-chunks.ts';

/**
 * Looks at a picture that a stranger made, and takes out all that is not the picture: the chunks are walked, their order
 * and sizes are checked, and only those that change how the picture looks are kept. Text, times, profiles, animation and
 * private chunks go, so no prompt can travel in them. The pixels are looked at apart, see `png-pixels.ts`.
 *
 * Source: PNG specification, third edition, W3C, 2025-06, sections 5.6 (order), 11 (chunks).
 */
export type PngProblem = 'not-png' | 'broken' | 'wrong-size' | 'too-large';

export type CleanPng = { ok: true; png: Buffer } | { ok: false; problem: PngProblem };

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
  if (!bytes.subarray(0, PNG_SIGNATURE.byteLength).equals(PNG_SIGNATURE)) return failed('not-png');
  const header = readPngHeader(bytes);
  if (header === undefined) return failed('broken');
  if (header.width !== asked.width || header.height !== asked.height) return failed('wrong-size');
  const keptBytes = keepChunks(bytes);
  return keptBytes === undefined ? failed('broken') : { ok: true, png: bytes.subarray(0, keptBytes) };
}

/**
 * Moves what is kept down to behind the header, in its order, up to IEND, which must end the file. The end of it.
 * Undefined: it does not fit, no pixels, pixels in two places, or a chunk that cannot stand there.
 */
function keepChunks(bytes: Buffer): number | undefined {
  const seen = new Set<string>();
  let keptEnd = PNG_BODY_AT;
  let pixelBytes = 0;
  let isAfterPixels = false;
  for (
    let chunk = readPngChunk(bytes, PNG_BODY_AT);
    chunk !== undefined;
    chunk = readPngChunk(bytes, chunk.end)
  ) {
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
