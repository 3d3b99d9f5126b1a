/**
 * Looks at a picture that a stranger made, and takes out all that is not the picture. Nothing is decoded: the chunks
 * are walked, their order and sizes are checked, and only those that change how the picture looks are kept. Text,
 * times, profiles, animation and private chunks go, so no prompt can travel in them.
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

type Chunk = { type: string; data: Buffer; whole: Buffer };

/**
 * Checks a PNG and strips it. `width` and `height` are what was asked for, in pixels; `maxBytes` bounds what came in.
 * Checksums of chunks are not compared: a wrong one only spoils the node's own picture.
 */
export function cleanPng(
  bytes: Buffer,
  asked: { width: number; height: number; maxBytes: number },
): CleanPng {
  if (bytes.byteLength > asked.maxBytes) return failed('too-large');
  if (!bytes.subarray(0, SIGNATURE.byteLength).equals(SIGNATURE)) return failed('not-png');
  const [header, ...rest] = readChunks(bytes) ?? [];
  if (header === undefined || header.type !== 'IHDR' || header.data.byteLength !== HEADER_BYTES) {
    return failed('broken');
  }
  if (header.data.readUInt32BE(0) !== asked.width || header.data.readUInt32BE(4) !== asked.height) {
    return failed('wrong-size');
  }
  const kept = keepChunks(rest);
  return kept === undefined
    ? failed('broken')
    : { ok: true, png: Buffer.concat([SIGNATURE, header.whole, ...kept]) };
}

/** The chunks up to IEND, which must end the file. Undefined: they do not fit. */
function readChunks(bytes: Buffer): Chunk[] | undefined {
  const chunks: Chunk[] = [];
  let at = SIGNATURE.byteLength;
  while (at + CHUNK_FRAME_BYTES <= bytes.byteLength) {
    const length = bytes.readUInt32BE(at);
    const end = at + CHUNK_FRAME_BYTES + length;
    if (end > bytes.byteLength) return undefined;
    const type = bytes.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: bytes.subarray(at + 8, at + 8 + length), whole: bytes.subarray(at, end) });
    at = end;
    if (type === 'IEND') return length === 0 && at === bytes.byteLength ? chunks : undefined;
  }
  return undefined;
}

/** What is kept, in its order. Undefined: no pixels, pixels in two places, or a chunk that cannot stand there. */
function keepChunks(chunks: readonly Chunk[]): Buffer[] | undefined {
  const kept: Buffer[] = [];
  const seen = new Set<string>();
  let pixelBytes = 0;
  let isAfterPixels = false;
  for (const { type, data, whole } of chunks) {
    if (type === 'IHDR') return undefined;
    if (type === 'IDAT') {
      if (isAfterPixels) return undefined;
      pixelBytes += data.byteLength;
      kept.push(whole);
      continue;
    }
    isAfterPixels ||= pixelBytes > 0;
    if (type === 'IEND') {
      kept.push(whole);
      continue;
    }
    const maxBytes = KEPT.get(type);
    if (maxBytes === undefined) continue;
    if (isAfterPixels || data.byteLength > maxBytes || seen.has(type)) return undefined;
    seen.add(type);
    kept.push(whole);
  }
  return pixelBytes > 0 ? kept : undefined;
}

function failed(problem: PngProblem): CleanPng {
  return { ok: false, problem };
}
