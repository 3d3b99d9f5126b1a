import type { ChatRequest } from '@switchyard/protocol/chat.ts';
import type { Model, PriceEntry } from '../catalog/model.ts';
import { priceAt } from '../catalog/price-schedule.ts';
import { fault, type Fault } from '../core/errors.ts';
import { minMicros } from '../core/money.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Hold } from '../ledger/ledger.ts';
import type { Permit } from '../limits/key-limits.ts';
import { outputCap } from '../pricing/quote.ts';
import type { Needs } from '../routing/target.ts';
import type { InferenceDeps } from './deps.ts';
import { measureRequest } from './measure-request.ts';
import { spendLeftOf, spendLimitReached } from './spend-left.ts';
import { hasImages, type Refusal, type Understood } from './understand.ts';

/** A request that may run: who asks, what for, and the money that is held for it. */
export type Admitted = Understood & {
  /** With the model's settings and the output cap in it. */
  chat: ChatRequest;
  needs: Needs;
  estimatedInputTokens: number;
  inputTokensCeiling: number;
  /** The part of it that pictures may be. */
  imageTokensCeiling: number;
  outputCapTokens: number;
  permit: Permit;
  /** The price of the moment of the hold. The request is charged by it, whatever the catalogue says when it ends. */
  price: PriceEntry;
  heldAtMs: number;
  hold: Hold;
  /** Another node may go on in the answer when its node is lost. */
  continueElsewhere: boolean;
};

/**
 * Everything that is taken before a target is asked, in one tick: a place in the key's limits, then the hold.
 * A refusal leaves no trace: no hold, no place in the rate.
 */
export function admitText(
  deps: InferenceDeps,
  understood: Understood,
  continueElsewhere = understood.model.continueElsewhere ?? false,
): Result<Admitted, Refusal> {
  const permit = admitToRate(deps, understood);
  if (!permit.ok) return permit;
  const held = holdMoney(deps, understood, { permit: permit.value, continueElsewhere });
  if (held.ok) return held;
  permit.value.refund();
  return failed({ ...held.error, accountId: understood.caller.account.id });
}

/** A place in the limits of the key, of its person and of its account. */
export function admitToRate(
  { keyLimits, defaultLimits }: InferenceDeps,
  { exchange, caller }: Pick<Understood, 'exchange' | 'caller'>,
): Result<Permit, Refusal> {
  const { account, key, member } = caller;
  const { result, window } = keyLimits.admit(
    { keyId: key.id, accountId: account.id, member },
    {
      requestsPerMinute: key.requestsPerMinute ?? defaultLimits.requestsPerMinute,
      concurrency: key.concurrency ?? defaultLimits.concurrency,
      accountConcurrency: defaultLimits.accountConcurrency,
    },
  );
  exchange.rateWindow = window;
  return result.ok ? result : failed({ ...result.error, accountId: account.id });
}

/** Holds the most that the request can cost, and puts all that is known of it together. */
function holdMoney(
  deps: InferenceDeps,
  ask: Understood,
  { permit, continueElsewhere }: Pick<Admitted, 'permit' | 'continueElsewhere'>,
): Result<Admitted, Fault> {
  const { account, key, member } = ask.caller;
  const input = measureRequest(deps, ask);
  const heldAtMs = deps.clock.nowMs();
  const price = priceAt(ask.model, heldAtMs);
  const balanceMicros = deps.ledger.balance(account.id).availableMicros;
  const spendLeft = spendLeftOf(deps.ledger, ask.caller, heldAtMs);
  const clientCap = ask.decoded.chat.maxOutputTokens;
  const capped = outputCap({
    price: price.price,
    inputTokensCeiling: input.ceilingTokens,
    imageTokensCeiling: input.imageCeilingTokens,
    inputTokensEstimate: input.estimatedTokens,
    modelMaxOutputTokens: ask.model.maxOutputTokens,
    contextTokens: ask.model.contextTokens,
    availableMicros: minMicros(balanceMicros, spendLeft.leftMicros),
    ...(clientCap === undefined ? {} : { clientCap }),
  });
  if (capped === 'insufficient') {
    return failed(
      balanceMicros <= spendLeft.leftMicros
        ? fault('insufficient_credits')
        : spendLimitReached(spendLeft, heldAtMs),
    );
  }
  const hold = deps.ledger.reserve({
    requestId: ask.exchange.requestId,
    accountId: account.id,
    keyId: key.id,
    amountMicros: capped.holdMicros,
    spendLimits: key.spendLimits,
    spender: member,
    durable: false,
  });
  if (!hold.ok) return failed(fault(hold.error));
  const chat = withSettings(ask.model, ask.decoded.chat, capped.capTokens);
  return ok({
    ...ask,
    permit,
    continueElsewhere,
    chat,
    needs: needsOf(ask, chat, Math.min(input.estimatedTokens, ask.model.contextTokens)),
    estimatedInputTokens: input.estimatedTokens,
    inputTokensCeiling: input.ceilingTokens,
    imageTokensCeiling: input.imageCeilingTokens,
    outputCapTokens: capped.capTokens,
    price,
    heldAtMs,
    hold: hold.value,
  });
}

/**
 * A variant's settings win over the client's; a model that does not think is not asked to. Written out, since a copy with
 * conditional parts takes four times as long as a plain one, and every request makes one.
 */
function withSettings({ settings, capabilities }: Model, chat: ChatRequest, capTokens: number): ChatRequest {
  const effort = capabilities.thinking ? (settings.reasoningEffort ?? chat.reasoningEffort) : undefined;
  if (effort !== undefined) return { ...chat, maxOutputTokens: capTokens, reasoningEffort: effort };
  if (chat.reasoningEffort === undefined) return { ...chat, maxOutputTokens: capTokens };
  const { reasoningEffort: _notAsked, ...rest } = chat;
  return { ...rest, maxOutputTokens: capTokens };
}

/**
 * `contextTokens` is only an estimate, so it never asks for more than the model's own context: a prompt that may be
 * too long is judged by the engine, which counts exactly.
 */
function needsOf({ surface, decoded }: Understood, chat: ChatRequest, contextTokens: number): Needs {
  return {
    ...(decoded.nativeOnly === undefined ? {} : { nativeDialect: surface.dialect }),
    tools: chat.tools.length > 0,
    vision: hasImages(chat),
    thinking: chat.reasoningEffort !== undefined && chat.reasoningEffort !== 'none',
    jsonSchema: chat.responseFormat.type === 'json-schema',
    contextTokens,
  };
}
