import type { ImageDeps } from '../inference/image-deps.ts';
import { serveImage } from '../inference/serve-image.ts';
import { nativeImages } from '../surfaces/images/native.ts';
import { openAiImages } from '../surfaces/images/openai.ts';
import { exchangeOf, type InferenceRow } from './inference-row.ts';

/** Two long texts and some numbers, each letter escaped. */
const BODY_MAX_BYTES = 128 * 1024;

/** The two forms in which clients ask for pictures. */
export function imageRoutes(deps: ImageDeps): InferenceRow[] {
  const forms = [
    { path: '/v1/images/generations', surface: openAiImages },
    { path: '/api/images/create', surface: nativeImages },
  ];
  return forms.map(({ path, surface }) => ({
    method: 'POST',
    path,
    bodyMaxBytes: BODY_MAX_BYTES,
    serve: (arrival) => serveImage(deps, surface, exchangeOf(deps.inference.clock, arrival)),
  }));
}
