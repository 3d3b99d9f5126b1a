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

const NOT_BASE64 = /[^A-Za-z0-9+/]/;
const DATA_URL_HEAD = /^data:([a-z]+\/[a-z0-9.+-]+);base64,/i;
/** A data URL's head is short; the pattern need not look at megabytes. */
const HEAD_MAX_CHARS = 64;

/** Where a picture stands in a body, and where refusals of it go. */
export type PicturePlace = { path: string; refusals: Refusals };

/** The media type of a picture that models take, whatever its case; undefined for any other. */
export function imageMime(text: string): ImageMime | undefined {
  return MIMES.get(text.toLowerCase());
}

/**
 * Checks the base64 of an inline picture: its decoded size, then its alphabet. It is not decoded.
 * Errors: `invalid_request` at `path`.
 */
export function inlinePicture(
  mime: ImageMime,
  base64: string,
  { path, refusals }: PicturePlace,
): ImagePart | undefined {
  if (decodedBytes(base64) > LIMITS.imageMaxBytes) {
    return refuse(refusals, path, `is larger than ${LIMITS.imageMaxBytes} bytes.`);
  }
  if (!isBase64(base64)) return refuse(refusals, path, 'is not valid base64.');
  return { type: 'image', mime, base64 };
}

/**
 * Reads `data:image/png;base64,...`. Remote addresses are refused, not fetched: a gateway that fetches what a client
 * names can be sent into its operator's own network.
 * Errors: `unsupported_image_url` for another scheme or media type, `invalid_request` for bad base64 or size.
 */
export function pictureFromDataUrl(url: string, place: PicturePlace): ImagePart | undefined {
  const head = DATA_URL_HEAD.exec(url.slice(0, HEAD_MAX_CHARS));
  const mime = head === null ? undefined : imageMime(head[1] ?? '');
  if (head === null || mime === undefined) {
    const rule =
      'must be a base64 data URL of a PNG, JPEG, GIF or WebP picture. Remote addresses are not fetched.';
    return refuse(place.refusals, place.path, rule, 'unsupported_image_url');
  }
  return inlinePicture(mime, url.slice(head[0].length), place);
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
