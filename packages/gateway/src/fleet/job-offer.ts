import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import type { Offer } from '@switchyard/protocol/link/messages.ts';
import type { Attempt, AttemptFault, AttemptRequest, AttemptSink } from '../core/attempt.ts';
import { newId } from '../core/ids.ts';
import { withoutSealedReasoning } from '../core/reasoning-seal.ts';

/**
 * Writes the offer and the body of a job. Only the canonical request leaves, under an id of its own: no account, key,
 * address or request id. Undefined when the body is larger than a job may be.
 */
export function offerOf(
  alias: string,
  request: AttemptRequest,
  deadlineMs: number,
): { offer: Offer; body: Uint8Array } | undefined {
  const body = Buffer.from(JSON.stringify(withoutSealedReasoning(request.chat)));
  if (body.byteLength > LINK_LIMITS.jobBodyMaxBytes) return undefined;
  const estimate = Math.ceil(request.estimatedInputTokens);
  const estimatedInputTokens = Number.isSafeInteger(estimate)
    ? Math.min(Math.max(estimate, 0), LINK_LIMITS.tokensMax)
    : 0;
  return {
    offer: {
      jobId: newId('job'),
      model: alias,
      deadlineMs,
      estimatedInputTokens,
      bodyBytes: body.byteLength,
    },
    body,
  };
}

/** An attempt that could not be started. Its sink hears so after the caller has the attempt in hand. */
export function failedAttempt(sink: AttemptSink, fault: AttemptFault): Attempt {
  let isCancelled = false;
  queueMicrotask(() => {
    if (!isCancelled) sink.onFault(fault);
  });
  return {
    cancel: () => {
      isCancelled = true;
    },
    pause: () => undefined,
    resume: () => undefined,
  };
}
