import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import { EngineError } from '../engine.ts';
import type { RenderJob } from './image-engine.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, then the first chunk: length, `IHDR`, width, height (PNG 3rd edition, sections 5.2 and 11.2.1). */
const WIDTH_AT = 16;
const HEIGHT_AT = 20;

/** The picture of an engine that answers in base64. Throws an `EngineError` when it is not what was asked for. */
export function pictureOfBase64(text: unknown, job: RenderJob): Uint8Array {
  if (typeof text !== 'string' || text === '') throw failure('The image engine answered without a picture.');
  if (text.length > Math.ceil(IMAGE_LIMITS.pictureMaxBytes / 3) * 4)
    throw failure('The picture has too many bytes.');
  return checkPicture(Buffer.from(text, 'base64'), job);
}

/** The same for bytes. */
export function checkPicture(bytes: Buffer, { width, height }: RenderJob): Uint8Array {
  if (bytes.length > IMAGE_LIMITS.pictureMaxBytes) throw failure('The picture has too many bytes.');
  if (bytes.length <= HEIGHT_AT + 4 || !bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) {
    throw failure('The image engine made something that is no PNG.');
  }
  if (bytes.readUInt32BE(WIDTH_AT) !== width || bytes.readUInt32BE(HEIGHT_AT) !== height) {
    throw failure('The image engine made a picture of another size.');
  }
  return bytes;
}

function failure(message: string): EngineError {
  return new EngineError({ code: 'engine_failed', message });
}
