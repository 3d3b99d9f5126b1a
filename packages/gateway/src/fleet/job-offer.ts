import { LINK_LIMITS } from '@switchyard/protocol/link/limits.ts';
import { IMAGE_LIMITS } from '@switchyard/protocol/image.ts';
import type { ImageRequest } from '@switchyard/protocol/image.ts';
import type { CapabilityModel, ImageCapability, Offer } from '@switchyard/protocol/link/messages.ts';
import type { Attempt, AttemptFault, AttemptRequest } from '../core/attempt.ts';
import { newId } from '../core/ids.ts';
import { withoutSealedReasoning } from '../core/reasoning-seal.ts';
import { firstPartBudgetMs } from './job-rules.ts';

/** A job as it is offered. */
export type JobWork = {
  offer: Offer;
  body: Uint8Array;
  /** How long it may take to the first sign of an answer. */
  firstPartBudgetMs: number;
};

/**
 * Writes the offer and the body of a job. Only the canonical request leaves, under an id of its own: no account, key,
 * address or request id. Undefined when the body is larger than a job may be.
 */
export function textWorkOf(
  alias: string,
  request: AttemptRequest,
  { model, deadlineMs }: { model: CapabilityModel | undefined; deadlineMs: number },
): JobWork | undefined {
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
    firstPartBudgetMs: firstPartBudgetMs({
      estimatedInputTokens,
      promptTokensPerSecond: model?.speed?.promptTokensPerSecond,
      isLoaded: model?.loaded ?? false,
    }),
  };
}

/** The same for a picture, which always fits. Its first sign may come as late as its end. */
export function imageWorkOf(request: ImageRequest, recipe: ImageCapability | undefined): JobWork {
  const body = Buffer.from(JSON.stringify(request));
  const deadlineMs = imageDeadlineMs(request, recipe?.pixelStepsPerSecond);
  return {
    offer: {
      kind: 'image',
      jobId: newId('job'),
      model: request.recipe,
      deadlineMs,
      estimatedInputTokens: 0,
      bodyBytes: body.byteLength,
    },
    body,
    firstPartBudgetMs: deadlineMs,
  };
}

/** Pixels times steps in a second, taken for a node that has not told: a small graphics card. */
const DEFAULT_PIXEL_STEPS_PER_SECOND = 1_000_000;
const IMAGE_DEADLINE_MIN_MS = 60_000;
const IMAGE_DEADLINE_MAX_MS = 300_000;

/**
 * How long a node may take for a picture, ms: 30 s and three times what its speed says, between one and five minutes.
 * Slow nodes get the longest time, never more.
 */
export function imageDeadlineMs(
  { width, height, steps }: Pick<ImageRequest, 'width' | 'height' | 'steps'>,
  pixelStepsPerSecond: number | undefined,
): number {
  const pixels = Math.min(width * height, IMAGE_LIMITS.pixelsMax);
  const speed = pixelStepsPerSecond ?? DEFAULT_PIXEL_STEPS_PER_SECOND;
  const expectedMs = 30_000 + (3_000 * pixels * steps) / speed;
  return Math.round(Math.min(Math.max(expectedMs, IMAGE_DEADLINE_MIN_MS), IMAGE_DEADLINE_MAX_MS));
}

/** An attempt that could not be started. Its owner hears so after the caller has the attempt in hand. */
export function failedAttempt(fault: AttemptFault, onFault: (fault: AttemptFault) => void): Attempt {
  let isCancelled = false;
  queueMicrotask(() => {
    if (!isCancelled) onFault(fault);
  });
  return {
    cancel: () => {
      isCancelled = true;
    },
    pause: () => undefined,
    resume: () => undefined,
  };
}
