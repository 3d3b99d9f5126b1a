import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import type { Fault } from '../../core/errors.ts';
import type { AroundPicture, DecodedImage, ImageReply, ImageSurface } from '../../core/image-surface.ts';
import { parseJsonObject } from '../../core/json-body.ts';
import { isAbsent, refuse } from '../../core/json-fields.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { formatUsd } from '../../core/money.ts';
import { failed, ok } from '../../core/result.ts';
import type { Result } from '../../core/result.ts';
import { DEFAULTS, readCommon, snapSize } from './fields.ts';

/**
 * `POST /v1/images/generations`. Fields of OpenAI that say nothing here (`quality`, `style`, `user` ...) are passed
 * over: its clients send them unasked. What would change the reply's form is refused by name.
 * Source: OpenAI API reference, "Create image", and what its SDKs send, read 2026-11-20.
 */
export const openAiImages: ImageSurface = { decode, renderReply };

function decode(body: Buffer): Result<DecodedImage, Fault> {
  const parsed = parseJsonObject(body);
  if (!parsed.ok) return parsed;
  const source: FieldSource = { object: parsed.value, path: '', refusals: { first: undefined } };
  const { model, dryRun, ...common } = readCommon(source);
  const { width, height } = readSize(source);
  checkForm(source);
  if (source.refusals.first !== undefined) return failed(source.refusals.first);
  const { steps, cfg } = DEFAULTS;
  return ok({ model, dryRun, image: { ...common, style: 'photo', width, height, steps, cfg } });
}

function readSize({ object, refusals }: FieldSource): { width: number; height: number } {
  const { size } = object;
  const square = { width: DEFAULTS.size, height: DEFAULTS.size };
  if (isAbsent(size) || size === 'auto') return square;
  const match = typeof size === 'string' ? /^(\d{3,4})x(\d{3,4})$/.exec(size) : null;
  const [width = 0, height = 0] = (match ?? []).slice(1).map(Number);
  const { sizeMin, sizeMax } = IMAGE_LIMITS;
  if (Math.min(width, height) >= sizeMin && Math.max(width, height) <= sizeMax) {
    return { width: snapSize(width), height: snapSize(height) };
  }
  refuse(refusals, 'size', `must be WIDTHxHEIGHT, each from ${sizeMin} to ${sizeMax}, such as 1024x1024.`);
  return square;
}

function checkForm({ object, refusals }: FieldSource): void {
  const only = (key: string, fits: (value: unknown) => boolean, rule: string): void => {
    if (!isAbsent(object[key]) && !fits(object[key])) refuse(refusals, key, rule, 'unsupported_parameter');
  };
  only('n', (value) => value === 1, 'must be 1: one picture is made for each request.');
  only(
    'response_format',
    (value) => value === 'b64_json',
    'must be b64_json: pictures are stored nowhere, so there is no URL.',
  );
  only('output_format', (value) => value === 'png', 'must be png.');
  only(
    'stream',
    (value) => value === false,
    'is not taken. For progress send the header Accept: text/event-stream.',
  );
  only('partial_images', (value) => value === 0, 'is not supported.');
}

function renderReply({ requestId, modelId, image, costMicros, createdAtMs }: ImageReply): AroundPicture {
  const { width, height, seed } = image;
  const rest = JSON.stringify({ output_format: 'png', size: `${width}x${height}`, model: modelId, seed });
  return {
    before: `{"created":${Math.floor(createdAtMs / 1_000)},"data":[{"b64_json":"`,
    after:
      `"}],${rest.slice(1, -1)},"usage":{"input_tokens":0,"output_tokens":0,"total_tokens":0,` +
      `"input_tokens_details":{"text_tokens":0,"image_tokens":0},` +
      `"cost":${formatUsd(costMicros)},"request_id":${JSON.stringify(requestId)}}}`,
  };
}
