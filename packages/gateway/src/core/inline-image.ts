import type { ImageMime, ImagePart } from '@switchyard/protocol/chat.ts';
import type { Refusals } from './json-fields.ts';
import { refuse } from './json-fields.ts';
import { LIMITS } from './limits.ts';

const MIMES: ReadonlyMap<string, ImageMime> = new Map([
  ['image/png', 'image/png'],
  ['image/jpeg', 'image/jpeg'],
  ['image/jpg', 'image/jpeg'],
  ['image/gif', 'image/gif'],
  ['image/webp', 'image/webp'],
]);

const HEAD = /^data:([a-z]+\/[a-z0-9.+-]+);base64,/i;
const NOT_BASE64 = /[^A-Za-z0-9+/]/;
/** A data URL's head is short; the pattern need not look at megabytes. */
const HEAD_MAX_CHARS = 64;

/**
 * Reads `data:image/png;base64,...`. Remote addresses are refused, not fetched: a gateway that fetches what a client
 * names can be sent into its operator's own network.
 * Errors: `unsupported_image_url` for another scheme or media type, `invalid_request` for bad base64 or size.
 */
export function decodeImageDataUrl(url: string, path: string, refusals: Refusals): ImagePart | undefined {
  const head = HEAD.exec(url.slice(0, HEAD_MAX_CHARS));
  const mime = head === null ? undefined : MIMES.get((head[1] ?? '').toLowerCase());
  if (head === null || mime === undefined) {
    const rule =
      'must be a base64 data URL of a PNG, JPEG, GIF or WebP picture. Remote addresses are not fetched.';
    return refuse(refusals, path, rule, 'unsupported_image_url');
  }
  const base64 = url.slice(head[0].length);
  if (decodedBytes(base64) > LIMITS.imageMaxBytes) {
    return refuse(refusals, path, `is larger than ${LIMITS.imageMaxBytes} bytes.`);
  }
  if (!isBase64(base64)) return refuse(refusals, path, 'is not valid base64.');
  return { type: 'image', mime, base64 };
}

function decodedBytes(base64: string): number {
  return Math.floor((base64.length * 3) / 4);
}

/** Standard alphabet with complete padding, and not empty. */
function isBase64(text: string): boolean {
  if (text.length === 0 || text.length % 4 !== 0) return false;
  const firstOther = text.search(NOT_BASE64);
  if (firstOther === -1) return true;
  const rest = text.slice(firstOther);
  return text.length - firstOther <= 2 && (rest === '=' || rest === '==');
}
