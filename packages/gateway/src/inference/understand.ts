import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Model } from '../catalog/model.ts';
import { fault, type Fault } from '../core/errors.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { DecodedText, TextSurface } from '../core/surface.ts';
import type { Caller, InferenceDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';

/** A request that was read: who asks what of which model. Nothing was taken for it yet. */
export type Understood = {
  exchange: Exchange;
  surface: TextSurface;
  caller: Caller;
  model: Model;
  decoded: DecodedText;
};

/** `accountId` is there once the key is known, for the log. */
export type Refusal = Fault & { accountId?: string };

/** Who (the key), what (the body), of which model, and whether that model can do it. Changes nothing. */
export function understandText(
  deps: InferenceDeps,
  surface: TextSurface,
  exchange: Exchange,
): Result<Understood, Refusal> {
  const caller = identify(deps, exchange);
  if (!caller.ok) return caller;
  const { account, key } = caller.value;
  const refuse = (value: Fault) => failed({ ...value, accountId: account.id });

  if (!key.scopes.includes('inference')) return refuse(fault('permission_denied'));
  const decoded = surface.decode(exchange.body);
  if (!decoded.ok) return refuse(decoded.error);
  const model = deps.resolveModel(key, decoded.value.model);
  if (!model.ok) return refuse(fault(model.error, { param: 'model' }));
  const unfit =
    misfit(surface, model.value, decoded.value.chat) ??
    untranslatable(deps, surface, model.value, decoded.value);
  if (unfit !== undefined) return refuse(unfit);
  return ok({ exchange, surface, caller: caller.value, model: model.value, decoded: decoded.value });
}

/** Who asks. Errors: as of the key, and `rate_limit_exceeded` for addresses with too many wrong ones. */
export function identify(deps: InferenceDeps, exchange: Exchange): Result<Caller, Fault> {
  if (!deps.addressGuard.allows(exchange.remoteAddress)) {
    return failed(
      fault('rate_limit_exceeded', {
        message: 'Too many requests without a valid API key came from this address. Wait and try again.',
        retryAfterMs: 30_000,
      }),
    );
  }
  const caller = deps.authenticate(exchange.rawHeaders);
  if (!caller.ok && caller.error.code === 'invalid_api_key')
    deps.addressGuard.noteFailure(exchange.remoteAddress);
  return caller;
}

/** What the model cannot do is refused by name instead of being dropped without a word. */
function misfit({ fields }: TextSurface, model: Model, chat: ChatRequest): Fault | undefined {
  if (model.kind !== 'text') {
    return fault('invalid_request', { message: 'This model does not take chat requests.', param: 'model' });
  }
  if (chat.tools.length > 0 && !model.capabilities.tools) {
    return fault('unsupported_parameter', { message: 'This model takes no tools.', param: fields.tools });
  }
  if (!model.capabilities.vision && hasImages(chat)) {
    return fault('unsupported_parameter', {
      message: 'This model takes no pictures.',
      param: fields.messages,
    });
  }
  if (chat.responseFormat.type === 'json-schema' && !model.capabilities.jsonSchema) {
    return fault('unsupported_parameter', {
      message: 'This model cannot be held to a JSON schema.',
      param: fields.responseFormat,
    });
  }
  return undefined;
}

/** A request that only a target of its own dialect can honour is refused by name where the model has none. */
function untranslatable(
  { router }: InferenceDeps,
  { dialect }: TextSurface,
  model: Model,
  { nativeOnly }: DecodedText,
): Fault | undefined {
  return nativeOnly === undefined || router.speaks(model, dialect) ? undefined : nativeOnly;
}

export function hasImages(chat: ChatRequest): boolean {
  return chat.messages.some(
    (message) =>
      (message.role === 'user' || message.role === 'tool') &&
      message.content.some((part) => part.type === 'image'),
  );
}
