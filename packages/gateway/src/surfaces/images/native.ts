import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import type { Fault } from '../../core/errors.ts';
import type { AroundPicture, DecodedImage, ImageReply, ImageSurface } from '../../core/image-surface.ts';
import { parseJsonObject } from '../../core/json-body.ts';
import { readNumber } from '../../core/json-fields.ts';
import type { FieldSource } from '../../core/json-fields.ts';
import { creditsNumber } from '../../core/money.ts';
import { failed, ok } from '../../core/result.ts';
import type { Result } from '../../core/result.ts';
import { DEFAULTS, readCommon, readStyle, snapSize } from './fields.ts';

/** `POST /api/images/create`, with every control. */
export const nativeImages: ImageSurface = { decode, renderReply };

function decode(body: Buffer): Result<DecodedImage, Fault> {
  const parsed = parseJsonObject(body);
  if (!parsed.ok) return parsed;
  const source: FieldSource = { object: parsed.value, path: '', refusals: { first: undefined } };
  const { model, dryRun, ...common } = readCommon(source);
  const { sizeMin, sizeMax, stepsMin, stepsMax, cfgMin, cfgMax } = IMAGE_LIMITS;
  const size = (key: string): number =>
    snapSize(readNumber(source, key, { min: sizeMin, max: sizeMax, integer: true }) ?? DEFAULTS.size);
  const image = {
    ...common,
    style: readStyle(source),
    width: size('width'),
    height: size('height'),
    steps: readNumber(source, 'steps', { min: stepsMin, max: stepsMax, integer: true }) ?? DEFAULTS.steps,
    cfg: readNumber(source, 'cfg', { min: cfgMin, max: cfgMax }) ?? DEFAULTS.cfg,
  };
  return source.refusals.first === undefined ? ok({ model, dryRun, image }) : failed(source.refusals.first);
}

function renderReply({ requestId, modelId, image, costMicros }: ImageReply): AroundPicture {
  const rest = JSON.stringify({
    model: modelId,
    seed: image.seed,
    width: image.width,
    height: image.height,
    credits_charged: creditsNumber(costMicros),
    request_id: requestId,
  });
  return { before: '{"image":"data:image/png;base64,', after: `",${rest.slice(1)}` };
}
