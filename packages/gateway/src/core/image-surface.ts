import type { ImageRequest } from '@switchyard/protocol/image.ts';
import type { Fault } from './errors.ts';
import type { Micros } from './money.ts';
import type { Result } from './result.ts';

/** A form in which clients ask for pictures. Both are charged and recorded as `images`. */
export type ImageSurface = {
  decode(body: Buffer): Result<DecodedImage, Fault>;
  /** The JSON body of the reply, without its largest part. */
  renderReply(reply: ImageReply): AroundPicture;
};

/** What stands before and after the base64 of the picture; see `picturePieces`. */
export type AroundPicture = { before: string; after: string };

/** Bytes of a picture in one piece of its reply: a multiple of three, so that the base64 of the pieces joins. */
const PIECE_BYTES = 48 * 1_024;

/**
 * The reply with its picture, in pieces that are made when they are asked for: the whole text would be a third more than
 * the picture, and text of megabytes makes the engine collect all its memory. Base64 has nothing to escape as JSON.
 */
export function* picturePieces({ before, after }: AroundPicture, png: Buffer): Generator<string, undefined> {
  yield before;
  for (let at = 0; at < png.byteLength; at += PIECE_BYTES) yield png.toString('base64', at, at + PIECE_BYTES);
  yield after;
}

/** How many bytes all pieces are together. */
export function pictureReplyBytes({ before, after }: AroundPicture, png: Buffer): number {
  return Buffer.byteLength(before) + Math.ceil(png.byteLength / 3) * 4 + Buffer.byteLength(after);
}

export type DecodedImage = {
  /** As the client wrote it. Undefined: the first image model that its key may use. */
  model: string | undefined;
  /** Without the recipe, which the model has. A seed is always there. */
  image: Omit<ImageRequest, 'recipe'>;
  dryRun: boolean;
};

export type ImageReply = {
  requestId: string;
  modelId: string;
  image: DecodedImage['image'];
  costMicros: Micros;
  createdAtMs: number;
};
