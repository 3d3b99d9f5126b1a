import type { ErrorCode } from '../core/errors.ts';
import type { Operation, Reply } from './operation.ts';
import {
  imageCreateReply,
  imageCreateRequest,
  imageEvent,
  imageQuote,
  imagesGenerationReply,
  imagesGenerationRequest,
} from './schemas/images.ts';
import { INFERENCE_HEADERS } from './text-operations.ts';

const IMAGE_ERRORS = [
  'invalid_request',
  'invalid_json',
  'unsupported_parameter',
  'content_policy_violation',
  'insufficient_credits',
  'spend_limit_reached',
  'model_not_allowed',
  'model_not_found',
  'request_in_progress',
  'request_already_done',
  'idempotency_mismatch',
  'body_too_large',
  'unsupported_media_type',
  'concurrency_limit_exceeded',
  'upstream_failed',
  'server_is_overloaded',
  'classifier_unavailable',
  'ledger_unavailable',
  'draining',
  'upstream_timeout',
] as const satisfies readonly ErrorCode[];

const EVENTS: Reply = {
  mediaType: 'text/event-stream',
  description: 'With `Accept: text/event-stream`: `queued`, `rendering` and `done`.',
  schema: imageEvent,
};
const QUOTE: Reply = {
  mediaType: 'application/json',
  description: 'A quote, for a dry run.',
  schema: imageQuote,
};

/** The routes that make pictures. */
export const imageOperations: readonly Operation[] = [
  {
    method: 'POST',
    path: '/v1/images/generations',
    id: 'createImage',
    tag: 'Images',
    summary: 'Picture',
    description: "OpenAI's images. One picture, inline; it is charged when it is there, and stored nowhere.",
    scope: 'inference',
    parameters: INFERENCE_HEADERS,
    body: {
      schema: imagesGenerationRequest,
      example: { model: 'demo-image', prompt: 'a red house on a hill', size: '512x512' },
    },
    replies: [
      { mediaType: 'application/json', description: 'The picture.', schema: imagesGenerationReply },
      EVENTS,
      QUOTE,
    ],
    errors: IMAGE_ERRORS,
  },
  {
    method: 'POST',
    path: '/api/images/create',
    id: 'createImageNative',
    tag: 'Images',
    summary: 'Picture, every control',
    description: 'The same with size, steps, guidance and style by name.',
    scope: 'inference',
    parameters: INFERENCE_HEADERS,
    body: {
      schema: imageCreateRequest,
      example: { prompt: 'a red house on a hill', width: 512, height: 512, steps: 10, seed: 7 },
    },
    replies: [
      { mediaType: 'application/json', description: 'The picture.', schema: imageCreateReply },
      EVENTS,
      QUOTE,
    ],
    errors: IMAGE_ERRORS,
  },
];
