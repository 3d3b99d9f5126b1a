import type { ImagePart } from '@switchyard/protocol/chat.ts';
import { pictureFromDataUrl } from '../../core/inline-picture.ts';
import { isJsonObject } from '../../core/json-body.ts';
import type { Refusals } from '../../core/json-fields.ts';
import { refuse } from '../../core/json-fields.ts';

/** Reads the `image_url` of a content part: an object with `url` and `detail`, or the URL itself as some clients write it. */
export function decodeImage(value: unknown, path: string, refusals: Refusals): ImagePart | undefined {
  const url = isJsonObject(value) ? value['url'] : value;
  const urlPath = isJsonObject(value) ? `${path}.url` : path;
  if (typeof url !== 'string') return refuse(refusals, urlPath, 'must be a data URL.');
  const image = pictureFromDataUrl(url, { path: urlPath, refusals });
  const detail = isJsonObject(value) ? value['detail'] : undefined;
  if (image !== undefined && (detail === 'low' || detail === 'high' || detail === 'auto'))
    image.detail = detail;
  return image;
}
