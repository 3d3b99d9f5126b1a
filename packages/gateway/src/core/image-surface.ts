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

/** What stands before and after the base64 of the picture, which is written between them once; see `pictureBody`. */
export type AroundPicture = { before: string; after: string };

/** The reply with its picture. Base64 has nothing to escape, so it is not looked through and copied as JSON. */
export function pictureBody({ before, after }: AroundPicture, png: Buffer): string {
  return `${before}${png.toString('base64')}${after}`;
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
