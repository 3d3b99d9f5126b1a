import type { ImageDeps } from '../inference/image-deps.ts';
import { serveImage } from '../inference/serve-image.ts';
import { nativeImages } from '../surfaces/images/native.ts';
import { openAiImages } from '../surfaces/images/openai.ts';
import type { RouteRow } from './routes.ts';

/** Two long texts and some numbers, each letter escaped. */
const BODY_MAX_BYTES = 128 * 1024;

/** The two forms in which clients ask for pictures. */
export function imageRoutes(deps: ImageDeps): RouteRow[] {
  const forms = [
    { path: '/v1/images/generations', surface: openAiImages },
    { path: '/api/images/create', surface: nativeImages },
  ];
  return forms.map(({ path, surface }) => ({
    method: 'POST',
    path,
    bodyMaxBytes: BODY_MAX_BYTES,
    handler(request, reply) {
      reply.hijack();
      serveImage(deps, surface, {
        requestId: request.id,
        rawHeaders: request.raw.rawHeaders,
        body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        response: reply.raw,
        remoteAddress: request.ip,
        startedAtMs: deps.inference.clock.nowMs(),
        startedMonotonicMs: deps.inference.clock.monotonicMs(),
        rateWindow: undefined,
      });
    },
  }));
}
