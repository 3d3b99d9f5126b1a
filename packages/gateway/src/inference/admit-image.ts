import type { Model, PriceEntry } from '../catalog/model.ts';
import { priceAt } from '../catalog/price-schedule.ts';
import { fault, type Fault } from '../core/errors.ts';
import type { DecodedImage, ImageSurface } from '../core/image-surface.ts';
import type { Micros } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Hold } from '../ledger/ledger.ts';
import type { Permit } from '../limits/key-limits.ts';
import { crossesHardLine } from '../safety/hard-line.ts';
import { admitToRate } from './admit.ts';
import type { Caller } from './deps.ts';
import type { Exchange } from './exchange.ts';
import type { ImageDeps } from './image-deps.ts';
import { spendLeftOf, spendLimitReached } from './spend-left.ts';
import { identify, type Refusal } from './understand.ts';

/** A request for a picture that was read. Nothing was taken for it yet. */
export type UnderstoodImage = {
  exchange: Exchange;
  surface: ImageSurface;
  caller: Caller;
  model: Model;
  decoded: DecodedImage;
  price: PriceEntry;
  priceMicros: Micros;
};

export type AdmittedImage = UnderstoodImage & { permit: Permit; hold: Hold };

/** Who, what, of which model, and whether it may be made at all. The hard line stands before any charge or render. */
export function understandImage(
  deps: ImageDeps,
  surface: ImageSurface,
  exchange: Exchange,
): Result<UnderstoodImage, Refusal> {
  const { inference } = deps;
  const caller = identify(inference, exchange);
  if (!caller.ok) return caller;
  const refuse = (value: Fault) => failed({ ...value, accountId: caller.value.account.id });
  if (!caller.value.key.scopes.includes('inference')) return refuse(fault('permission_denied'));
  const decoded = surface.decode(exchange.body);
  if (!decoded.ok) return refuse(decoded.error);
  const model = findModel(deps, caller.value, decoded.value.model);
  if (!model.ok) return refuse(model.error);
  const { image } = decoded.value;
  // What the picture shall not show may name what must not be shown, so only the prompt is looked at.
  if (crossesHardLine(image.prompt, image)) {
    deps.onBlocked(caller.value.account.id);
    return refuse(fault('content_policy_violation', { param: 'prompt' }));
  }
  if (needsClassifier(image, model.value) && deps.classifier === undefined) {
    return refuse(fault('classifier_unavailable'));
  }
  const price = priceAt(model.value, inference.clock.nowMs());
  if (price.price.type !== 'flat') return refuse(fault('internal_error'));
  const priceMicros = price.price.amountMicros;
  return ok({
    exchange,
    surface,
    caller: caller.value,
    model: model.value,
    decoded: decoded.value,
    price,
    priceMicros,
  });
}

/** Without adult content every picture is looked at, unless its model cannot draw any. */
export function needsClassifier({ nsfw }: { nsfw: boolean }, model: Model): boolean {
  return !nsfw && model.safeOutput !== true;
}

function findModel(deps: ImageDeps, caller: Caller, name: string | undefined): Result<Model, Fault> {
  if (name === undefined) {
    const model = deps.defaultModel(caller);
    return model === undefined ? failed(fault('model_not_found', { param: 'model' })) : ok(model);
  }
  const model = deps.inference.resolveModel(caller.key, name);
  if (!model.ok) return failed(fault(model.error, { param: 'model' }));
  if (model.value.kind === 'image') return model;
  return failed(fault('invalid_request', { message: 'This model makes no pictures.', param: 'model' }));
}

/** A place in the limits, then the price: as for text, a refusal leaves no trace. */
export function admitImage(
  { inference }: ImageDeps,
  understood: UnderstoodImage,
): Result<AdmittedImage, Refusal> {
  const { caller, exchange, priceMicros } = understood;
  const permit = admitToRate(inference, understood);
  if (!permit.ok) return permit;
  const hold = inference.ledger.reserve({
    requestId: exchange.requestId,
    accountId: caller.account.id,
    keyId: caller.key.id,
    amountMicros: priceMicros,
    spendLimits: caller.key.spendLimits,
    spender: caller.member,
    durable: false,
  });
  if (hold.ok) return ok({ ...understood, permit: permit.value, hold: hold.value });
  permit.value.refund();
  const nowMs = inference.clock.nowMs();
  const refusal =
    hold.error === 'spend_limit_reached'
      ? spendLimitReached(spendLeftOf(inference.ledger, caller, nowMs), nowMs)
      : fault(hold.error);
  return failed({ ...refusal, accountId: caller.account.id });
}
